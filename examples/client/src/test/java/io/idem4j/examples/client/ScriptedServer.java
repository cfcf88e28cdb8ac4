package io.idem4j.examples.client;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A server on loopback that answers each request with the next step of a script. */
final class ScriptedServer implements AutoCloseable {
  /** What is done after a request was read. */
  interface Step {
    /** Plays it; what it throws ends the connection, as does {@link #end}. */
    void play(Socket client) throws IOException;
  }

  /** A request as it came; each byte of it is a character. */
  record Seen(String head, String body) {
    String header(String name) {
      return head.lines()
          .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
          .map(line -> line.substring(name.length() + 1).trim())
          .reduce((one, other) -> one + " | " + other)
          .orElse("");
    }
  }

  private final ServerSocket listener;
  private final Queue<Step> script = new ConcurrentLinkedQueue<>();
  private final List<Socket> connections = new CopyOnWriteArrayList<>();
  final List<Seen> seen = new CopyOnWriteArrayList<>();

  /** Open until the client is gone. */
  final CountDownLatch clientGone = new CountDownLatch(1);

  ScriptedServer(Step... steps) {
    this(0, steps);
  }

  ScriptedServer(int port, Step... steps) {
    script.addAll(List.of(steps));
    try {
      listener = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    daemon(this::accept);
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort() + "/payments");
  }

  /** An answer with {@code Content-Length}. */
  static Step reply(int status, String body, String... headers) {
    return client -> send(client, text(status, body, headers));
  }

  static Step reply(int status) {
    return reply(status, "");
  }

  static String text(int status, String body, String... headers) {
    StringBuilder text = new StringBuilder("HTTP/1.1 " + status + " -\r\n");
    for (String header : headers) {
      text.append(header).append("\r\n");
    }
    if (status != 204 && status != 304) {
      text.append("Content-Length: ").append(body.length()).append("\r\n");
    }
    return text.append("\r\n").append(body).toString();
  }

  /** These bytes, and then the end of the connection. */
  static Step cut(String text) {
    return client -> {
      send(client, text);
      end();
    };
  }

  static Step reset() {
    return client -> {
      client.setSoLinger(true, 0);
      end();
    };
  }

  /** These bytes, and then nothing until the client is gone. */
  Step stuck(String text) {
    return client -> {
      send(client, text);
      awaitEnd(client);
    };
  }

  /** A body without end, until the client is gone. */
  Step endless(String head) {
    return client -> {
      send(client, head);
      try {
        while (true) {
          send(client, "x".repeat(1 << 16));
        }
      } finally {
        clientGone.countDown();
      }
    };
  }

  private void awaitEnd(Socket client) throws IOException {
    try {
      while (client.getInputStream().read() >= 0) {}
    } finally {
      clientGone.countDown();
    }
    end();
  }

  private static void end() throws IOException {
    throw new IOException("the end of this connection");
  }

  private static void send(Socket client, String text) throws IOException {
    OutputStream out = client.getOutputStream();
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        connections.add(client);
        daemon(() -> serve(client));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private void serve(Socket client) {
    try (client) {
      InputStream in = new BufferedInputStream(client.getInputStream());
      for (String head = head(in); !head.isEmpty(); head = head(in)) {
        Seen request = new Seen(head, "");
        int length = Integer.parseInt("0" + request.header("Content-Length"));
        byte[] body = in.readNBytes(length);
        seen.add(new Seen(head, new String(body, StandardCharsets.ISO_8859_1)));
        Step step = script.poll();
        (step == null ? reply(599, "the script is over") : step).play(client);
      }
    } catch (IOException e) {
      // The end of this connection.
    }
  }

  /** Reads up to the empty line; returns nothing at the end. */
  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
      int next = in.read();
      if (next < 0) {
        return "";
      }
      head.write(next);
    }
    return head.toString(StandardCharsets.ISO_8859_1);
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "scripted-server");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket connection : connections) {
      connection.close();
    }
  }
}
