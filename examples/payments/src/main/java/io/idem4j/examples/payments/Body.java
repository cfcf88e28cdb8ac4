package io.idem4j.examples.payments;

import com.sun.net.httpserver.HttpExchange;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The body of one request. Nothing waits for a body that no handler asks for: its client may have
 * promised more than it will ever send. Confined to its thread.
 */
final class Body {
  /** The largest body that is taken. */
  static final int MAXIMUM = 1 << 20;

  /** How much is read of a body that nobody wants, so that its client gets to see the answer. */
  private static final int MAXIMUM_SKIPPED = 16 << 20;

  /** For how long is read on what comes of a body that nobody wants, once it is answered. */
  private static final long LINGER_MILLIS = 500;

  private static final ScheduledExecutorService CUTTER = newCutter();

  private final HttpExchange exchange;
  private final InputStream in;
  private final byte[] buffer = new byte[8192];
  private final long length;
  private boolean isAtEnd;

  Body(HttpExchange exchange) {
    this.exchange = exchange;
    this.in = exchange.getRequestBody();
    exchange.setStreams(new Noted(in), null);
    var headers = exchange.getRequestHeaders();
    this.length =
        headers.containsKey("Transfer-Encoding")
            ? Long.MAX_VALUE
            : parse(headers.getFirst("Content-Length"));
  }

  /** The server has refused requests with a length that is none, before they come here. */
  private static long parse(String length) {
    return length == null || !length.strip().matches("[0-9]{1,18}")
        ? 0
        : Long.parseLong(length.strip());
  }

  /** Notes that the end was reached. */
  private final class Noted extends FilterInputStream {
    Noted(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int read = in.read();
      isAtEnd |= read < 0;
      return read;
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
      int read = in.read(target, offset, count);
      isAtEnd |= read < 0;
      return read;
    }
  }

  /**
   * Says whether nothing is left; if something is, the connection is of no further use. The server
   * takes only a body for ended whose end it has seen, so that of an empty one is looked for.
   */
  boolean isAtEnd() throws IOException {
    return isAtEnd || (length == 0 && in.read() < 0);
  }

  /**
   * Reads on for a moment, after the answer was sent: what is in the socket when it is closed may
   * cost the client its answer. Whoever sends nothing is cut off.
   */
  void linger() {
    var cut = CUTTER.schedule(exchange::close, LINGER_MILLIS, TimeUnit.MILLISECONDS);
    try {
      long skipped = 0;
      while (skipped < Math.min(length, MAXIMUM_SKIPPED)) {
        int read = in.read(buffer);
        if (read < 0) {
          return;
        }
        skipped += read;
      }
    } catch (IOException e) {
      // Cut off, or gone: the answer was sent.
    } finally {
      cut.cancel(false);
    }
  }

  private static ScheduledExecutorService newCutter() {
    return Executors.newSingleThreadScheduledExecutor(
        task -> {
          Thread thread = new Thread(task, "cutter");
          thread.setDaemon(true);
          return thread;
        });
  }
}
