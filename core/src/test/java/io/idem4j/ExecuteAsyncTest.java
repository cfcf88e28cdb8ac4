package io.idem4j;

import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Calls that block no thread, in virtual time. Tasks of the executor run when the test says so:
 * whatever is not a task has no thread to run on.
 */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ExecuteAsyncTest {
  private static final OperationPolicy WAITING = OperationPolicy.rerun().withWaitBudget(seconds(5));

  private final Bench bench = new Bench();
  private final Operation<String> rerun = bench.operation(OperationPolicy.rerun());
  private final Operation<String> waiting = bench.operation(WAITING);
  private final Tasks tasks = new Tasks();
  private final CompletableFuture<String> effect = new CompletableFuture<>();

  /** An executor in the test's hand. */
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

  private CompletableFuture<Outcome<String>> call(Operation<String> operation) {
    return call(operation, context -> effect);
  }

  private CompletableFuture<Outcome<String>> call(
      Operation<String> operation, AsyncAction<String> action) {
    return operation.executeAsync(
        key("k"),
        Bench.BODY,
        tasks,
        context -> {
          bench.effects.incrementAndGet();
          return action.start(context);
        });
  }

  private static String answer(CompletableFuture<Outcome<String>> future) {
    return future.join().orElseThrow();
  }

  private static Throwable failure(CompletableFuture<?> future) {
    assertThat(future).isCompletedExceptionally();
    try {
      future.get();
      throw new AssertionError("completed");
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void assertNothingIsLeft() throws InterruptedException {
    assertThat(bench.idempotency.engine().rooms().size()).isZero();
    assertThat(bench.idempotency.engine().pending().size()).isZero();
    assertThat(bench.idempotency.close(Duration.ZERO)).isTrue();
  }

  @Test
  void executeAsync_firstCall_runsOnceAndIsReplayed() throws InterruptedException {
    CompletableFuture<Outcome<String>> first = call(rerun);
    assertThat(bench.store.writes).isEmpty();
    tasks.run();
    assertThat(first).isNotDone();
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);

    effect.complete("paid");
    assertThat(first).as("the completion is a store call, and so a task").isNotDone();
    tasks.run();
    assertThat(first.join()).isEqualTo(new Outcome.Executed<>("paid", true));

    CompletableFuture<Outcome<String>> second = call(rerun);
    tasks.run();
    assertThat(second.join()).isInstanceOf(Outcome.Replayed.class);
    assertThat(answer(second)).isEqualTo("paid");
    assertThat(bench.effects).hasValue(1);
    assertNothingIsLeft();
  }

  @Test
  void executeAsync_anotherCallRuns_isInFlight() {
    CompletableFuture<Outcome<String>> first = call(rerun);
    CompletableFuture<Outcome<String>> second = call(rerun);
    tasks.run();
    assertThat(first).isNotDone();
    assertThat(second.join()).isInstanceOf(Outcome.InFlight.class);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void executeAsync_anotherFingerprint_isRefused() {
    CompletableFuture<Outcome<String>> first = call(rerun);
    tasks.run();
    assertThat(first).isNotDone();
    CompletableFuture<Outcome<String>> other =
        rerun.executeAsync(key("k"), Bench.OTHER_BODY, tasks, context -> effect);
    tasks.run();
    assertThat(other.join()).isInstanceOf(Outcome.KeyReused.class);
  }

  @Test
  void executeAsync_leaseIsRenewed_whileTheStageIsOpen() {
    CompletableFuture<Outcome<String>> first = call(rerun);
    tasks.run();
    bench.pass(seconds(300));
    assertThat(bench.live("k").leaseLeft()).isPositive();
    effect.complete("paid");
    tasks.run();
    assertThat(answer(first)).isEqualTo("paid");
  }

  @Test
  void wait_holderCompletes_isWokenAndGetsItsAnswer() throws InterruptedException {
    CompletableFuture<Outcome<String>> first = call(waiting);
    tasks.run();
    List<CompletableFuture<Outcome<String>>> guests = new ArrayList<>();
    for (int guest = 0; guest < 10; guest++) {
      guests.add(call(waiting));
    }
    tasks.run();
    assertThat(guests).noneMatch(CompletableFuture::isDone);
    assertThat(tasks.queue).as("who waits keeps no thread busy").isEmpty();

    int readsBefore = bench.store.reads;
    effect.complete("paid");
    tasks.run();
    assertThat(answer(first)).isEqualTo("paid");
    assertThat(guests).allMatch(guest -> answer(guest).equals("paid"));
    assertThat(bench.store.reads - readsBefore).as("one look for all").isEqualTo(1);
    assertNothingIsLeft();
  }

  @Test
  void wait_blockingAndAsyncGuests_shareOneRoom() {
    CompletableFuture<Outcome<String>> first = call(waiting);
    tasks.run();
    CompletableFuture<Outcome<String>> guest = call(waiting);
    tasks.run();
    bench.timing.schedule(
        Duration.ofMillis(50).toNanos(),
        () -> {
          effect.complete("paid");
          tasks.run();
        });
    Outcome<String> blocking = waiting.execute(key("k"), Bench.BODY, bench.effect());
    assertThat(blocking.orElseThrow()).isEqualTo("paid");
    assertThat(answer(first)).isEqualTo("paid");
    tasks.run();
    assertThat(answer(guest)).isEqualTo("paid");
  }

  @Test
  void wait_budgetOver_isInFlight() throws InterruptedException {
    CompletableFuture<Outcome<String>> first = call(waiting);
    tasks.run();
    assertThat(first).isNotDone();
    CompletableFuture<Outcome<String>> guest = call(waiting);
    for (int tenth = 0; tenth < 49; tenth++) {
      tasks.run();
      bench.pass(Duration.ofMillis(100));
    }
    tasks.run();
    assertThat(guest).isNotDone();
    bench.pass(Duration.ofMillis(101));
    tasks.run();
    // A last poll that was due before the end looks after it, and then waits no more.
    bench.pass(Duration.ZERO);
    tasks.run();
    assertThat(guest.join()).isInstanceOf(Outcome.InFlight.class);
    assertThat(bench.store.reads).as("a poll is at most a second apart").isBetween(5, 50);
    effect.complete("paid");
    tasks.run();
    assertNothingIsLeft();
  }

  @Test
  void wait_holderVanished_isTakenOver() {
    Operation<String> shortLease =
        bench.operation(
            OperationPolicy.rerun()
                .withLease(seconds(1))
                .withMaximumHold(seconds(1))
                .withWaitBudget(seconds(5)));
    CompletableFuture<Outcome<String>> first = call(shortLease);
    tasks.run();
    CompletableFuture<Outcome<String>> second =
        call(shortLease, context -> CompletableFuture.completedFuture("second"));
    for (int tenth = 0; tenth < 40; tenth++) {
      tasks.run();
      bench.pass(Duration.ofMillis(100));
    }
    tasks.run();
    assertThat(answer(second)).isEqualTo("second");

    effect.complete("late");
    tasks.run();
    assertThat(answer(first)).as("the recorded answer wins").isEqualTo("second");
  }

  @Test
  void wait_storeCannotBeRead_isATypedError() throws InterruptedException {
    CompletableFuture<Outcome<String>> first = call(waiting);
    tasks.run();
    assertThat(first).isNotDone();
    CompletableFuture<Outcome<String>> guest = call(waiting);
    tasks.run();
    bench.store.beforeRead =
        () -> {
          throw KeyStoreException.notApplied(
              KeyStoreException.Reason.MISCONFIGURED, "no such table", null);
        };
    bench.pass(Duration.ofMillis(100));
    tasks.run();
    assertThat(failure(guest)).isInstanceOf(KeyStoreException.class);
    bench.store.beforeRead = () -> {};
    effect.complete("paid");
    tasks.run();
    assertNothingIsLeft();
  }

  @Test
  void i40_stageFails_isRecordedAndTheOriginalIsSeen() {
    IOException original = new IOException("gateway");
    CompletableFuture<Outcome<String>> first = call(rerun);
    tasks.run();
    effect.completeExceptionally(new CompletionException(original));
    tasks.run();
    assertThat(failure(first)).isSameAs(original);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
  }

  @Test
  void i40_actionThrowsAtOnceOrGivesNoStage_isAFailure() {
    IllegalStateException original = new IllegalStateException("gateway");
    Operation<String> hold = bench.operation(OperationPolicy.hold());
    CompletableFuture<Outcome<String>> first =
        call(
            hold,
            context -> {
              throw original;
            });
    tasks.run();
    assertThat(failure(first)).isSameAs(original);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);

    CompletableFuture<Outcome<String>> other =
        rerun.executeAsync(key("other"), Bench.BODY, tasks, context -> null);
    tasks.run();
    assertThat(failure(other)).isInstanceOf(NullPointerException.class);
    assertThat(bench.record("other").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
  }

  @Test
  void i40_virtualMachineError_leavesTheLockToLapse() {
    CompletableFuture<Outcome<String>> first = call(rerun);
    tasks.run();
    OutOfMemoryError original = new OutOfMemoryError("none left");
    effect.completeExceptionally(original);
    tasks.run();
    assertThat(failure(first)).isSameAs(original);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    bench.pass(seconds(31));
    assertThat(bench.live("k").leaseLeft()).isLessThanOrEqualTo(Duration.ZERO);
  }

  @Test
  void i18_unresolvedClaim_runsNothing() {
    bench.onWrites(Fault.REPLY_LOST, 1_000);
    CompletableFuture<Outcome<String>> first = call(rerun);
    tasks.run();
    assertThat(failure(first)).isInstanceOf(KeyStoreException.class);
    assertThat(bench.effects).hasValue(0);
    bench.line.clearFaults();
    bench.pass(seconds(2));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(bench.record("k").attempt()).isZero();
  }

  @Test
  void i21_unresolvedCompletion_isMarkedAndRecordedLater() {
    CompletableFuture<Outcome<String>> first = call(rerun);
    tasks.run();
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    effect.complete("paid");
    tasks.run();
    assertThat(first.join()).isEqualTo(new Outcome.Executed<>("paid", false));
    bench.line.clearFaults();
    bench.pass(seconds(2));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void cancel_beforeTheClaim_writesNothing() throws InterruptedException {
    CompletableFuture<Outcome<String>> first = call(rerun);
    first.cancel(false);
    tasks.run();
    assertThat(bench.store.writes).isEmpty();
    assertThat(bench.effects).hasValue(0);
    assertNothingIsLeft();
  }

  @Test
  void cancel_duringTheClaim_withdrawsIt() throws InterruptedException {
    List<CompletableFuture<Outcome<String>>> calls = new ArrayList<>();
    bench.store.beforeWrite = () -> calls.get(0).cancel(true);
    calls.add(call(rerun));
    tasks.run();
    assertThat(bench.effects).hasValue(0);
    StoredRecord live = bench.live("k");
    assertThat(live.record().state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(live.record().attempt()).isZero();
    assertThat(bench.timing.scheduled()).as("no renewal is left").isZero();

    CompletableFuture<Outcome<String>> next = call(rerun);
    effect.complete("paid");
    tasks.run();
    assertThat(answer(next)).isEqualTo("paid");
    assertNothingIsLeft();
  }

  @Test
  void cancel_duringAClaimOverAFailure_putsTheFailureBack() {
    CompletableFuture<Outcome<String>> failed = call(rerun);
    effect.completeExceptionally(new IOException("gateway"));
    tasks.run();
    assertThat(failed).isCompletedExceptionally();

    List<CompletableFuture<Outcome<String>>> calls = new ArrayList<>();
    bench.store.beforeWrite = () -> calls.forEach(call -> call.cancel(true));
    calls.add(call(rerun));
    tasks.run();
    assertThat(bench.effects).hasValue(1);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(bench.record("k").attempt()).isEqualTo(1);
  }

  @Test
  void cancel_duringATakeover_letsTheLockLapseAgain() throws InterruptedException {
    Operation<String> shortHold =
        bench.operation(OperationPolicy.rerun().withMaximumHold(seconds(30)));
    CompletableFuture<Outcome<String>> first = call(shortHold);
    tasks.run();
    bench.pass(seconds(61));
    List<CompletableFuture<Outcome<String>>> calls = new ArrayList<>();
    bench.store.beforeWrite = () -> calls.forEach(call -> call.cancel(true));
    calls.add(call(shortHold));
    tasks.run();
    assertThat(bench.effects).hasValue(1);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    assertThat(bench.record("k").attempt()).isEqualTo(2);
    bench.pass(seconds(31));
    assertThat(bench.live("k").leaseLeft()).isLessThanOrEqualTo(Duration.ZERO);
    effect.complete("late");
    tasks.run();
    assertThat(failure(first)).isInstanceOf(LeaseLostException.class);
    assertNothingIsLeft();
  }

  @Test
  void cancel_whileWaiting_leavesAtOnceAndAnotherLeads() throws InterruptedException {
    CompletableFuture<Outcome<String>> first = call(waiting);
    tasks.run();
    CompletableFuture<Outcome<String>> leader = call(waiting);
    tasks.run();
    CompletableFuture<Outcome<String>> follower = call(waiting);
    tasks.run();
    leader.cancel(true);
    tasks.run();
    assertThat(bench.idempotency.engine().rooms().size()).isEqualTo(1);
    effect.complete("paid");
    tasks.run();
    assertThat(answer(follower)).isEqualTo("paid");
    assertThat(answer(first)).isEqualTo("paid");
    assertThat(bench.idempotency.engine().rooms().size()).isZero();
    assertNothingIsLeft();
  }

  @Test
  void cancel_whileTheActionRuns_onlyDetaches() throws InterruptedException {
    CompletableFuture<Outcome<String>> first = call(rerun);
    tasks.run();
    first.cancel(true);
    assertThat(effect).isNotDone();
    effect.complete("paid");
    tasks.run();
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
    CompletableFuture<Outcome<String>> second = call(rerun);
    tasks.run();
    assertThat(answer(second)).isEqualTo("paid");
    assertNothingIsLeft();
  }

  @Test
  void executor_refusesTheClaim_isToldAndNothingIsWritten() throws InterruptedException {
    tasks.refuses = true;
    CompletableFuture<Outcome<String>> first = call(rerun);
    assertThat(failure(first)).isInstanceOf(RejectedExecutionException.class);
    assertThat(bench.store.writes).isEmpty();
    assertNothingIsLeft();
  }

  @Test
  void executor_refusesAWaitersTurn_harmsNobodyElse() throws InterruptedException {
    CompletableFuture<Outcome<String>> first =
        waiting.executeAsync(key("k"), Bench.BODY, Runnable::run, context -> effect);
    CompletableFuture<Outcome<String>> guest = call(waiting);
    tasks.run();
    tasks.refuses = true;
    effect.complete("paid");
    assertThat(answer(first)).isEqualTo("paid");
    assertThat(failure(guest)).isInstanceOf(RejectedExecutionException.class);
    assertNothingIsLeft();
  }

  @Test
  void executor_refusesTheCompletion_isRecordedAllTheSame() throws InterruptedException {
    CompletableFuture<Outcome<String>> first = call(rerun);
    tasks.run();
    tasks.refuses = true;
    effect.complete("paid");
    assertThat(answer(first)).isEqualTo("paid");
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
    assertNothingIsLeft();
  }

  @Test
  void executor_bothRefuseTheCompletion_isRecordedByWhoeverBroughtIt() {
    Idempotency alone =
        bench
            .builderOn(bench.store)
            .executor(
                task -> {
                  throw new RejectedExecutionException("closed");
                })
            .build();
    Operation<String> operation = alone.operation("charge", Codec.text(), OperationPolicy.rerun());
    CompletableFuture<Outcome<String>> first = call(operation);
    tasks.run();
    tasks.refuses = true;
    effect.complete("paid");
    assertThat(answer(first)).isEqualTo("paid");
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void i41_blockingCallInsideTheStart_isRefused() {
    CompletableFuture<Outcome<String>> first =
        call(
            rerun,
            context -> {
              rerun.execute(key("k"), Bench.BODY, bench.effect());
              return effect;
            });
    tasks.run();
    assertThat(failure(first)).isInstanceOf(MisuseException.class).hasMessageContaining("nested");
    assertThat(rerun.execute(key("other"), Bench.BODY, bench.effect()))
        .as("the thread is free afterwards")
        .isInstanceOf(Outcome.Executed.class);
  }

  @Test
  void close_refusesNewCallsAndEndsWaits_butNotWhatRuns() throws InterruptedException {
    CompletableFuture<Outcome<String>> first = call(waiting);
    tasks.run();
    CompletableFuture<Outcome<String>> guest = call(waiting);
    tasks.run();
    assertThat(bench.idempotency.close(Duration.ZERO)).isFalse();
    tasks.run();
    assertThat(guest.join()).isInstanceOf(Outcome.InFlight.class);
    assertThatThrownBy(() -> call(waiting)).isInstanceOf(MisuseException.class);
    bench.pass(seconds(60));
    assertThat(bench.live("k").leaseLeft()).as("renewals go on").isPositive();
    assertThat(bench.idempotency.close(Duration.ZERO)).isFalse();
    effect.complete("paid");
    tasks.run();
    assertThat(answer(first)).isEqualTo("paid");
    assertThat(bench.idempotency.close(Duration.ZERO)).isTrue();
  }

  @Test
  void close_withACallNotYetBegun_waitsForIt() throws InterruptedException {
    CompletableFuture<Outcome<String>> first = call(rerun);
    assertThat(bench.idempotency.close(Duration.ZERO)).isFalse();
    effect.complete("paid");
    tasks.run();
    assertThat(answer(first)).as("it was accepted before").isEqualTo("paid");
    assertThat(bench.idempotency.close(Duration.ZERO)).isTrue();
  }

  /** Real threads: a thousand operations are open at once, and as many wait, on two threads. */
  @Test
  void noThreadIsBlocked_whileOperationsRun() throws Exception {
    int count = 1_000;
    ExecutorService two = Executors.newFixedThreadPool(2);
    try (Idempotency real = Idempotency.builder(new MemoryKeyStore(10_000)).build()) {
      Operation<String> operation =
          real.operation("op", Codec.text(), OperationPolicy.rerun().withWaitBudget(seconds(20)));
      CompletableFuture<String> gate = new CompletableFuture<>();
      List<CompletableFuture<Outcome<String>>> calls =
          IntStream.range(0, 2 * count)
              .mapToObj(
                  call ->
                      operation.executeAsync(
                          operation.key(Scope.single(), "k" + call % count),
                          Fingerprint.none(),
                          two,
                          context -> {
                            // Opened by the last of all: each must have begun before any ends.
                            if (bench.effects.incrementAndGet() == count) {
                              gate.complete("open");
                            }
                            return gate;
                          }))
              .toList();
      CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
      assertThat(calls).allMatch(call -> answer(call).equals("open"));
      assertThat(bench.effects).hasValue(count);
      assertThat(real.engine().rooms().size()).isZero();
    } finally {
      two.shutdown();
    }
    assertThat(two.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
  }
}
