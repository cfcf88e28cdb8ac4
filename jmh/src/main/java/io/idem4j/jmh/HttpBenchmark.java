package io.idem4j.jmh;

import static java.util.Objects.requireNonNull;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.idem4j.Idempotency;
import io.idem4j.OperationPolicy;
import io.idem4j.http.HttpHeaders;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpPolicy;
import io.idem4j.http.HttpRequest;
import io.idem4j.http.HttpResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Requests from a client through the JDK's server to a handler and back, with the layer in between
 * and without it.
 *
 * <pre>java -jar jmh/target/benchmarks.jar HttpBenchmark -p store=memory</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(3)
@State(Scope.Benchmark)
public class HttpBenchmark {
  private static final String BODY = "{\"amount\":4200,\"currency\":\"EUR\"}";
  private static final byte[] ANSWER = new byte[256];

  /** The store, by name; it plays no part without the layer. */
  @Param("memory")
  public String store = "";

  /** The plain server, or the one with the layer. */
  @Param({"byhand", "idem4j"})
  public String by = "";

  private final AtomicLong keys = new AtomicLong();
  private final HttpClient client = HttpClient.newHttpClient();
  private @Nullable OpenedStore opened;
  private @Nullable Idempotency idempotency;
  private @Nullable HttpServer server;
  private @Nullable ExecutorService threads;
  private URI uri = URI.create("http://localhost");

  /** Starts the server, and makes one request whose answer is replayed. */
  @Setup
  public void start() throws Exception {
    // Without it the server waits for the client's acknowledgement between the head and the body.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    opened = StoreType.open(store);
    idempotency = Idempotency.builder(opened.store()).build();
    HttpOperation operation =
        HttpIdempotency.of(idempotency).operation("charge", HttpPolicy.of(OperationPolicy.rerun()));
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    threads = Executors.newFixedThreadPool(4);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            answer(exchange, by.equals("idem4j") ? layer(operation, exchange) : plain(exchange));
          }
        });
    server.start();
    uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/charges");
    call("answered");
  }

  private static HttpResponse layer(HttpOperation operation, HttpExchange exchange)
      throws IOException {
    HttpRequest request =
        HttpRequest.of(
            exchange.getRequestMethod(),
            exchange.getRequestURI().getRawPath(),
            HttpHeaders.of(exchange.getRequestHeaders()),
            exchange.getRequestBody());
    return operation.handle(
        io.idem4j.Scope.of("tenant", "benchmark"), request, context -> response());
  }

  private static HttpResponse plain(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    return response();
  }

  private static HttpResponse response() {
    return HttpResponse.of(201, HttpHeaders.of("Content-Type", "application/json"), ANSWER);
  }

  private static void answer(HttpExchange exchange, HttpResponse response) throws IOException {
    response.headers().forEach(exchange.getResponseHeaders()::add);
    exchange.sendResponseHeaders(response.status(), response.body().length);
    exchange.getResponseBody().write(response.body());
  }

  /** Stops it. */
  @TearDown
  public void stop() {
    requireNonNull(server).stop(0);
    requireNonNull(threads).shutdown();
    requireNonNull(idempotency).close();
    requireNonNull(opened).close();
  }

  private byte[] call(String key) throws IOException, InterruptedException {
    java.net.http.HttpResponse<byte[]> response =
        client.send(
            java.net.http.HttpRequest.newBuilder(uri)
                .header("Idempotency-Key", '"' + key + '"')
                .header("Content-Type", "application/json")
                .POST(java.net.http.HttpRequest.BodyPublishers.ofString(BODY))
                .build(),
            java.net.http.HttpResponse.BodyHandlers.ofByteArray());
    if (response.statusCode() != 201) {
      throw new IllegalStateException("status " + response.statusCode());
    }
    return response.body();
  }

  /** A request with a new key. */
  @Benchmark
  public byte[] first() throws Exception {
    return call("fresh-" + keys.incrementAndGet());
  }

  /** A retry of a request that was answered. */
  @Benchmark
  public byte[] replay() throws Exception {
    return call("answered");
  }
}
