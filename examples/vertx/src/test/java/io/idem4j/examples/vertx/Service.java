package io.idem4j.examples.vertx;

import io.idem4j.Idempotency;
import io.idem4j.Scope;
import io.idem4j.http.HttpIdempotency;
import io.idem4j.http.HttpOperation;
import io.idem4j.http.HttpPolicy;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;

/** A service of one event loop and one thread for store calls, with a client. */
final class Service implements AutoCloseable {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
  private final ExecutorService storeCalls = OrdersApplication.storeThreads("store", 1);
  private final WatchedStore store = new WatchedStore();
  private final Idempotency idempotency = Idempotency.builder(store).build();
  private final HttpIdempotency http = HttpIdempotency.of(idempotency);
  private final HttpServer server;

  Service(Consumer<Router> routes) {
    Router router = Router.router(vertx);
    routes.accept(router);
    server =
        vertx
            .createHttpServer()
            .requestHandler(router)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
  }

  WatchedStore store() {
    return store;
  }

  ExecutorService storeCalls() {
    return storeCalls;
  }

  IdempotentHandler handler(String name, HttpPolicy policy, IdempotentHandler.Effect effect) {
    HttpOperation operation = http.operation(name, policy);
    return new IdempotentHandler(operation, routing -> Scope.single(), storeCalls, effect);
  }

  HttpRequest.Builder to(String target) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.actualPort() + target))
        .timeout(Duration.ofSeconds(30));
  }

  HttpRequest.Builder posting(String target, String key, String body) {
    return to(target)
        .header("Idempotency-Key", key)
        .header("Content-Type", "text/plain")
        .POST(BodyPublishers.ofString(body));
  }

  CompletableFuture<HttpResponse<String>> sending(HttpRequest.Builder request) {
    return CLIENT.sendAsync(request.build(), BodyHandlers.ofString());
  }

  HttpResponse<String> post(String target, String key, String body) throws Exception {
    return CLIENT.send(posting(target, key, body).build(), BodyHandlers.ofString());
  }

  static boolean isReplay(HttpResponse<?> response) {
    return response.headers().firstValue("Idempotent-Replayed").orElse("").equals("true");
  }

  @Override
  public void close() {
    server.close().toCompletionStage().toCompletableFuture().join();
    idempotency.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
    storeCalls.shutdownNow();
  }
}
