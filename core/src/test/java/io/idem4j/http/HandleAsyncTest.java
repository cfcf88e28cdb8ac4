package io.idem4j.http;

import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.IdempotencyKey;
import io.idem4j.KeyStoreException;
import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import io.idem4j.spi.KeyState;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests that block no thread, in virtual time; tasks run when the test says so. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class HandleAsyncTest {
  private static final HttpPolicy COUNTED = HttpBench.RERUN.withQuota(1, 1);

  private final HttpBench bench = new HttpBench();
  private final HttpOperation operation = bench.operation(COUNTED);
  private final CompletableFuture<HttpResponse> handling = new CompletableFuture<>();
  private final Tasks tasks = new Tasks();

  private static final class Tasks implements Executor {
    private final Deque<Runnable> queue = new ArrayDeque<>();
    private boolean refuses;

    @Override
    public void execute(Runnable task) {
      if (refuses) {
        throw new RejectedExecutionException("full");
      }
      queue.add(task);
    }

    void run() {
      for (Runnable task = queue.poll(); task != null; task = queue.poll()) {
        task.run();
      }
    }
  }

  private CompletableFuture<HttpResponse> send(HttpOperation to, HttpRequest request) {
    return to.handleAsync(
        TENANT,
        request,
        tasks,
        context -> {
          bench.effects.incrementAndGet();
          return handling;
        });
  }

  private CompletableFuture<HttpResponse> send(AsyncHttpHandler handler) {
    CompletableFuture<HttpResponse> response =
        operation.handleAsync(TENANT, post("k", "body"), tasks, handler);
    tasks.run();
    return response;
  }

  private KeyState state() {
    IdempotencyKey key = IdempotencyKey.of(TENANT, HttpBench.OPERATION, "k");
    return bench.engine.record(key).orElseThrow().state();
  }

  private static Throwable failureOf(CompletableFuture<?> future) {
    assertThat(future).isCompletedExceptionally();
    Throwable[] failure = new Throwable[1];
    var unused =
        future.whenComplete(
            (value, thrown) -> {
              failure[0] = thrown;
            });
    return failure[0];
  }

  private void assertNoSeatIsTaken() {
    bench.granted(operation, post("next-" + bench.engine.records(), "b")).close();
  }

  @Test
  void handler_runsAsATask_andNothingBlocksUntilItsStageEnds() {
    CompletableFuture<HttpResponse> response = send(operation, post("k", "body"));
    assertThat(bench.engine.calls()).as("no store call on the caller's thread").isZero();
    tasks.run();
    assertThat(response).isNotDone();
    assertThat(state()).isEqualTo(KeyState.LOCKED);
    handling.complete(bench.created());
    assertThat(response).as("not before it is recorded").isNotDone();
    tasks.run();
    assertThat(response).isDone();
    assertThat(state()).isEqualTo(KeyState.COMPLETED);
    assertNoSeatIsTaken();
  }

  @Test
  void cancellation_beforeTheHandlerBegan_withdrawsTheClaim_andRunsNothing() {
    CompletableFuture<HttpResponse> response = send(operation, post("k", "body"));
    response.cancel(true);
    tasks.run();
    bench.pass(1);
    assertThat(bench.effects).hasValue(0);
    assertNoSeatIsTaken();
    assertThat(type(bench.send(operation, post("k", "body")))).startsWith("no problem");
  }

  @Test
  void cancellation_afterTheHandlerBegan_detachesTheCaller_andKeepsItsSeatUntilItEnds() {
    CompletableFuture<HttpResponse> response = send(operation, post("k", "body"));
    tasks.run();
    response.cancel(true);
    assertThat(handling).as("the handler goes on").isNotDone();
    assertThat(type(bench.denied(operation, post("more", "b")))).isEqualTo("quota-exceeded");
    handling.complete(bench.created());
    tasks.run();
    assertThat(state()).isEqualTo(KeyState.COMPLETED);
    assertNoSeatIsTaken();
  }

  @Test
  void cancellation_withoutAKey_leavesTheHandlersOwnFutureAlone() {
    CompletableFuture<HttpResponse> response = send(operation, HttpBench.bare("POST", "body"));
    assertThat(response.cancel(true)).isTrue();
    assertThat(handling).isNotDone();
  }

  @Test
  void executorThatRefuses_isTold_andNothingIsHeld() {
    tasks.refuses = true;
    CompletableFuture<HttpResponse> response = send(operation, post("k", "body"));
    assertThat(response.join().status()).isEqualTo(503);
    assertThat(bench.effects).hasValue(0);
    tasks.refuses = false;
    assertNoSeatIsTaken();
    assertThatThrownBy(() -> operation.handleAsync(TENANT, post("k", "b"), null, c -> handling))
        .isInstanceOf(NullPointerException.class);
    assertNoSeatIsTaken();
  }

  @Test
  void closedEngine_givesTheSeatBack() throws Exception {
    HttpIdempotency http = HttpIdempotency.of(bench.idempotency);
    HttpOperation counted = http.operation(HttpBench.OPERATION, COUNTED);
    bench.idempotency.close(java.time.Duration.ZERO);
    for (int i = 0; i < 3; i++) {
      CompletableFuture<HttpResponse> response = send(counted, post("k", "body"));
      assertThat(type(response.join())).isEqualTo("stopping");
    }
  }

  @Test
  void executorThatRefusesOnceTheHandlerRan_losesNothing() {
    CompletableFuture<HttpResponse> response = send(operation, post("k", "body"));
    tasks.run();
    tasks.refuses = true;
    handling.complete(bench.created());
    bench.pass(1);
    assertThat(response).isDone();
    assertThat(state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void handlersFailure_comesAsItIs_howeverItFailed_andReleasesTheKey() {
    Exception own = new IOException("own");
    CompletableFuture<HttpResponse> later = new CompletableFuture<>();
    var dependent = later.thenApply(response -> response);
    later.completeExceptionally(own);
    List<AsyncHttpHandler> ways =
        List.of(
            context -> {
              throw own;
            },
            context -> CompletableFuture.failedFuture(own),
            context -> CompletableFuture.failedFuture(new CompletionException(own)),
            context -> dependent);
    for (AsyncHttpHandler way : ways) {
      assertThat(failureOf(send(way))).isSameAs(own);
      assertThat(state()).isEqualTo(KeyState.FAILED_RETRYABLE);
      CompletableFuture<HttpResponse> bare =
          operation.handleAsync(TENANT, HttpBench.bare("POST", "b"), tasks, way);
      assertThat(failureOf(bare)).as("without a key too").isSameAs(own);
      assertNoSeatIsTaken();
    }
  }

  @Test
  void handlerThatAnswersNothing_hasFailed() {
    assertThat(failureOf(send(context -> null))).isInstanceOf(NullPointerException.class);
    assertThat(failureOf(send(context -> CompletableFuture.completedFuture(null))))
        .isInstanceOf(NullPointerException.class);
    assertThat(state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertNoSeatIsTaken();
  }

  @Test
  void handlersOwnTroubleWithAStore_isItsOwn_andNeverRunsItAgain() {
    HttpOperation open = bench.operation(HttpBench.RERUN.failingOpen());
    for (RuntimeException own :
        List.of(
            KeyStoreException.notApplied(KeyStoreException.Reason.UNAVAILABLE, "other", null),
            new MisuseException("other"),
            new CancellationException("other"))) {
      int before = bench.effects.get();
      CompletableFuture<HttpResponse> response =
          open.handleAsync(
              TENANT,
              post("k", "body"),
              Runnable::run,
              context -> {
                bench.effects.incrementAndGet();
                return CompletableFuture.failedFuture(own);
              });
      assertThat(failureOf(response)).isSameAs(own);
      assertThatThrownBy(
              () ->
                  bench.send(
                      TENANT,
                      open,
                      post("k", "body"),
                      context -> {
                        bench.effects.incrementAndGet();
                        throw own;
                      }))
          .isSameAs(own);
      assertThat(bench.effects).hasValue(before + 2);
    }
  }

  @Test
  void bodyThatCannotBeRead_fails_andNothingIsRunOrClaimed() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("connection reset");
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            return read();
          }
        };
    HttpRequest request =
        HttpRequest.of("POST", "/payments", HttpHeaders.of("Idempotency-Key", "k"), broken);
    assertThat(failureOf(send(operation, request))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> operation.handle(TENANT, request, context -> bench.created()))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> operation.begin(TENANT, request)).isInstanceOf(IOException.class);
    assertThat(bench.effects).hasValue(0);
    assertThat(bench.engine.calls()).isZero();
    assertNoSeatIsTaken();
  }

  @Test
  void response_isThatOfTheOneWhoRan_forConcurrentRetries() throws Exception {
    HttpOperation waiting =
        bench.operation(
            HttpPolicy.of(OperationPolicy.rerun().withWaitBudget(Duration.ofSeconds(5))));
    CompletableFuture<HttpResponse> first = send(waiting, post("k", "body"));
    tasks.run();
    CompletableFuture<HttpResponse> second = send(waiting, post("k", "body"));
    tasks.run();
    assertThat(second).as("waits, and blocks nobody").isNotDone();
    handling.complete(bench.created());
    tasks.run();
    bench.pass(2);
    tasks.run();
    assertThat(first).isDone();
    assertThat(second.get().body()).isEqualTo(first.get().body());
    assertThat(bench.effects).as("the handler, and what it made").hasValue(2);
  }

  @Test
  void getAfterCancellation_throwsAsAnyFutureDoes() {
    CompletableFuture<HttpResponse> response = send(operation, post("k", "body"));
    response.cancel(false);
    assertThatThrownBy(response::get)
        .isInstanceOfAny(CancellationException.class, ExecutionException.class);
  }
}
