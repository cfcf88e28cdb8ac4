package io.idem4j.examples.vertx;

import static io.idem4j.examples.vertx.Service.isReplay;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.OperationContext;
import io.idem4j.OperationPolicy;
import io.idem4j.http.HttpPolicy;
import io.idem4j.http.HttpRequest;
import io.idem4j.http.HttpResponse;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.TimeoutHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VertxEdgesTest {
  private static final HttpPolicy RERUN = HttpPolicy.of(OperationPolicy.rerun());

  private final String key = UUID.randomUUID().toString();
  private final AtomicInteger effects = new AtomicInteger();
  private final Set<String> effectThreads = ConcurrentHashMap.newKeySet();
  private final Set<String> keyThreads = ConcurrentHashMap.newKeySet();
  private final AtomicReference<Throwable> routeFailure = new AtomicReference<>();
  private final Map<String, IdempotentHandler> handlers = new ConcurrentHashMap<>();
  private final Promise<HttpResponse> gate = Promise.promise();
  private Service service;

  @BeforeEach
  void start() {
    service = new Service(this::routes);
  }

  private void route(
      Router router, String path, HttpPolicy policy, IdempotentHandler.Effect effect) {
    // The service that makes the handlers is there only when its routes are.
    router
        .post(path)
        .handler(
            routing ->
                handlers
                    .computeIfAbsent(path, name -> service.handler(name, policy, effect))
                    .handle(routing));
  }

  private void routes(Router router) {
    route(router, "/bodiless", RERUN, this::at);
    TimeoutHandler timeout = TimeoutHandler.create(300, 503);
    router
        .route("/timed")
        .handler(
            routing -> {
              if (routing.request().getHeader("X-Timed") == null) {
                routing.next();
              } else {
                timeout.handle(routing);
              }
            });
    router.route().handler(BodyHandler.create(false));
    route(router, "/now", RERUN, this::at);
    route(router, "/timed", RERUN, this::gated);
    HttpPolicy waiting =
        HttpPolicy.of(OperationPolicy.rerun().withWaitBudget(Duration.ofSeconds(20)));
    route(router, "/waiting", waiting, this::gated);
    route(router, "/named", RERUN.withKeyExtractor(this::keyOf), this::at);
    route(router, "/throws", RERUN, this::thrown);
    route(router, "/fails", RERUN, this::failed);
    route(router, "/null", RERUN, (routing, run) -> nothing());
    router.get("/alive").handler(routing -> routing.response().end("alive"));
    router.route().failureHandler(this::failure);
  }

  @AfterEach
  void stop() {
    service.close();
  }

  private void failure(RoutingContext routing) {
    routeFailure.set(routing.failure());
    routing.response().setStatusCode(routing.statusCode()).end();
  }

  private Optional<String> keyOf(HttpRequest request) {
    keyThreads.add(Thread.currentThread().getName());
    return request.headers().first("Idempotency-Key");
  }

  private Future<HttpResponse> at(RoutingContext routing, Optional<OperationContext> run) {
    effectThreads.add(Thread.currentThread().getName());
    return Future.succeededFuture(
        HttpResponse.of(200, "text/plain", "effect " + effects.incrementAndGet()));
  }

  private Future<HttpResponse> gated(RoutingContext routing, Optional<OperationContext> run) {
    effects.incrementAndGet();
    return gate.future();
  }

  private Future<HttpResponse> thrown(RoutingContext routing, Optional<OperationContext> run) {
    effects.incrementAndGet();
    throw new IllegalStateException("thrown");
  }

  private Future<HttpResponse> failed(RoutingContext routing, Optional<OperationContext> run) {
    effects.incrementAndGet();
    return Future.failedFuture(new IllegalStateException("failed"));
  }

  private Future<HttpResponse> nothing() {
    effects.incrementAndGet();
    return Future.succeededFuture();
  }

  private void awaitEffects(int count) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (effects.get() < count && System.nanoTime() - end < 0) {
      Thread.sleep(5);
    }
    assertThat(effects).hasValue(count);
  }

  @Test
  void storeCallsAndDigests_areNeverOnAnEventLoop_andEffectsAlwaysAre() throws Exception {
    assertThat(service.post("/named", key, "one").body()).isEqualTo("effect 1");
    assertThat(isReplay(service.post("/named", key, "one"))).isTrue();
    assertThat(service.post("/named", key, "two").statusCode()).isEqualTo(422);
    assertThat(service.store().threads()).isNotEmpty().allMatch(name -> name.startsWith("store-"));
    assertThat(keyThreads).isNotEmpty().allMatch(name -> name.startsWith("store-"));
    assertThat(effectThreads)
        .isNotEmpty()
        .allMatch(name -> name.startsWith("vert.x-eventloop-thread-"));
  }

  @Test
  void storeThatHangs_blocksNoEventLoop() throws Exception {
    CountDownLatch open = service.store().hang();
    CompletableFuture<?> first = service.sending(service.posting("/now", key, "one"));
    assertThat(service.store().awaitStuckCall()).isTrue();
    assertThat(service.sending(service.to("/alive").GET()).get().body()).isEqualTo("alive");
    assertThat(first).isNotDone();
    open.countDown();
    first.get();
    assertThat(effects).hasValue(1);
  }

  @Test
  void manyThatWait_holdNoThread() throws Exception {
    List<CompletableFuture<java.net.http.HttpResponse<String>>> waiting = new ArrayList<>();
    for (int caller = 0; caller < 48; caller++) {
      waiting.add(service.sending(service.posting("/waiting", key, "one")));
    }
    awaitEffects(1);
    // One event loop and one thread for the store, and 47 requests that wait for the first one.
    assertThat(service.post("/now", UUID.randomUUID().toString(), "one").statusCode())
        .isEqualTo(200);
    assertThat(waiting).noneMatch(CompletableFuture::isDone);
    gate.complete(HttpResponse.of(201, "text/plain", "the one"));
    int replays = 0;
    for (CompletableFuture<java.net.http.HttpResponse<String>> each : waiting) {
      assertThat(each.get().statusCode()).isEqualTo(201);
      assertThat(each.get().body()).isEqualTo("the one");
      replays += isReplay(each.get()) ? 1 : 0;
    }
    assertThat(replays).isEqualTo(47);
    assertThat(effects).as("the other key's included").hasValue(2);
  }

  @Test
  void timeoutThatAnswersTheClient_losesNoCompletion() throws Exception {
    CompletableFuture<java.net.http.HttpResponse<String>> first =
        service.sending(service.posting("/timed", key, "one").header("X-Timed", "yes"));
    assertThat(first.get().statusCode()).isEqualTo(503);
    awaitEffects(1);
    // The effect goes on, however long: nobody else makes it meanwhile.
    assertThat(service.post("/timed", key, "one").statusCode()).isEqualTo(409);
    gate.complete(HttpResponse.of(201, "text/plain", "the one"));
    java.net.http.HttpResponse<String> again = service.post("/timed", key, "one");
    for (int turn = 0; again.statusCode() == 409 && turn < 100; turn++) {
      Thread.sleep(10);
      again = service.post("/timed", key, "one");
    }
    assertThat(again.body()).isEqualTo("the one");
    assertThat(isReplay(again)).isTrue();
    assertThat(effects).hasValue(1);
  }

  @Test
  void effectThatFails_releasesTheKeyAndFailsTheRouteByItsOwnCause() throws Exception {
    int made = 0;
    for (String target : List.of("/throws", "/throws", "/fails", "/fails")) {
      made++;
      assertThat(service.post(target, key, "one").statusCode()).isEqualTo(500);
      assertThat(routeFailure.get()).isInstanceOf(IllegalStateException.class);
      assertThat(effects).hasValue(made);
    }
  }

  @Test
  void effectWithoutAResponse_isAFailure() throws Exception {
    assertThat(service.post("/null", key, "one").statusCode()).isEqualTo(500);
    assertThat(routeFailure.get()).isInstanceOf(NullPointerException.class);
  }

  @Test
  void executorThatRefuses_runsNothing() throws Exception {
    service.storeCalls().shutdown();
    assertThat(service.post("/now", key, "one").statusCode()).isEqualTo(500);
    assertThat(effects).hasValue(0);
    assertThat(service.store().threads()).isEmpty();
  }

  @Test
  void multipartForm_isRefused() throws Exception {
    java.net.http.HttpRequest.Builder form =
        service.posting("/now", key, "--x\r\n\r\none\r\n--x--\r\n");
    form.setHeader("Content-Type", "Multipart/Form-Data; boundary=x");
    assertThat(service.sending(form).get().statusCode()).isEqualTo(415);
    assertThat(effects).hasValue(0);
  }

  @Test
  void routeWithoutABodyHandler_isNoticed() throws Exception {
    assertThat(service.post("/bodiless", key, "one").statusCode()).isEqualTo(500);
    assertThat(routeFailure.get()).hasMessageContaining("BodyHandler");
    assertThat(effects).hasValue(0);
  }
}
