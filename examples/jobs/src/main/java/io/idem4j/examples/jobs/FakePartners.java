package io.idem4j.examples.jobs;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A warehouse and a bank that take effect once per key, and a mail service that sends whatever it
 * is given and can be asked, all on one port of the loopback interface. What they did is in a
 * ledger file, a line each: {@code request} or {@code effect}, the service, the key, and the order.
 * A restart on the same file knows what was done before. Safe for use by many threads.
 */
final class FakePartners implements AutoCloseable {
  /** What goes wrong with a request, after it was noted. */
  enum Fault {
    /** It is refused, and takes no effect. */
    REFUSE,
    /** It takes effect, and the connection is cut before the answer. */
    LOSE_REPLY
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Path ledger;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, String> answers = new HashMap<>();
  private final Map<String, Integer> refusals = new HashMap<>();
  private final Map<String, Integer> losses = new HashMap<>();
  private volatile Duration delay = Duration.ZERO;

  FakePartners(Path ledger) throws IOException {
    this.ledger = ledger;
    if (Files.exists(ledger)) {
      for (String line : Files.readAllLines(ledger)) {
        String[] words = line.split(" ", 4);
        if (words[0].equals("effect")) {
          answers.put(words[1] + " " + words[2], answer(words[1], words[2]));
        }
      }
    }
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::serve);
    server.setExecutor(threads);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Makes the next requests to a service, such as {@code POST mail}, go wrong. */
  void fail(Fault fault, String service, int times) {
    lock.lock();
    try {
      (fault == Fault.REFUSE ? refusals : losses).put(service, times);
    } finally {
      lock.unlock();
    }
  }

  /** Makes each answer come that much later than the effect. */
  void delay(Duration delay) {
    this.delay = delay;
  }

  /** Returns how many of the next requests will be refused. */
  int refusalsLeft(String service) {
    lock.lock();
    try {
      return refusals.getOrDefault(service, 0);
    } finally {
      lock.unlock();
    }
  }

  /** Returns the lines of the ledger. */
  List<String> ledger() throws IOException {
    lock.lock();
    try {
      return Files.exists(ledger) ? Files.readAllLines(ledger) : List.of();
    } finally {
      lock.unlock();
    }
  }

  /** Counts the lines of a kind and service about an order. */
  long count(String kind, String service, String order) throws IOException {
    return ledger().stream()
        .map(line -> line.split(" ", 5))
        .filter(
            words -> words[0].equals(kind) && words[1].equals(service) && words[3].equals(order))
        .count();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      String service = exchange.getRequestURI().getPath().substring(1);
      String key = exchange.getRequestHeaders().getFirst("Idempotency-Key");
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      String call = exchange.getRequestMethod() + " " + service;
      Reply reply;
      lock.lock();
      try {
        reply = isDue(refusals, call) ? new Reply(503, "") : reply(call, service, key, body);
        if (isDue(losses, call)) {
          return;
        }
      } finally {
        lock.unlock();
      }
      Thread.sleep(delay.toMillis());
      byte[] text = reply.text().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(reply.status(), text.length == 0 ? -1 : text.length);
      exchange.getResponseBody().write(text);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // The service is closed: no answer.
    }
  }

  private record Reply(int status, String text) {}

  private Reply reply(String call, String service, String key, String body) throws IOException {
    String id = service + " " + key;
    if (call.startsWith("GET")) {
      return new Reply(answers.containsKey(id) ? 200 : 404, "");
    }
    write("request " + id + " " + body);
    if (service.equals("mail") || !answers.containsKey(id)) {
      write("effect " + id + " " + body);
      answers.put(id, answer(service, key));
    }
    return new Reply(201, answers.getOrDefault(id, ""));
  }

  private static String answer(String service, String key) {
    return service + "-" + key.substring(0, 8);
  }

  private void write(String line) throws IOException {
    Files.writeString(ledger, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static boolean isDue(Map<String, Integer> faults, String call) {
    int left = faults.getOrDefault(call, 0);
    faults.put(call, Math.max(0, left - 1));
    return left > 0;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
