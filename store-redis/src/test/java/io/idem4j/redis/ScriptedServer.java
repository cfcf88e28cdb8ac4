package io.idem4j.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import redis.clients.jedis.HostAndPort;

/**
 * A loopback server between client and Redis: each connection is led on to the real one, and a test
 * says what becomes of a reply. Closing it cuts all connections and frees the port.
 */
final class ScriptedServer implements AutoCloseable {
  /** Decides what the client gets of the bytes that the server has sent. */
  interface ReplyFilter {
    /**
     * Filters what was read in one go.
     *
     * @return what is passed on; null cuts the connection
     */
    byte[] pass(byte[] bytes);
  }

  private final ServerSocket socket;
  private final HostAndPort behind;
  private final Queue<Socket> open = new ConcurrentLinkedQueue<>();
  private volatile boolean stopped;
  private volatile ReplyFilter filter = bytes -> bytes;

  private ScriptedServer(ServerSocket socket, HostAndPort behind) {
    this.socket = socket;
    this.behind = behind;
  }

  static ScriptedServer relay(HostAndPort behind) {
    try {
      ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      ScriptedServer server = new ScriptedServer(socket, behind);
      start(server::accept);
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  HostAndPort address() {
    return new HostAndPort("127.0.0.1", socket.getLocalPort());
  }

  void filter(ReplyFilter next) {
    this.filter = next;
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = socket.accept();
      Socket server = new Socket(behind.getHost(), behind.getPort());
      open.add(client);
      open.add(server);
      if (stopped) {
        // An accept that is under way may still succeed while its socket is being closed.
        client.close();
        server.close();
        return;
      }
      start(() -> copy(client, server, bytes -> bytes));
      start(() -> copy(server, client, bytes -> filter.pass(bytes)));
    }
  }

  private static void copy(Socket from, Socket to, ReplyFilter filter) throws IOException {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[1 << 16];
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        byte[] passed = filter.pass(Arrays.copyOf(buffer, length));
        if (passed == null) {
          return;
        }
        out.write(passed);
      }
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  private static void start(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException e) {
                // The other side is gone: what these tests are about.
              }
            },
            "scripted-server");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    stop();
  }

  /** Cuts all connections and frees the port. */
  void stop() {
    stopped = true;
    try {
      socket.close();
      for (Socket each : open) {
        each.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
