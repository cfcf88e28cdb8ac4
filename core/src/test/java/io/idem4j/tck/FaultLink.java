package io.idem4j.tck;

import io.idem4j.tck.FaultProxy.Strike;
import io.idem4j.tck.NetworkFault.Side;
import io.idem4j.tck.NetworkFault.Then;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;

/** One client's connection through a {@link FaultProxy}: two threads, one for each direction. */
final class FaultLink {
  /** A sender that says nothing for so long has said all. */
  private static final int QUIET_MILLIS = 15;

  private static final int PAUSE_MILLIS = 40;
  private static final Duration LANDING = Duration.ofSeconds(10);

  private final FaultProxy proxy;
  private final Socket client;
  private final Socket server;

  /** Whether the next bytes from the client begin an exchange. */
  private volatile boolean answered = true;

  /** What is to be done to the present exchange, or null. */
  private volatile Strike strike;

  /** A request that was delivered late and has no answer yet, or null. */
  private volatile Strike late;

  private volatile boolean silent;

  FaultLink(FaultProxy proxy, Socket client, Socket server) throws IOException {
    this.proxy = proxy;
    this.client = client;
    this.server = server;
    client.setTcpNoDelay(true);
    server.setTcpNoDelay(true);
  }

  void start() {
    daemon("requests", this::requests).start();
    daemon("replies", this::replies).start();
  }

  void close() {
    close(client);
    close(server);
  }

  private void requests() {
    byte[] buffer = new byte[1 << 16];
    try {
      for (int n = read(client, buffer); n >= 0; n = read(client, buffer)) {
        if (answered) {
          answered = false;
          strike = proxy.begin();
        }
        Strike planned = strike;
        if (planned != null && planned.fault().side() == Side.REQUEST && !silent) {
          strike = null;
          disturb(planned, client, server, buffer, n);
        } else if (!silent) {
          server.getOutputStream().write(buffer, 0, n);
        }
      }
      if (late != null) {
        // The client is gone; what it sent is still on its way.
        late.awaitLanding(LANDING);
      }
      server.shutdownOutput();
    } catch (IOException e) {
      close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
    }
  }

  private void replies() {
    byte[] buffer = new byte[1 << 16];
    try {
      for (int n = server.getInputStream().read(buffer);
          n >= 0;
          n = server.getInputStream().read(buffer)) {
        answered = true;
        Strike planned = strike;
        if (planned != null && planned.fault().side() == Side.REPLY && !silent) {
          strike = null;
          disturb(planned, server, client, buffer, n);
        } else if (!silent) {
          toClient(buffer, 0, n);
        }
        land();
      }
    } catch (IOException e) {
      // Closed by the other thread, or by the server.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      land();
      close();
      proxy.ended(this);
    }
  }

  private void land() {
    Strike delivered = late;
    if (delivered != null) {
      delivered.land();
    }
  }

  /** Does to a message, of which the first bytes were read, what is planned for it. */
  private void disturb(Strike planned, Socket from, Socket to, byte[] first, int length)
      throws IOException, InterruptedException {
    NetworkFault fault = planned.fault();
    byte[] message = gather(from, first, length);
    int passed = fault.passed().of(message.length);
    if (fault.then() == Then.SILENCE) {
      silent = true;
    }
    // Before anything passes: the client may be answered, and ask, sooner than this thread goes on.
    planned.strike();
    write(to, message, 0, passed);
    switch (fault.then()) {
      case SILENCE -> {}
      case CLOSED -> {
        close(server);
        close(client);
      }
      case RESET -> {
        reset(client);
        close(server);
      }
      case PAUSE -> {
        Thread.sleep(PAUSE_MILLIS);
        write(to, message, passed, message.length - passed);
      }
      case LATE -> {
        planned.awaitDelivery();
        deliver(planned, to, message, passed);
      }
    }
  }

  private void deliver(Strike planned, Socket to, byte[] message, int passed) throws IOException {
    boolean isRequest = planned.fault().side() == Side.REQUEST;
    if (isRequest) {
      late = planned;
    }
    try {
      write(to, message, passed, message.length - passed);
    } catch (IOException e) {
      planned.land();
      throw e;
    }
    if (!isRequest) {
      planned.land();
    }
  }

  /** Reads on until the sender is silent or gone. */
  private static byte[] gather(Socket from, byte[] first, int length) throws IOException {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    message.write(first, 0, length);
    byte[] buffer = new byte[1 << 16];
    from.setSoTimeout(QUIET_MILLIS);
    try {
      for (int n = read(from, buffer); n >= 0; n = read(from, buffer)) {
        message.write(buffer, 0, n);
      }
    } catch (SocketTimeoutException e) {
      // Said all.
    } finally {
      from.setSoTimeout(0);
    }
    return message.toByteArray();
  }

  private void write(Socket to, byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return;
    } else if (to == client) {
      toClient(bytes, offset, length);
    } else {
      to.getOutputStream().write(bytes, offset, length);
    }
  }

  /** A client that is gone is no reason to stop listening to what the server does. */
  private void toClient(byte[] bytes, int offset, int length) {
    try {
      client.getOutputStream().write(bytes, offset, length);
    } catch (IOException e) {
      close(client);
    }
  }

  /** Reads; a reset counts as an end. */
  private static int read(Socket from, byte[] buffer) throws IOException {
    InputStream in = from.getInputStream();
    try {
      return in.read(buffer);
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      return -1;
    }
  }

  static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
    } catch (IOException e) {
      // It is closed already.
    }
    close(socket);
  }

  static void close(Closeable socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // Nothing is left to be done.
    }
  }

  static Thread daemon(String what, Runnable task) {
    Thread thread = new Thread(task, "idem4j-proxy-" + what);
    thread.setDaemon(true);
    return thread;
  }
}
