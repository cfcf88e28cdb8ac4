package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The guards of a held key and its renewals, one each. */
class HeldKeyGuardsTest extends EngineGuards {
  @Test
  void renewalRefusedByTheCompletion_isNoLoss() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.store.beforeWrite =
        () -> {
          bench.store.beforeWrite = () -> {};
          lease.complete("x");
        };
    bench.pass(seconds(10));

    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
    assertThat(lease.context().isLeaseLost()).isFalse();
    assertThat(bench.events).doesNotContain("leaseLost");
  }

  @Test
  void lossToldBefore_isNotToldAgainByTheRefusalOfARenewal() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    onWrites(Fault.REQUEST_LOST, 13);
    bench.pass(seconds(31));
    assertThat(bench.events).containsOnlyOnce("leaseLost");
    granted(elsewhere.claim(key("k"), BODY));
    bench.line.clearFaults();
    bench.pass(seconds(5));
    assertThat(bench.events).containsOnlyOnce("leaseLost");
    lease.close();
  }

  @Test
  void recordTakenAway_isALossWithTheNextRenewal() {
    for (boolean readable : new boolean[] {true, false}) {
      Bench own = new Bench();
      Lease<String> lease = granted(own.operation(OperationPolicy.rerun()).claim(key("k"), BODY));
      KeyRecord next =
          own.record("k").toBuilder()
              .stamp(new Stamp(1, 1))
              .format(readable ? 1 : 2)
              .lease(seconds(30))
              .retention(seconds(600))
              .build();
      own.memory.compareAndSet(key("k").id(), own.live("k").stamp(), next);
      own.pass(seconds(10).minus(MILLI));
      assertThat(lease.context().isLeaseLost()).isFalse();
      own.pass(MILLI);

      assertThat(lease.context().isLeaseLost()).isTrue();
      assertThat(own.events).containsOnlyOnce("leaseLost");
      int writes = own.store.writes.size();
      own.pass(seconds(60));
      assertThat(own.store.writes).as("a lost lease is not renewed").hasSize(writes);
      assertThat(own.events).containsOnlyOnce("leaseLost");
    }
  }

  @Test
  void maximumHold_countsFromTheFirstSendOfTheClaimAndEndsTheRenewals() {
    delayWrites(seconds(8));
    long start = bench.timing.nanoTime();
    Lease<String> lease =
        granted(
            bench
                .operation(OperationPolicy.rerun().withMaximumHold(seconds(60)))
                .claim(key("k"), BODY));
    bench.pass(seconds(60).minus(MILLI).minus(since(start)));
    assertThat(lease.context().isLeaseLost()).isFalse();
    bench.pass(MILLI);
    assertThat(lease.context().isLeaseLost()).isTrue();
    bench.pass(seconds(60));
    assertThat(bench.store.writes).as("the claim, and renewals at 10 to 50 s").hasSize(6);
    assertThat(bench.timing.scheduled()).isZero();
  }

  @Test
  void renewalAnsweredAfterTheMaximumHold_isTheLast() {
    Lease<String> lease =
        granted(
            bench
                .operation(OperationPolicy.rerun().withMaximumHold(seconds(60)))
                .claim(key("k"), BODY));
    bench.pass(seconds(39));
    delayWrites(seconds(25));
    bench.pass(seconds(60));
    assertThat(bench.store.writes).hasSize(5);
    assertThat(bench.timing.scheduled()).isZero();
    assertThat(lease.context().isLeaseLost()).isTrue();
    assertThat(bench.events).containsOnlyOnce("leaseLost");
  }

  @Test
  void renewalsThatFailUpToTheMaximumHold_leaveNoTimerPastIt() {
    Lease<String> lease =
        granted(
            bench
                .operation(OperationPolicy.rerun().withMaximumHold(seconds(60)))
                .claim(key("k"), BODY));
    bench.pass(seconds(11));
    onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(seconds(47));
    assertThat(lease.context().isLeaseLost()).isTrue();
    assertThat(bench.timing.scheduled()).isZero();
  }

  @Test
  void renewalSubmittedBeforeTheMaximumHoldAndRunAfterIt_doesNotFail() {
    List<Runnable> tasks = new ArrayList<>();
    Lease<String> lease =
        granted(
            bench
                .builderOn(bench.store)
                .executor(tasks::add)
                .build()
                .operation(
                    "charge", Codec.text(), OperationPolicy.rerun().withMaximumHold(seconds(60)))
                .claim(key("k"), BODY));
    bench.pass(seconds(10));
    bench.pass(seconds(60));
    tasks.get(0).run();
    assertThat(lease.context().isLeaseLost()).isTrue();
    assertThat(bench.timing.scheduled()).isZero();
  }

  @Test
  void lossBetweenTheRunAndTheCompletion_interruptsNobody() {
    Codec<String> slow =
        Codec.of(
            "text",
            text -> {
              onWrites(Fault.REQUEST_LOST, 1_000);
              bench.pass(seconds(31));
              bench.line.clearFaults();
              return text.getBytes(StandardCharsets.UTF_8);
            },
            bytes -> "x");
    bench
        .idempotency
        .operation("charge", slow, OperationPolicy.rerun().withInterruptOnLeaseLoss())
        .execute(TENANT, "k", BODY, bench.effect());
    assertThat(bench.events).contains("leaseLost");
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void lossOfAnOperationThatDidNotAskForIt_interruptsNobody() {
    rerun.execute(
        TENANT,
        "k",
        BODY,
        context -> {
          onWrites(Fault.REQUEST_LOST, 1_000);
          bench.pass(seconds(31));
          bench.line.clearFaults();
          assertThat(Thread.currentThread().isInterrupted()).isFalse();
          return "x";
        });
    assertThat(bench.events).contains("leaseLost");
  }

  @Test
  void claimWithoutATimer_isPutBack_andNothingIsUnderWay() throws Exception {
    TimersRunOut timing = new TimersRunOut(bench.timing);
    Idempotency idempotency = bench.builderOn(bench.store).timing(timing).build();
    Operation<String> here = idempotency.operation("charge", Codec.text(), OperationPolicy.hold());
    timing.left = 0;
    assertThatThrownBy(() -> here.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(OutOfMemoryError.class);
    timing.left = Integer.MAX_VALUE;
    assertThat(hold.execute(TENANT, "k", BODY, bench.effect()))
        .as("nothing ran, and the key is free")
        .isEqualTo(new Outcome.Executed<>("answer 1", true));
    assertThat(idempotency.close(seconds(1))).as("nothing is under way").isTrue();
  }

  @Test
  void i24_interruptOfSomebodyElses_isKeptWhereALossWouldInterrupt() {
    Thread.currentThread().interrupt();
    bench
        .operation(OperationPolicy.rerun().withInterruptOnLeaseLoss())
        .execute(TENANT, "k", BODY, context -> "x");
    assertThat(Thread.interrupted()).isTrue();
  }

  /** An interrupt closes the channel on which a thread waits: that is somebody else's code. */
  @Test
  void interruptOnLeaseLoss_thatTakesItsTime_keepsNoTimerFromTheKey() throws Exception {
    Lease<String> lease =
        granted(
            bench
                .operation(OperationPolicy.rerun().withInterruptOnLeaseLoss())
                .claim(key("k"), BODY));
    AtomicBoolean isFree = new AtomicBoolean();
    CountDownLatch runs = new CountDownLatch(1);
    CompletableFuture<String> end = new CompletableFuture<>();
    Thread operation =
        new Thread(
            () ->
                lease.run(
                    context -> {
                      runs.countDown();
                      return end.join();
                    })) {
          @Override
          public void interrupt() {
            Thread timer = new Thread(() -> lease.context().isLeaseLost());
            timer.start();
            try {
              timer.join(10_000);
              isFree.set(!timer.isAlive());
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          }
        };
    operation.start();
    runs.await();
    onWrites(Fault.REQUEST_LOST, 13);
    bench.pass(seconds(31));
    end.complete("x");
    operation.join();
    assertThat(isFree).as("asked while the operation was being interrupted").isTrue();
    lease.close();
  }

  @Test
  void interruptOfALossThatTheOperationThrowsOn_isTakenBack() {
    IllegalStateException own = new IllegalStateException("own");
    assertThatThrownBy(
            () ->
                bench
                    .operation(OperationPolicy.rerun().withInterruptOnLeaseLoss())
                    .execute(
                        TENANT,
                        "k",
                        BODY,
                        context -> {
                          onWrites(Fault.REQUEST_LOST, 1_000);
                          bench.pass(seconds(31));
                          bench.line.clearFaults();
                          assertThat(Thread.currentThread().isInterrupted()).isTrue();
                          throw own;
                        }))
        .isSameAs(own);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void lossFoundBeforeTheEndAndToldAfterIt_isNotTold() {
    List<Runnable> tasks = new ArrayList<>();
    Idempotency late = bench.builderOn(bench.store).executor(tasks::add).build();
    Lease<String> lease =
        granted(
            late.operation("charge", Codec.text(), OperationPolicy.rerun()).claim(key("k"), BODY));
    bench.pass(seconds(30));
    assertThat(tasks).as("a renewal and a loss").hasSize(2);
    lease.complete("x");
    int writes = bench.store.writes.size();
    tasks.forEach(Runnable::run);
    assertThat(bench.events).doesNotContain("leaseLost");
    assertThat(bench.store.writes).hasSize(writes);
  }

  @Test
  void executorThatRefusesEverything_stillTellsTheLoss() {
    Executor refusing =
        task -> {
          throw new RejectedExecutionException();
        };
    Idempotency idempotency = bench.builderOn(bench.store).executor(refusing).build();
    Lease<String> lease =
        granted(
            idempotency
                .operation("charge", Codec.text(), OperationPolicy.rerun())
                .claim(key("k"), BODY));
    bench.pass(seconds(30).minus(MILLI));
    assertThat(bench.events).doesNotContain("leaseLost");
    bench.pass(MILLI);
    assertThat(bench.events).containsOnlyOnce("leaseLost");
    lease.close();
  }

  @Test
  void lossWhileTheNextRenewalIsNotDueYet_isToldAtTheEndOfTheLease() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(seconds(27));
    // The renewal of 27.5 s fails at 29 s, so the next one is due at 31.5 s.
    delayWrites(Duration.ofMillis(1_500));
    bench.pass(seconds(2));
    bench.pass(seconds(1).minus(MILLI));
    assertThat(bench.events).doesNotContain("leaseLost");
    bench.pass(MILLI);
    assertThat(bench.events).containsOnlyOnce("leaseLost");
    lease.close();
  }

  @Test
  void renewalConfirmedAfterItsOwnEnd_isNoSecondLoss() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    delayWrites(seconds(45), Duration.ZERO);
    bench.pass(seconds(10));
    assertThat(bench.events).containsOnlyOnce("leaseLost");
    bench.pass(seconds(1));
    assertThat(lease.context().isLeaseLost()).as("renewed at once").isFalse();
    assertThat(bench.events).containsOnlyOnce("leaseLost");
    lease.close();
  }

  @Test
  void renewalRefusedByAnotherStampOfItsClaim_followsIt() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    KeyRecord found = bench.record("k");
    replace(found.toBuilder().stamp(later(found.stamp())));
    // Refused at 10 s; the next one a twelfth of the lease later, so that no store is flooded.
    bench.pass(Duration.ofMillis(12_500));

    assertThat(bench.store.writes).as("the claim, refused, renewed").hasSize(3);
    assertThat(bench.store.writes.get(2).expected()).isEqualTo(later(found.stamp()));
    assertThat(bench.live("k").leaseLeft()).isEqualTo(seconds(30));
    assertThat(lease.context().isLeaseLost()).isFalse();
    assertThat(bench.events).doesNotContain("leaseLost");
    assertThat(lease.complete("x")).isEqualTo(new Outcome.Executed<>("x", true));
  }

  @Test
  void reference_reachesTheStoreWithTheNextRenewal() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    lease.context().reference("payment 1");
    bench.pass(seconds(10));
    assertThat(bench.record("k").reference()).contains("payment 1");
    lease.close();
  }

  @Test
  void renewalsOfAShortLease_areFiveMillisecondsApart() {
    Operation<String> operation =
        bench.operation(OperationPolicy.rerun().withLease(Duration.ofMillis(24)));
    Lease<String> lease = granted(operation.claim(key("k"), BODY));
    onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(Duration.ofMillis(23));
    assertThat(bench.store.writes).as("the claim, 8 ms, 13 ms, 18 ms, 23 ms").hasSize(5);
    lease.close();
  }
}
