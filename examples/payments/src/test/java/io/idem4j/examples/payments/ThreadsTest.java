package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadPoolExecutor;
import org.junit.jupiter.api.Test;

class ThreadsTest {
  private static Socket send(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(5_000);
    socket
        .getOutputStream()
        .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  /** Returns the first byte of the answer, or -1 if the server hung up. */
  private static int first(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read();
    } catch (SocketException e) {
      return -1;
    }
  }

  @Test
  void pool_full_hangsUpAtOnceAndServesTheRest() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    ThreadPoolExecutor pool = Threads.create(1, 1);
    server.setExecutor(pool);
    server.createContext(
        "/",
        exchange -> {
          try {
            go.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.sendResponseHeaders(204, -1);
        });
    server.start();
    int port = server.getAddress().getPort();
    List<Socket> sockets = new ArrayList<>();
    try {
      while (pool.getQueue().isEmpty()) {
        sockets.add(send(port));
        Thread.sleep(50);
      }
      try (Socket refused = send(port);
          Socket another = send(port)) {
        assertThat(first(refused)).isEqualTo(-1);
        assertThat(first(another)).isEqualTo(-1);
      }
      go.countDown();
      for (Socket socket : sockets) {
        assertThat(first(socket)).isEqualTo('H');
      }
      try (Socket later = send(port)) {
        assertThat(first(later)).isEqualTo('H');
      }
    } finally {
      go.countDown();
      for (Socket socket : sockets) {
        socket.close();
      }
      server.stop(0);
      pool.shutdown();
    }
  }
}
