package io.idem4j.examples.vertx;

import io.idem4j.Idempotency;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.KeyStore;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A small service with idempotent orders, on Vert.x. */
public final class OrdersApplication implements AutoCloseable {
  /** As many as the store has connections. */
  private static final int STORE_THREADS = 8;

  private final Vertx vertx = Vertx.vertx();
  private final ExecutorService storeCalls = storeThreads("orders-store", STORE_THREADS);
  private final Idempotency idempotency;
  private final HttpServer server;

  /**
   * Serves on the loopback interface.
   *
   * @param port 0 for any that is free
   */
  public OrdersApplication(int port, KeyStore store) {
    idempotency = Idempotency.builder(store).build();
    Router router = new OrdersRoutes(HttpIdempotency.of(idempotency), storeCalls).router(vertx);
    server =
        vertx
            .createHttpServer()
            .requestHandler(router)
            .listen(port, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
  }

  static ExecutorService storeThreads(String name, int count) {
    AtomicInteger number = new AtomicInteger();
    return Executors.newFixedThreadPool(
        count,
        task -> {
          Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Returns where it serves. */
  public URI base() {
    return URI.create("http://127.0.0.1:" + server.actualPort());
  }

  @Override
  public void close() {
    server.close().toCompletionStage().toCompletableFuture().join();
    idempotency.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
    storeCalls.shutdown();
  }

  /** Serves on the port that is given, until the process ends. */
  public static void main(String[] arguments) {
    int port = arguments.length == 0 ? 8080 : Integer.parseInt(arguments[0]);
    OrdersApplication application = new OrdersApplication(port, new MemoryKeyStore(100_000));
    System.out.println("serving on " + application.base());
  }
}
