package io.idem4j.examples.payments;

import com.sun.net.httpserver.HttpServer;
import io.idem4j.Idempotency;
import io.idem4j.Scope;
import io.idem4j.http.HttpHandler;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpPolicy;
import io.idem4j.http.HttpResponse;
import io.idem4j.spi.KeyStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A server whose handler is the test's own, embedded as {@link JdkHttp} says. */
final class SmallService implements AutoCloseable {
  private final Idempotency idempotency;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  SmallService(KeyStore keys, HttpPolicy policy, HttpHandler<Exception> handler)
      throws IOException {
    idempotency = Idempotency.builder(keys).build();
    HttpOperation operation = HttpIdempotency.of(idempotency).operation("POST /", policy);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            HttpResponse response;
            try {
              response = operation.handle(Scope.of("t"), JdkHttp.request(exchange), handler);
            } catch (Throwable e) {
              response = HttpResponse.of(500, "text/plain", "failed");
            }
            JdkHttp.send(exchange, response);
          }
        });
    server.start();
  }

  private HttpRequest request(String key, byte[] body) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.getAddress().getPort()))
        .timeout(Duration.ofSeconds(30))
        .header("Idempotency-Key", key)
        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
        .build();
  }

  java.net.http.HttpResponse<byte[]> post(String key, byte[] body) throws Exception {
    return client.send(request(key, body), BodyHandlers.ofByteArray());
  }

  Received post(String key) throws Exception {
    return Received.of(post(key, new byte[] {'b'}));
  }

  CompletableFuture<Received> start(String key) {
    return client
        .sendAsync(request(key, new byte[] {'b'}), BodyHandlers.ofByteArray())
        .thenApply(Received::of);
  }

  /** Opens a connection and sends a request on it; the response is the caller's to read. */
  Socket send(String key) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.getAddress().getPort());
    socket.setSoTimeout(10_000);
    String request =
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nIdempotency-Key: " + key + "\r\n\r\nb";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    idempotency.close();
  }
}
