package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The guards of writes that are re-sent in the background, one each. */
class PendingWriteGuardsTest extends EngineGuards {
  @Test
  void completionThatWasGivenUp_noLongerHoldsTheKey() {
    bench.line.onWrites(Fault.NONE);
    onWrites(Fault.REQUEST_LOST, 100_000);
    rerun.execute(TENANT, "k", BODY, bench.effect());
    bench.pass(Duration.ofMinutes(16));
    bench.line.clearFaults();
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 2", true));
  }

  @Test
  void pendingWrite_isResentUpToOnceASecondAndNeverPastItsTime() {
    bench.line.onWrites(Fault.NONE);
    onWrites(Fault.REQUEST_LOST, 100_000);
    long start = bench.timing.nanoTime();
    rerun.execute(TENANT, "k", BODY, bench.effect());
    bench.pass(seconds(100));
    int writes = bench.store.writes.size();
    bench.pass(seconds(100));
    assertThat(bench.store.writes).hasSizeBetween(writes + 99, writes + 101);
    AtomicReference<Duration> last = new AtomicReference<>();
    bench.store.beforeWrite = () -> last.set(since(start));
    bench.pass(Duration.ofMinutes(20));
    assertThat(last.get()).isBetween(seconds(898), seconds(900));
  }

  @Test
  void pendingWriteWithoutATimer_isGivenUp() throws Exception {
    AtomicBoolean broken = new AtomicBoolean();
    Timing timing =
        new Timing() {
          @Override
          public long nanoTime() {
            return bench.timing.nanoTime();
          }

          @Override
          public long currentTimeMillis() {
            return bench.timing.currentTimeMillis();
          }

          @Override
          public boolean await(Future<?> signal, long nanos) throws InterruptedException {
            return bench.timing.await(signal, nanos);
          }

          @Override
          public Timer schedule(long delayNanos, Runnable task) {
            if (broken.get()) {
              throw new RejectedExecutionException();
            }
            return bench.timing.schedule(delayNanos, task);
          }
        };
    Idempotency idempotency = bench.builderOn(bench.store).timing(timing).build();
    bench.line.onWrites(Fault.NONE);
    onWrites(Fault.REQUEST_LOST, 1_000);
    Outcome<String> outcome =
        idempotency
            .operation("charge", Codec.text(), OperationPolicy.rerun())
            .execute(
                TENANT,
                "k",
                BODY,
                context -> {
                  broken.set(true);
                  return "x";
                });
    assertThat(outcome).isEqualTo(new Outcome.Executed<>("x", false));
    assertThat(idempotency.engine().pending().size()).isZero();
    assertThat(idempotency.close(seconds(1))).isTrue();
  }

  @Test
  void withdrawalThatMeetsAnUnreadableRecord_isGivenUpInItsTime() throws Exception {
    // As a pool would: what a task throws is lost.
    Executor pool =
        task -> {
          try {
            task.run();
          } catch (RuntimeException e) {
            bench.events.add("thrown at the executor");
          }
        };
    Idempotency idempotency = bench.builderOn(bench.store).executor(pool).build();
    Operation<String> operation =
        idempotency.operation("charge", Codec.text(), OperationPolicy.hold());
    bench.line.onWrites(Fault.REPLY_LOST);
    onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(() -> operation.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    bench.line.clearFaults();
    replaceByTheNextFormat();
    bench.pass(seconds(40));

    assertThat(idempotency.engine().pending().size()).isZero();
    assertThat(bench.live("k").stamp()).isEqualTo(new Stamp(1, 1));
    assertThat(idempotency.close(seconds(1))).isTrue();
    assertThat(bench.events).doesNotContain("thrown at the executor");
  }

  @Test
  void close_waitsForPendingWrites() throws Exception {
    bench.line.onWrites(Fault.NONE);
    onWrites(Fault.REQUEST_LOST, 100_000);
    rerun.execute(TENANT, "k", BODY, bench.effect());
    assertThat(bench.idempotency.close(seconds(5))).isFalse();
    bench.line.clearFaults();
    assertThat(bench.idempotency.close(seconds(5))).isTrue();
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void pendingWrites_atTheBound_areDroppedOneByOne() {
    Idempotency none = bench.builderOn(bench.store).maximumPendingWrites(1).build();
    Operation<String> operation = none.operation("charge", Codec.text(), OperationPolicy.rerun());
    for (int round = 0; round < 3; round++) {
      String first = "first " + round;
      String second = "second " + round;
      onWrites(Fault.REQUEST_LOST, 100_000);
      assertThatThrownBy(() -> operation.execute(TENANT, first, BODY, bench.effect()))
          .isInstanceOf(KeyStoreException.class);
      assertThatThrownBy(() -> operation.execute(TENANT, second, BODY, bench.effect()))
          .isInstanceOf(KeyStoreException.class);
      assertThat(none.engine().pending().size()).isEqualTo(1);
      bench.pass(seconds(31));
      bench.line.clearFaults();
      assertThat(none.engine().pending().size()).isZero();
    }
  }

  @Test
  void interruptGuard_pausesForTheWholeTimeAndKeepsTheInterrupt() {
    long start = bench.timing.nanoTime();
    try (InterruptGuard guard = new InterruptGuard()) {
      Thread.currentThread().interrupt();
      guard.pause(bench.timing, MILLI.toNanos());
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
    assertThat(since(start)).isEqualTo(MILLI);
    assertThat(Thread.interrupted()).isTrue();
  }
}
