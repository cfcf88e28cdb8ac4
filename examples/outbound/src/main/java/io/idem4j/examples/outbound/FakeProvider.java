package io.idem4j.examples.outbound;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.idem4j.examples.outbound.Desks.Request;
import io.idem4j.examples.outbound.Ledger.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * A third party: an HTTP service on loopback, and a network before it that loses, delays and
 * duplicates what it carries. Keeps a ledger of the effects in memory. Safe for use by many
 * threads.
 */
public final class FakeProvider implements AutoCloseable {
  private static final String NO_DELAY = "sun.net.httpserver.nodelay";

  private final HttpServer server;
  private final ExecutorService threads;
  private final Desks desks;
  private final Ledger ledger = new Ledger();
  private final Duration delay;
  private volatile Faults faults;
  private final Map<Fault, Integer> played = new ConcurrentHashMap<>();
  private final List<Request> seen = new CopyOnWriteArrayList<>();

  /** How many requests have not been handled yet, copies included. */
  private final AtomicInteger underWay = new AtomicInteger();

  /**
   * Starts it.
   *
   * @param port where; 0 for any that is free
   * @param delay by how much a delayed request is late: longer than its sender waits
   * @param maximumDelay how old a transfer's request may be
   */
  FakeProvider(int port, Faults faults, Duration delay, Duration maximumDelay) throws IOException {
    // The JDK's server delays small replies by 40 ms otherwise. It reads this once.
    if (System.getProperty(NO_DELAY) == null) {
      System.setProperty(NO_DELAY, "true");
    }
    this.faults = faults;
    this.delay = delay;
    this.desks = new Desks(ledger, maximumDelay);
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "fake-provider");
              thread.setDaemon(true);
              return thread;
            });
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /** Serves on a port until the process is stopped: {@code FakeProvider PORT [SEED]}. */
  public static void main(String[] args) throws IOException {
    long seed = args.length > 1 ? Long.parseLong(args[1]) : System.nanoTime();
    FakeProvider provider =
        new FakeProvider(
            Integer.parseInt(args[0]), Demo.faults(seed), Demo.DELAY, Demo.MAXIMUM_DELAY);
    System.out.println("at " + provider.uri() + ", seed " + seed);
    System.out.print(promises());
  }

  /** Returns what the services promise, as text. */
  static String promises() throws IOException {
    try (InputStream text = FakeProvider.class.getResourceAsStream("promises.txt")) {
      if (text == null) {
        throw new IOException("promises.txt is missing");
      }
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  void faults(Faults next) {
    faults = next;
  }

  /** Returns how often each order took effect, when all that is under way has been handled. */
  Map<String, Integer> effects(Kind kind) {
    settle();
    return ledger.effects(kind);
  }

  /** Forgets the idempotency keys, as providers do after a while. */
  void forgetKeys() {
    desks.forgetKeys();
  }

  /** Waits until nothing is under way. */
  void settle() {
    while (underWay.get() > 0) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Returns what was sent, lost requests included, in the order of their arrival. */
  List<Request> seen() {
    return List.copyOf(seen);
  }

  /** Returns how often each fault was played. */
  Map<Fault, Integer> played() {
    return Map.copyOf(played);
  }

  private void answer(HttpExchange exchange) throws IOException {
    if (exchange.getRequestURI().getPath().startsWith("/ledger/")) {
      try (exchange) {
        send(exchange, ledger(exchange.getRequestURI().getPath()));
      }
      return;
    }
    underWay.incrementAndGet();
    try (exchange) {
      Request request = read(exchange);
      seen.add(request);
      Fault fault = faults.next(!request.method().equals("GET"));
      played.merge(fault, 1, Integer::sum);
      play(fault, exchange, request);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      underWay.decrementAndGet();
    }
  }

  private void play(Fault fault, HttpExchange exchange, Request request)
      throws IOException, InterruptedException {
    switch (fault) {
      case NONE -> send(exchange, desks.handle(request));
      case REQUEST_LOST -> {}
      case REPLY_LOST -> desks.handle(request);
      case DUPLICATED -> {
        copyLater(request);
        send(exchange, desks.handle(request));
      }
      case DELAYED -> {
        Thread.sleep(delay.toMillis());
        send(exchange, desks.handle(request));
      }
      case ERROR_AFTER -> {
        desks.handle(request);
        send(exchange, Reply.error(500, "internal"));
      }
      case ERROR_BEFORE -> send(exchange, Reply.error(503, "overloaded"));
    }
  }

  private void copyLater(Request request) {
    underWay.incrementAndGet();
    threads.execute(
        () -> {
          try {
            Thread.sleep(delay.toMillis() / 4);
            desks.handle(request);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } finally {
            underWay.decrementAndGet();
          }
        });
  }

  /** For people and demonstrations: no provider would show it. */
  private Reply ledger(String path) {
    for (Kind kind : Kind.values()) {
      if (path.equals("/ledger/" + kind.path())) {
        return new Reply(
            200,
            effects(kind).entrySet().stream()
                .map(order -> Form.encode(Map.of(order.getKey(), order.getValue().toString())))
                .collect(Collectors.joining("\n")));
      }
    }
    return Reply.error(404, "no-such-ledger");
  }

  private static Request read(HttpExchange exchange) throws IOException {
    Map<String, String> headers = new LinkedHashMap<>();
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.get(0)));
    String query = exchange.getRequestURI().getRawQuery();
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    return new Request(
        exchange.getRequestMethod(),
        exchange.getRequestURI().getPath(),
        Form.parse(query == null ? "" : query),
        headers,
        Form.parse(body));
  }

  private static void send(HttpExchange exchange, Reply reply) throws IOException {
    byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(reply.status(), body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    settle();
    server.stop(0);
    threads.shutdownNow();
  }
}
