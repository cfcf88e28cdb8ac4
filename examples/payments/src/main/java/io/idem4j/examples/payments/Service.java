package io.idem4j.examples.payments;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.idem4j.Idempotency;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** The running service. Safe for use by many threads. */
final class Service implements AutoCloseable {
  private static final int THREADS = 128;
  private static final int WAITING = 1_000;
  private static final Duration PURGING = Duration.ofMinutes(1);
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final Backend backend;
  private final Idempotency idempotency;
  private final Handlers handlers;
  private final Profile profile;
  private final Consumer<String> log;
  private final HttpServer server;
  private final ThreadPoolExecutor threads;
  private final Purging purging;
  private final Semaphore running = new Semaphore(THREADS);
  private final AtomicBoolean isStopping = new AtomicBoolean();

  private Service(
      Settings settings, Backend backend, UnaryOperator<HttpPolicy> tuning, Consumer<String> log)
      throws IOException {
    this.backend = backend;
    this.log = log;
    // First: nothing is to be undone yet if the port is taken.
    this.server =
        HttpServer.create(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), settings.port()), 0);
    this.idempotency = Idempotency.builder(backend.keys()).build();
    this.profile = settings.profile();
    this.handlers =
        new Handlers(
            backend.ledger(),
            HttpIdempotency.of(idempotency),
            tuning.apply(settings.httpPolicy()),
            profile);
    this.threads = Threads.create(THREADS, WAITING);
    this.purging = new Purging(backend.keys(), PURGING);
  }

  /**
   * Opens the store and starts to listen.
   *
   * @param log takes one line for each request
   * @throws IOException if the port cannot be had
   * @throws SQLException if the store cannot be opened
   */
  static Service start(Settings settings, Consumer<String> log) throws IOException, SQLException {
    return start(settings, Backend.open(settings), log);
  }

  /** Starts with a store that is open already, and is closed with the service. */
  static Service start(Settings settings, Backend backend, Consumer<String> log)
      throws IOException {
    return start(settings, backend, UnaryOperator.identity(), log);
  }

  /** Starts with another policy than the settings': with a switch that has no option. */
  static Service start(
      Settings settings, Backend backend, UnaryOperator<HttpPolicy> tuning, Consumer<String> log)
      throws IOException {
    // Answers go out in two writes, and the second must not wait for the first one's ACK; a body
    // that does not arrive must not hold a thread for ever.
    setIfAbsent("sun.net.httpserver.nodelay", "true");
    setIfAbsent("sun.net.httpserver.maxReqTime", "30");
    // Nor may the server wait, behind an answer, for what is left of a body: Body reads what is
    // worth reading.
    setIfAbsent("sun.net.httpserver.drainAmount", "0");
    try {
      Service service = new Service(settings, backend, tuning, log);
      service.server.setExecutor(service.threads);
      service.server.createContext("/", service::handle);
      service.server.start();
      return service;
    } catch (IOException | RuntimeException e) {
      backend.close();
      throw e;
    }
  }

  private static void setIfAbsent(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  int port() {
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) {
    if (Thread.currentThread().isInterrupted()) {
      // All threads are busy, and this is the server's own: see Threads.
      exchange.close();
      return;
    }
    running.acquireUninterruptibly();
    try {
      RequestLine line = new RequestLine(exchange);
      String note;
      int status = 0;
      try {
        Body body = new Body(exchange);
        Request.Name name = Request.Name.create(profile);
        Reply reply = isStopping.get() ? Problem.stopping() : reply(exchange, name);
        status = reply.response().status();
        note = reply.note() + ResponseWriter.send(exchange, body, name.on(reply.response()));
      } catch (IOException e) {
        exchange.close();
        note = "the client left while sending";
      }
      log.accept(line.text(status, note));
    } finally {
      running.release();
    }
  }

  private Reply reply(HttpExchange exchange, Request.Name name) throws IOException {
    try {
      Optional<Reply> reply =
          handlers.handlePublic(exchange.getRequestMethod(), exchange.getRequestURI().getRawPath());
      return reply.isPresent() ? reply.get() : handlers.handle(Request.of(exchange, name));
    } catch (Refusal e) {
      return e.reply();
    } catch (IOException e) {
      throw e;
    } catch (SQLException e) {
      // No driver text: it may quote rows.
      return Problem.internal("failed: SQL state " + e.getSQLState());
    } catch (Experiment.FailedAsAsked e) {
      return Problem.internal("failed as asked");
    } catch (Throwable e) {
      return Problem.internal("failed: " + e.getClass().getName());
    }
  }

  /**
   * Stops: what runs gets some seconds to end, new requests are refused. An operation that is still
   * running then is abandoned, and its key is free when its lease is over.
   */
  @Override
  public void close() {
    if (!isStopping.compareAndSet(false, true)) {
      return;
    }
    try {
      // HttpServer.stop would wait its whole time even when nothing runs.
      boolean isIdle = running.tryAcquire(THREADS, GRACE.toMillis(), TimeUnit.MILLISECONDS);
      server.stop(0);
      if (isIdle) {
        running.release(THREADS);
      }
      threads.shutdown();
      idempotency.close(Duration.ofSeconds(1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      server.stop(0);
      idempotency.close();
    }
    purging.close();
    backend.close();
  }
}
