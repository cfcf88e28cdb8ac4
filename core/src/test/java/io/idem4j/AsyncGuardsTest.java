package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Outcome.OwnRun;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The guards of calls that block no thread, one each; nothing here waits for a future. */
class AsyncGuardsTest extends EngineGuards {
  private final Deque<Runnable> tasks = new ArrayDeque<>();
  private final Operation<String> waiting =
      bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(5)));

  private void run() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
  }

  private CompletableFuture<Outcome<String>> call(
      Operation<String> operation, AsyncAction<String> action) {
    CompletableFuture<Outcome<String>> call =
        operation.executeAsync(key("k"), BODY, tasks::add, action);
    run();
    return call;
  }

  private CompletableFuture<Outcome<String>> guest() {
    return call(waiting, context -> CompletableFuture.completedFuture("never"));
  }

  @Test
  void cancelledGuest_goesAtOnceAndLeavesNothing() {
    granted(elsewhere.claim(key("k"), BODY)).close();
    int before = bench.timing.scheduled();
    CompletableFuture<Outcome<String>> guest = guest();
    assertThat(bench.idempotency.engine().rooms().size()).isEqualTo(1);
    guest.cancel(true);
    run();
    assertThat(bench.idempotency.engine().rooms().size()).isZero();
    assertThat(bench.timing.scheduled()).isEqualTo(before);
  }

  @Test
  void cancelledLeader_handsOverToAnotherGuest() {
    granted(elsewhere.claim(key("k"), BODY)).close();
    CompletableFuture<Outcome<String>> leader = guest();
    CompletableFuture<Outcome<String>> follower = guest();
    leader.cancel(true);
    run();
    bench.pass(Duration.ofMillis(100));
    run();
    assertThat(bench.store.reads).isEqualTo(1);
    assertThat(follower).isNotDone();
  }

  @Test
  void guestWhoseLookFailsForGood_isToldThatNothingWasRun() {
    granted(elsewhere.claim(key("k"), BODY)).close();
    CompletableFuture<Outcome<String>> guest = guest();
    bench.store.beforeRead =
        () -> {
          throw KeyStoreException.unreadable(key("k").id(), "test");
        };
    bench.pass(Duration.ofMillis(100));
    run();
    assertThat(guest).isCompletedExceptionally();
    assertThat(guest.handle((outcome, failure) -> failure.getMessage()).getNow("pending"))
        .contains("the operation was not run");
  }

  @Test
  void guestWhoseRoomIsClosed_claimsNothingMore() {
    Lease<String> lease = granted(elsewhere.claim(key("k"), BODY));
    CompletableFuture<Outcome<String>> guest = guest();
    lease.fail(FailureClassifier.Verdict.retryable());
    bench.idempotency.close();
    run();
    assertThat(guest.getNow(null)).isInstanceOf(Outcome.InFlight.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
  }

  @Test
  void nestedCall_isRefusedAtOnce() {
    CompletableFuture<Outcome<String>> outer =
        call(
            rerun,
            context -> {
              assertThatThrownBy(() -> guest()).isInstanceOf(MisuseException.class);
              return CompletableFuture.completedFuture("outer");
            });
    assertThat(outer).isCompletedWithValue(new Outcome.Executed<>("outer", true));
  }

  @Test
  void endThatEveryExecutorRefuses_isRecordedAllTheSame() {
    CompletableFuture<String> effect = new CompletableFuture<>();
    boolean[] refuses = new boolean[1];
    Operation<String> operation =
        bench
            .builderOn(bench.store)
            .executor(
                task -> {
                  throw new RejectedExecutionException();
                })
            .build()
            .operation("charge", Codec.text(), OperationPolicy.rerun());
    CompletableFuture<Outcome<String>> call =
        operation.executeAsync(
            key("k"),
            BODY,
            task -> {
              if (refuses[0]) {
                throw new RejectedExecutionException();
              }
              task.run();
            },
            context -> effect);
    refuses[0] = true;
    effect.complete("paid");
    assertThat(call).isCompletedWithValue(new Outcome.Executed<>("paid", true));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void failureInAWrapper_isClassifiedAsItself() {
    IOException original = new IOException("gateway");
    CompletableFuture<String> effect = new CompletableFuture<>();
    CompletableFuture<Outcome<String>> call =
        call(
            bench.operation(OperationPolicy.hold().withReleased(IOException.class)),
            context -> effect);
    effect.completeExceptionally(new CompletionException(original));
    run();
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(call).isCompletedExceptionally();
  }

  @Test
  void zombieThatFails_getsTheRecordedAnswerWithItsThrowableAttached() {
    IOException own = new IOException("mine");
    CompletableFuture<String> effect = new CompletableFuture<>();
    CompletableFuture<Outcome<String>> call = call(rerun, context -> effect);
    onWrites(Fault.REQUEST_LOST, 13);
    bench.pass(seconds(31));
    elsewhere.execute(TENANT, "k", BODY, context -> "newer");
    effect.completeExceptionally(own);
    run();
    assertThat(call)
        .isCompletedWithValue(
            new Outcome.Replayed<>(
                Optional.of("newer"), true, Optional.of(new OwnRun(null, own)), Optional.empty()));
  }

  @Test
  void bellBetweenTheRefusalAndTheWait_isHeard() {
    List<Lease<String>> held = new ArrayList<>();
    Operation<String> here =
        on(completingDuringARefusal(held), OperationPolicy.rerun().withWaitBudget(seconds(20)));
    held.add(granted(here.claim(key("k"), BODY)));
    CompletableFuture<Outcome<String>> guest = call(here, context -> new CompletableFuture<>());
    assertThat(guest.getNow(new Outcome.InFlight<>(seconds(1))))
        .isInstanceOf(Outcome.Replayed.class);
  }

  /** Whoever lets time pass is the timer, which must not call the store. */
  @Test
  void turnOfAnExecutorThatRunsInPlace_isTheEnginesToRun() {
    List<Runnable> engines = new ArrayList<>();
    Operation<String> own =
        bench
            .builderOn(bench.store)
            .executor(engines::add)
            .build()
            .operation("charge", Codec.text(), OperationPolicy.rerun().withWaitBudget(seconds(5)));
    granted(elsewhere.claim(key("k"), BODY));
    CompletableFuture<Outcome<String>> guest =
        own.executeAsync(
            key("k"), BODY, Runnable::run, context -> CompletableFuture.completedFuture("x"));
    bench.pass(Duration.ofMillis(100));
    assertThat(bench.store.reads).as("looks on the timer").isZero();
    assertThat(engines).hasSize(1);
    engines.remove(0).run();
    assertThat(bench.store.reads).isEqualTo(1);
    assertThat(guest).isNotDone();
  }

  @Test
  void leaderWhoseExecutorIsStuck_handsOver() {
    Operation<String> here = bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(20)));
    Lease<String> lease = granted(here.claim(key("k"), BODY));
    List<Runnable> stuck = new ArrayList<>();
    CompletableFuture<Outcome<String>> leader =
        here.executeAsync(key("k"), BODY, stuck::add, context -> new CompletableFuture<>());
    stuck.remove(0).run();
    CompletableFuture<Outcome<String>> follower =
        here.executeAsync(key("k"), BODY, Runnable::run, context -> new CompletableFuture<>());
    lease.complete("theirs");
    bench.pass(Duration.ofMillis(100));
    assertThat(follower.getNow(new Outcome.InFlight<>(seconds(1))))
        .isInstanceOf(Outcome.Replayed.class);

    assertThat(leader).isNotDone();
    for (int turn = 0; turn < 5 && !leader.isDone(); turn++) {
      while (!stuck.isEmpty()) {
        stuck.remove(0).run();
      }
      bench.pass(seconds(1));
    }
    assertThat(leader.getNow(new Outcome.InFlight<>(seconds(1))))
        .isInstanceOf(Outcome.Replayed.class);
    assertThat(bench.idempotency.engine().rooms().size()).isZero();
  }

  /** As a pool does that queues a task and then gets no thread for it. */
  @Test
  void executorThatAcceptsAndThrows_doesNothingTwice() throws InterruptedException {
    List<Runnable> queue = new ArrayList<>();
    AtomicBoolean throwing = new AtomicBoolean();
    Executor executor =
        task -> {
          queue.add(task);
          if (throwing.get()) {
            throw new OutOfMemoryError("unable to create native thread");
          }
        };
    CompletableFuture<String> stage = new CompletableFuture<>();
    CompletableFuture<Outcome<String>> first =
        rerun.executeAsync(key("k"), BODY, executor, context -> stage);
    queue.remove(0).run();
    throwing.set(true);
    // The queued end begins while the one that took its place is writing.
    bench.store.beforeWrite = () -> queue.remove(0).run();
    stage.complete("paid");
    bench.store.beforeWrite = () -> {};
    assertThat(queue).isEmpty();
    assertThat(first).isCompletedWithValue(new Outcome.Executed<>("paid", true));

    CompletableFuture<Outcome<String>> refused =
        rerun.executeAsync(key("other"), BODY, executor, context -> stage);
    assertThat(refused).isCompletedExceptionally();
    queue.remove(0).run();
    assertThat(bench.memory.find(key("other").id())).isEmpty();
    assertThat(bench.idempotency.close(Duration.ZERO)).isTrue();
  }

  @Test
  void whatDependsOnAResult_isNotNestedInItsOperation() {
    CompletableFuture<Outcome<String>> second =
        rerun
            .executeAsync(
                key("k"), BODY, Runnable::run, context -> CompletableFuture.completedFuture("x"))
            .thenApply(outcome -> rerun.execute(key("k"), BODY, bench.effect()));
    assertThat(second.join()).isInstanceOf(Outcome.Replayed.class);
  }

  /** Whoever leads goes on, even where no timer can be had for its patience. */
  @Test
  void leaderWithoutATimerForItsPatience_goesOn() {
    TimersRunOut timing = new TimersRunOut(bench.timing);
    Operation<String> here =
        bench
            .builderOn(bench.store)
            .timing(timing)
            .build()
            .operation("charge", Codec.text(), OperationPolicy.rerun().withWaitBudget(seconds(20)));
    Lease<String> lease = granted(here.claim(key("k"), BODY));
    CompletableFuture<Outcome<String>> leader =
        here.executeAsync(key("k"), BODY, Runnable::run, context -> new CompletableFuture<>());
    timing.left = 0;
    lease.complete("theirs");
    assertThat(leader.getNow(new Outcome.InFlight<>(seconds(1))))
        .isInstanceOf(Outcome.Replayed.class);
  }
}
