package io.idem4j.examples.servlet;

import io.idem4j.Idempotency;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.OperationPolicy;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpPolicy;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import jakarta.servlet.Filter;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A servlet whose handlers are put in by tests, behind filters of all kinds; and its client. */
final class Cases extends HttpServlet {
  private static final long serialVersionUID = 1L;
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /** What a request is answered by. */
  interface Handler {
    void handle(HttpServletRequest request, HttpServletResponse response)
        throws IOException, ServletException;
  }

  /** A store that cannot be reached, and knows so. */
  private static final class DownStore implements KeyStore {
    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      throw down();
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      throw down();
    }

    private static KeyStoreException down() {
      return KeyStoreException.notApplied(KeyStoreException.Reason.UNAVAILABLE, "down", null);
    }
  }

  private final transient Map<String, Handler> handlers = new ConcurrentHashMap<>();
  private final AtomicInteger runs = new AtomicInteger();
  private final AtomicLong skew = new AtomicLong();
  private final transient MemoryKeyStore store =
      new MemoryKeyStore(10_000, () -> System.nanoTime() + skew.get());
  private final transient Idempotency idempotency = Idempotency.builder(store).build();
  private final transient Idempotency down = Idempotency.builder(new DownStore()).build();
  private transient URI base = URI.create("http://none.invalid");

  void install(ServletContext context) {
    HttpIdempotency http = HttpIdempotency.of(idempotency);
    HttpOperation cases = http.operation("cases", HttpPolicy.of(OperationPolicy.rerun()));
    HttpOperation hold =
        http.operation(
            "hold", HttpPolicy.of(OperationPolicy.hold().withReleased(ArithmeticException.class)));
    HttpOperation open =
        HttpIdempotency.of(down)
            .operation(
                "open", HttpPolicy.of(OperationPolicy.rerun()).withQuota(3, 1).failingOpen());
    Map<String, HttpOperation> others = Map.of("/hold", hold, "/open", open);
    Filter filter =
        new IdempotencyFilter(
            request ->
                request.getServletPath().equals("/cases")
                    ? Optional.of(others.getOrDefault(request.getPathInfo(), cases))
                    : Optional.empty(),
            OrdersApplication::tenant);
    OrdersApplication.add(context, "outer", new OuterFilter());
    OrdersApplication.add(context, "gzip", new GzipFilter());
    OrdersApplication.add(context, "cases idempotency", filter);
    OrdersApplication.add(context, "cases idempotency again", filter);
    var registration = context.addServlet("cases", this);
    registration.setAsyncSupported(true);
    registration.addMapping("/cases/*");
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException, ServletException {
    runs.incrementAndGet();
    Object included = request.getAttribute(RequestDispatcher.INCLUDE_PATH_INFO);
    handlers.get(included != null ? included : request.getPathInfo()).handle(request, response);
  }

  @Override
  public void destroy() {
    idempotency.close();
    down.close();
  }

  void at(URI base) {
    this.base = base;
  }

  /** Lets the store's clock jump. */
  void jump(Duration forward) {
    skew.addAndGet(forward.toNanos());
  }

  int runs() {
    return runs.get();
  }

  Cases on(String path, Handler handler) {
    handlers.put(path, handler);
    return this;
  }

  HttpResponse<byte[]> post(String path, String key, String body, String... fields) {
    return send("POST", path, key, body, fields);
  }

  HttpResponse<byte[]> chunked(String path, String key, String body, String... fields) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return send(
        "POST",
        path,
        key,
        BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes)),
        fields);
  }

  HttpResponse<byte[]> send(String method, String path, String key, String body, String... fields) {
    return send(method, path, key, BodyPublishers.ofString(body), fields);
  }

  private HttpResponse<byte[]> send(
      String method, String path, String key, BodyPublisher body, String... fields) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path))
            .timeout(Duration.ofSeconds(30))
            .header("Authorization", "Bearer alice")
            .method(method, body);
    if (!key.isEmpty()) {
      request.header("Idempotency-Key", key);
    }
    if (fields.length > 0) {
      request.headers(fields);
    }
    try {
      return CLIENT.send(request.build(), BodyHandlers.ofByteArray());
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  static String text(HttpResponse<byte[]> answer) {
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  static String field(HttpResponse<byte[]> answer, String name) {
    return String.join(" | ", answer.headers().allValues(name));
  }

  static boolean isReplay(HttpResponse<byte[]> answer) {
    return field(answer, "Idempotent-Replayed").equals("true");
  }
}
