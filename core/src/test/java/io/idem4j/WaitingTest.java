package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.Stamp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Duplicates that wait: how long, how often they ask, and what they get. */
@Timeout(60)
class WaitingTest {
  private final Bench bench = new Bench();
  private final Operation<String> rerun = bench.operation(OperationPolicy.rerun());
  private final Operation<String> waiting =
      bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(5)));

  @Test
  void wait_untilTheBudgetIsOver_isInFlight() {
    rerun.claim(key("k"), BODY);
    long before = bench.timing.nanoTime();

    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    assertThat(Duration.ofNanos(bench.timing.nanoTime() - before)).isEqualTo(seconds(5));
    // 100 ms to 1 s apart, jittered down to half
    assertThat(bench.store.reads).isBetween(5, 15);
    assertThat(bench.effects).hasValue(0);
    assertThat(bench.idempotency.engine().rooms().size()).isZero();
  }

  @Test
  void wait_forAHolderElsewhere_isDecidedFromTheReReadRecord() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.timing.schedule(seconds(2).toNanos(), () -> lease.complete("theirs"));

    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("theirs");
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void peer23_wait_forAHolderThatFails_claimsAndNeverRunsUnclaimed() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.timing.schedule(
        seconds(2).toNanos(), () -> lease.fail(FailureClassifier.Verdict.retryable()));

    assertThat(
            waiting
                .execute(TENANT, "k", BODY, context -> "attempt " + context.attempt())
                .orElseThrow())
        .isEqualTo("attempt 2");
  }

  @Test
  void peer04_wait_forARecordThatVanishes_claimsAnew() {
    rerun.claim(key("k"), BODY);
    var locked = bench.record("k");
    bench.timing.schedule(
        seconds(1).toNanos(),
        () ->
            bench.memory.compareAndSet(
                key("k").id(),
                bench.live("k").stamp(),
                locked.toBuilder().stamp(new Stamp(1, 1)).retention(Duration.ZERO).build()));

    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", true));
  }

  @Test
  void peer02_waiterThatGivesUp_neverTouchesTheRecord() {
    rerun.claim(key("k"), BODY);
    int writes = bench.store.writes.size();
    waiting.execute(TENANT, "k", BODY, bench.effect());
    // the claim attempt that was refused, and the holder's own renewals (none within 5 s)
    assertThat(bench.store.writes.subList(writes, bench.store.writes.size()))
        .allMatch(call -> call.expected().equals(Stamp.ABSENT))
        .hasSize(1);
  }

  @Test
  void wait_thatIsInterrupted_endsAsInFlightAndKeepsTheInterrupt() {
    rerun.claim(key("k"), BODY);
    Thread.currentThread().interrupt();
    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(bench.idempotency.engine().rooms().size()).isZero();
  }

  @Test
  void wait_whenLookingFails_isATypedError() {
    rerun.claim(key("k"), BODY);
    bench.store.beforeRead =
        () -> {
          throw KeyStoreException.unreadable(key("k").id(), "test");
        };
    assertThatThrownBy(() -> waiting.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    assertThat(bench.idempotency.engine().rooms().size()).isZero();
  }

  /** 64 callers, one key, real threads and time. Rounds: 20; no faults, so no seed. */
  @Test
  void hotKey_64Callers_oneExecutionAndEveryoneGetsItsAnswer() throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(64);
    try {
      for (int round = 0; round < 20; round++) {
        CountingStore store = new CountingStore(new MemoryKeyStore(100));
        try (Idempotency idempotency = Idempotency.builder(store).build()) {
          Operation<String> operation =
              idempotency.operation(
                  "charge", Codec.text(), OperationPolicy.rerun().withWaitBudget(seconds(20)));
          AtomicInteger effects = new AtomicInteger();
          CountDownLatch start = new CountDownLatch(1);
          List<Future<Outcome<String>>> answers = new ArrayList<>();
          for (int caller = 0; caller < 64; caller++) {
            answers.add(
                callers.submit(
                    () -> {
                      start.await();
                      return operation.execute(
                          TENANT,
                          "hot",
                          BODY,
                          context -> {
                            Thread.sleep(20);
                            return "answer " + effects.incrementAndGet();
                          });
                    }));
          }
          start.countDown();
          int executed = 0;
          for (Future<Outcome<String>> answer : answers) {
            Outcome<String> outcome = answer.get(30, TimeUnit.SECONDS);
            assertThat(outcome.orElseThrow()).isEqualTo("answer 1");
            executed += outcome instanceof Outcome.Executed ? 1 : 0;
          }
          assertThat(executed).isEqualTo(1);
          assertThat(effects).hasValue(1);
          assertThat(store.writes).hasSizeLessThanOrEqualTo(64 + 1);
          assertThat(store.reads).as("one poll for all, rung by the holder").isLessThan(16);
          assertThat(idempotency.engine().rooms().size()).isZero();
          assertThat(idempotency.close(seconds(5))).isTrue();
        }
      }
    } finally {
      callers.shutdownNow();
    }
  }

  /** The same with operations that fail: each failure hands the key to exactly one waiter. */
  @Test
  void hotKey_failingOperations_runOneAfterTheOther() throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(16);
    try (Idempotency idempotency = Idempotency.builder(new MemoryKeyStore(100)).build()) {
      Operation<String> operation =
          idempotency.operation(
              "charge", Codec.text(), OperationPolicy.rerun().withWaitBudget(seconds(20)));
      AtomicInteger running = new AtomicInteger();
      AtomicInteger runs = new AtomicInteger();
      List<Future<Outcome<String>>> answers = new ArrayList<>();
      for (int caller = 0; caller < 16; caller++) {
        answers.add(
            callers.submit(
                () ->
                    operation.execute(
                        TENANT,
                        "hot",
                        BODY,
                        context -> {
                          assertThat(running.incrementAndGet()).isEqualTo(1);
                          try {
                            if (runs.incrementAndGet() < 8) {
                              throw new IllegalStateException("run " + runs.get());
                            }
                            return "done";
                          } finally {
                            running.decrementAndGet();
                          }
                        })));
      }
      int failed = 0;
      for (Future<Outcome<String>> answer : answers) {
        try {
          assertThat(answer.get(30, TimeUnit.SECONDS).orElseThrow()).isEqualTo("done");
        } catch (java.util.concurrent.ExecutionException e) {
          assertThat(e).hasCauseInstanceOf(IllegalStateException.class);
          failed++;
        }
      }
      assertThat(failed).isEqualTo(7);
      assertThat(runs).hasValue(8);
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void close_endsWaitsAsInFlight() throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(2);
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try (Idempotency idempotency = Idempotency.builder(new MemoryKeyStore(100)).build()) {
      Operation<String> operation =
          idempotency.operation(
              "charge", Codec.text(), OperationPolicy.rerun().withWaitBudget(seconds(30)));
      Future<Outcome<String>> holder =
          callers.submit(
              () ->
                  operation.execute(
                      TENANT,
                      "k",
                      BODY,
                      context -> {
                        running.countDown();
                        release.await(30, TimeUnit.SECONDS);
                        return "x";
                      }));
      running.await();
      Future<Outcome<String>> waiter =
          callers.submit(() -> operation.execute(TENANT, "k", BODY, context -> "never"));
      while (idempotency.engine().rooms().size() == 0) {
        Thread.onSpinWait();
      }
      idempotency.close(Duration.ZERO);
      assertThat(waiter.get(10, TimeUnit.SECONDS)).isInstanceOf(Outcome.InFlight.class);
      release.countDown();
      assertThat(holder.get(10, TimeUnit.SECONDS)).isEqualTo(new Outcome.Executed<>("x", true));
      assertThat(idempotency.close(seconds(10))).isTrue();
    } finally {
      callers.shutdownNow();
    }
  }

  /** A renewal that blocks for ever delays only its own lease (peers' case 27). */
  @Test
  void peer27_stuckRenewal_losesNoOtherLease() throws Exception {
    MemoryKeyStore memory = new MemoryKeyStore(100);
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    CountingStore store = new CountingStore(memory);
    try (Idempotency idempotency = Idempotency.builder(store).build()) {
      Operation<String> operation =
          idempotency.operation(
              "charge",
              Codec.text(),
              OperationPolicy.rerun().withLease(Duration.ofMillis(300)).withRetention(seconds(60)));
      Lease<String> blocked = granted(operation.claim(key("blocked"), BODY));
      AtomicInteger first = new AtomicInteger();
      store.beforeWrite =
          () -> {
            if (first.getAndIncrement() == 0) {
              stuck.countDown();
              try {
                release.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            }
          };
      stuck.await();
      Lease<String> other = granted(operation.claim(key("other"), BODY));
      int renewals = store.writes.size();
      while (store.writes.size() < renewals + 8) {
        assertThat(memory.find(key("other").id()).orElseThrow().leaseLeft()).isPositive();
        Thread.sleep(5);
      }
      assertThat(blocked.context().isLeaseLost()).isTrue();
      assertThat(other.context().isLeaseLost()).isFalse();
      release.countDown();
      assertThat(other.complete("x")).isEqualTo(new Outcome.Executed<>("x", true));
      assertThat(blocked.complete("y")).isEqualTo(new Outcome.Executed<>("y", true));
    }
  }
}
