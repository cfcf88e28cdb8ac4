package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One guard of the engine each: what would go wrong without it. In virtual time; the timeout is for
 * an engine that never comes to an end.
 */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GuardsTest {
  private static final Duration MILLI = Duration.ofMillis(1);

  private final Bench bench = new Bench();
  private final Operation<String> rerun = bench.operation(OperationPolicy.rerun());
  private final Operation<String> hold = bench.operation(OperationPolicy.hold());

  /** Another process: the same store, its own engine. */
  private final Operation<String> elsewhere = on(bench.memory, OperationPolicy.rerun());

  private Operation<String> on(KeyStore store, OperationPolicy policy) {
    return bench.engineOn(store).operation("charge", Codec.text(), policy);
  }

  private void onWrites(Fault fault, int times) {
    bench.line.onWrites(Collections.nCopies(times, fault).toArray(Fault[]::new));
  }

  private void delayWrites(Duration... delays) {
    List<Duration> left = new ArrayList<>(List.of(delays));
    bench.store.beforeWrite =
        () -> {
          if (!left.isEmpty()) {
            bench.pass(left.remove(0));
          }
        };
  }

  private Duration since(long nanos) {
    return Duration.ofNanos(bench.timing.nanoTime() - nanos);
  }

  /** How a store answers a write. */
  private interface Cas {
    CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next);
  }

  private KeyStore writing(Cas cas) {
    return new KeyStore() {
      @Override
      public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
        return cas.compareAndSet(id, expected, next);
      }

      @Override
      public Optional<StoredRecord> find(KeyId id) {
        return bench.memory.find(id);
      }
    };
  }

  /** A store that is read first. */
  private record Cheap(KeyStore store) implements ReadFirst {
    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      return store.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return store.find(id);
    }
  }

  /** Another stamp of the same claim, which the claim itself does not draw in a test. */
  private static Stamp later(Stamp stamp) {
    return new Stamp(stamp.high(), stamp.low() + 1_000);
  }

  private static KeyStoreException lost() {
    return KeyStoreException.unknown("lost", null);
  }

  private void replace(KeyRecord.Builder next) {
    StoredRecord live = bench.live("k");
    KeyRecord record = next.lease(seconds(30)).retention(seconds(6_000)).build();
    assertThat(bench.memory.compareAndSet(key("k").id(), live.stamp(), record))
        .isEqualTo(CasResult.APPLIED);
  }

  private void replaceByTheNextFormat() {
    replace(bench.record("k").toBuilder().stamp(new Stamp(1, 1)).format(2));
  }

  // Claims.

  @Test
  void renewalBeforeTheRun_refusedByItsOwnStamp_countsFromItsFirstSend() {
    delayWrites(seconds(11), Duration.ZERO, seconds(5));
    bench.line.onWrites(Fault.NONE, Fault.REPLY_LOST);
    long start = bench.timing.nanoTime();
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    onWrites(Fault.REQUEST_LOST, 1_000);

    bench.pass(seconds(41).minus(MILLI).minus(since(start)));
    assertThat(lease.context().isLeaseLost()).isFalse();
    bench.pass(MILLI);
    assertThat(lease.context().isLeaseLost()).isTrue();
  }

  @Test
  void claimWhoseReplyWasLost_countsItsLeaseFromTheFirstSend() {
    delayWrites(Duration.ZERO, seconds(4));
    bench.line.onWrites(Fault.REPLY_LOST);
    long start = bench.timing.nanoTime();
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    onWrites(Fault.REQUEST_LOST, 1_000);

    bench.pass(seconds(30).minus(MILLI).minus(since(start)));
    assertThat(lease.context().isLeaseLost()).isFalse();
    bench.pass(MILLI);
    assertThat(lease.context().isLeaseLost()).isTrue();
  }

  @Test
  void claimAnsweredAfterAnotherTookTheKey_runsNothingAndGetsItsAnswer() {
    AtomicInteger writes = new AtomicInteger();
    KeyStore late =
        writing(
            (id, expected, next) -> {
              CasResult result = bench.memory.compareAndSet(id, expected, next);
              if (writes.incrementAndGet() == 1) {
                bench.pass(seconds(31));
                elsewhere.execute(TENANT, "k", BODY, context -> "newer");
              }
              return result;
            });

    assertThat(
            on(late, OperationPolicy.rerun())
                .execute(TENANT, "k", BODY, bench.effect())
                .orElseThrow())
        .isEqualTo("newer");
    assertThat(bench.effects).hasValue(0);
    assertThat(writes).as("the claim, and the renewal that showed the answer").hasValue(2);
  }

  @Test
  void recordThatChangesForEver_isGivenUpAtTheStoreDeadline() {
    granted(rerun.claim(key("k"), BODY)).fail(Verdict.retryable());
    AtomicInteger writes = new AtomicInteger();
    KeyStore restless =
        writing(
            (id, expected, next) -> {
              if (writes.incrementAndGet() > 20_000) {
                throw new AssertionError("for ever");
              }
              bench.pass(MILLI);
              KeyRecord changed =
                  bench.record("k").toBuilder().stamp(new Stamp(1, writes.get())).build();
              return CasResult.refusedBy(
                  StoredRecord.of(changed, Duration.ZERO, Duration.ofHours(1)));
            });
    assertThatThrownBy(
            () -> on(restless, OperationPolicy.rerun()).execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.CONFLICT));
    assertThat(writes.get()).isBetween(4_990, 5_010);
  }

  @Test
  void interruptDuringAWrite_isSetAsideForTheNextWrite() {
    List<Boolean> interrupted = new ArrayList<>();
    KeyStore interrupting =
        writing(
            (id, expected, next) -> {
              interrupted.add(Thread.currentThread().isInterrupted());
              if (interrupted.size() == 1) {
                bench.pass(seconds(11));
                Thread.currentThread().interrupt();
              }
              return bench.memory.compareAndSet(id, expected, next);
            });
    on(interrupting, OperationPolicy.rerun()).execute(TENANT, "k", BODY, bench.effect());
    assertThat(Thread.interrupted()).as("kept for the caller").isTrue();
    assertThat(interrupted).containsExactly(false, false, false);
  }

  @Test
  void withdrawal_onceApplied_ringsTheBell() {
    bench.line.onWrites(Fault.REPLY_LOST);
    onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(() -> hold.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    assertBellRingsAtTheNextResend();
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
  }

  @Test
  void withdrawal_overARecordThatOnlyKeepsItsGrant_isSettled() {
    granted(hold.claim(key("k"), BODY));
    Stamping stamps = new Stamping(() -> bench.record("k").grant());
    Stamp own = stamps.fresh();
    for (KeyState state :
        List.of(KeyState.FAILED_RETRYABLE, KeyState.FAILED_FINAL, KeyState.COMPLETED)) {
      KeyRecord record =
          bench.record("k").toBuilder()
              .stamp(new Stamp(1, 1))
              .grant(own.grant())
              .state(state)
              .build();
      StoredRecord live = StoredRecord.of(record, Duration.ZERO, seconds(600));
      assertThat(KeyMachine.withdrawn(Stamp.ABSENT, stamps, Optional.of(live)))
          .isEqualTo(KeyMachine.Withdrawal.SETTLED);
    }
  }

  @Test
  void completion_onceResent_ringsTheBellAndIsNoLoss() {
    bench.line.onWrites(Fault.NONE);
    onWrites(Fault.REQUEST_LOST, 1_000);
    rerun.execute(TENANT, "k", BODY, bench.effect());
    assertBellRingsAtTheNextResend();
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
    assertThat(bench.events).doesNotContain("leaseLost");
  }

  /** The next re-send comes 50 ms after the first, and the first poll 50 ms after the entry. */
  private void assertBellRingsAtTheNextResend() {
    bench.pass(Duration.ofMillis(40));
    bench.line.clearFaults();
    try (WaitingRooms.Seat seat = bench.idempotency.engine().rooms().enter(key("k").id())) {
      long start = bench.timing.nanoTime();
      var nothing = new WaitingRooms.Sight(Optional.empty());
      assertThat(seat.next(() -> nothing, start + seconds(10).toNanos())).isSameAs(nothing);
      assertThat(since(start)).isEqualTo(Duration.ofMillis(10));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void firstRead_thatFailsForNow_isRepeated() {
    Operation<String> cheap = on(new Cheap(bench.store), OperationPolicy.rerun());
    bench.line.onReads(Fault.NOT_SENT, Fault.REQUEST_LOST);
    assertThat(cheap.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", true));
    assertThat(bench.store.reads).isEqualTo(3);
    int writes = bench.store.writes.size();
    cheap.execute(TENANT, "k", BODY, bench.effect());
    assertThat(bench.store.writes).as("a replay is one read").hasSize(writes);
  }

  @Test
  void firstRead_thatFailsForGoodOrForLong_isATypedErrorAndRunsNothing() {
    Operation<String> cheap = on(new Cheap(bench.store), OperationPolicy.rerun());
    onReads(Fault.NOT_SENT, 1_000);
    long start = bench.timing.nanoTime();
    assertThatThrownBy(() -> cheap.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class)
        .hasMessageContaining("the operation was not run");
    assertThat(since(start)).isEqualTo(seconds(1));

    bench.line.clearFaults();
    bench.store.reads = 0;
    bench.store.beforeRead =
        () -> {
          throw KeyStoreException.notApplied(KeyStoreException.Reason.FULL, "test", null);
        };
    assertThatThrownBy(() -> cheap.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    assertThat(bench.store.reads).isEqualTo(1);
    assertThat(bench.effects).hasValue(0);
  }

  private void onReads(Fault fault, int times) {
    bench.line.onReads(Collections.nCopies(times, fault).toArray(Fault[]::new));
  }

  @Test
  void firstRead_ofAnotherKeysRecord_isATypedError() {
    rerun.execute(TENANT, "neighbour", BODY, bench.effect());
    KeyStore crossed =
        new ReadFirst() {
          @Override
          public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
            return bench.memory.compareAndSet(id, expected, next);
          }

          @Override
          public Optional<StoredRecord> find(KeyId id) {
            return Optional.of(bench.live("neighbour"));
          }
        };
    assertThatThrownBy(
            () -> on(crossed, OperationPolicy.rerun()).execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.UNREADABLE));
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void busyKey_isAnAnswerToAClaimAtOnceAndOutlastedByTheRenewalBeforeTheRun() {
    AtomicInteger writes = new AtomicInteger();
    KeyStore busy =
        writing(
            (id, expected, next) -> {
              int write = writes.incrementAndGet();
              if (write == 1) {
                bench.pass(seconds(11));
              }
              return write == 2 || write == 3
                  ? CasResult.BUSY
                  : bench.memory.compareAndSet(id, expected, next);
            });
    Operation<String> operation = on(busy, OperationPolicy.rerun());
    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", true));

    writes.set(1);
    long start = bench.timing.nanoTime();
    assertThat(operation.execute(TENANT, "other", BODY, bench.effect()))
        .isEqualTo(new Outcome.InFlight<>(seconds(1)));
    assertThat(since(start)).isZero();
    assertThat(writes).hasValue(2);
  }

  @Test
  void refusalsForNow_underAShortStoreDeadline_endWithIt() {
    Operation<String> operation =
        bench.operation(OperationPolicy.rerun().withLease(Duration.ofMillis(300)));
    onWrites(Fault.NOT_SENT, 1_000);
    long start = bench.timing.nanoTime();
    assertThatThrownBy(() -> operation.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    assertThat(since(start)).isEqualTo(Duration.ofMillis(100));
  }

  @Test
  void pollThatFailsForGood_saysThatNothingWasRun() {
    rerun.claim(key("k"), BODY);
    bench.store.beforeRead =
        () -> {
          throw KeyStoreException.unreadable(key("k").id(), "test");
        };
    Operation<String> waiting = bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(5)));
    assertThatThrownBy(() -> waiting.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class)
        .hasMessageContaining("the operation was not run");
  }

  // Held keys.

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

  // Settlements.

  @Test
  void interruptDuringACompletion_isSetAsideForItsResend() {
    List<Boolean> interrupted = new ArrayList<>();
    KeyStore interrupting =
        writing(
            (id, expected, next) -> {
              interrupted.add(Thread.currentThread().isInterrupted());
              if (interrupted.size() == 2) {
                bench.pass(seconds(6));
                Thread.currentThread().interrupt();
                throw lost();
              }
              return bench.memory.compareAndSet(id, expected, next);
            });
    assertThat(on(interrupting, OperationPolicy.rerun()).execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", false));
    assertThat(Thread.interrupted()).as("kept for the caller").isTrue();
    assertThat(interrupted).containsExactly(false, false, false);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void answerGivenOutAndThenLostToAnother_isToldAsALoss() {
    bench.line.onWrites(Fault.NONE);
    onWrites(Fault.REQUEST_LOST, 100_000);
    rerun.execute(TENANT, "k", BODY, bench.effect());
    bench.pass(seconds(31));
    assertThat(bench.events).doesNotContain("leaseLost");
    granted(elsewhere.claim(key("k"), BODY));
    bench.line.clearFaults();
    bench.pass(seconds(2));

    assertThat(bench.events).containsOnlyOnce("leaseLost");
    assertThat(bench.idempotency.engine().pending().size()).isZero();
    assertThat(bench.record("k").attempt()).isEqualTo(2);
  }

  @Test
  void completionOverAnUnreadableRecord_isToldAsAStoreErrorAndNotKnown() {
    Outcome<String> outcome =
        rerun.execute(
            TENANT,
            "k",
            BODY,
            context -> {
              replaceByTheNextFormat();
              return "x";
            });
    assertThat(outcome).isEqualTo(new Outcome.Executed<>("x", false));
    assertThat(bench.events).contains("storeError NOT_APPLIED").doesNotContain("leaseLost");
    assertThat(bench.live("k").stamp()).isEqualTo(new Stamp(1, 1));
  }

  @Test
  void doubtWhoseRecordIsPending_isNotReRunByItsOwnEngine() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    onWrites(Fault.REQUEST_LOST, 100_000);
    lease.fail(Verdict.inDoubt());
    bench.pass(seconds(31));
    bench.line.clearFaults();
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.InFlight<>(seconds(1)));
    bench.pass(seconds(2));
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InDoubt.class);
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void completionStillPending_withinTheLease_saysWhenItIsOver() {
    bench.line.onWrites(Fault.NONE);
    onWrites(Fault.REQUEST_LOST, 100_000);
    rerun.execute(TENANT, "k", BODY, bench.effect());
    bench.line.clearFaults();
    Duration left = bench.live("k").leaseLeft();
    assertThat(left).isGreaterThan(seconds(20));
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.InFlight<>(left));
  }

  @Test
  void refusalsThatGoOnForEver_areFollowedSixteenTimesAtOnceAndThenLater() {
    long start = bench.timing.nanoTime();
    AtomicInteger atOnce = new AtomicInteger();
    KeyStore restless =
        writing(
            (id, expected, next) -> {
              if (next.state() == KeyState.LOCKED) {
                return bench.memory.compareAndSet(id, expected, next);
              }
              if (since(start).isZero()) {
                atOnce.incrementAndGet();
              }
              KeyRecord other = bench.record("k").toBuilder().stamp(later(next.stamp())).build();
              return CasResult.refusedBy(StoredRecord.of(other, seconds(30), seconds(600)));
            });
    Idempotency idempotency = bench.engineOn(restless);
    assertThat(
            idempotency
                .operation("charge", Codec.text(), OperationPolicy.rerun())
                .execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", false));
    assertThat(atOnce).hasValue(16);
    bench.pass(Duration.ofMinutes(16));
    assertThat(idempotency.engine().pending().size()).isZero();
  }

  @Test
  void storeThatFindsEveryAnswerTooLarge_isOfferedTheTombstoneOnce() {
    long start = bench.timing.nanoTime();
    AtomicInteger atOnce = new AtomicInteger();
    KeyStore tiny =
        writing(
            (id, expected, next) -> {
              if (next.state() == KeyState.LOCKED) {
                return bench.memory.compareAndSet(id, expected, next);
              }
              if (since(start).isZero()) {
                atOnce.incrementAndGet();
              }
              throw new PayloadTooLargeException(2, 1);
            });
    assertThat(on(tiny, OperationPolicy.rerun()).execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", false));
    assertThat(atOnce).as("the answer, and its tombstone").hasValue(2);
  }

  @Test
  void releaseThatTheStoreFindsTooLarge_neverReplacesTheCheckpoint() {
    List<KeyRecord> releases = new ArrayList<>();
    KeyStore odd =
        writing(
            (id, expected, next) -> {
              if (next.state() == KeyState.LOCKED) {
                return bench.memory.compareAndSet(id, expected, next);
              }
              releases.add(next);
              if (releases.size() == 1) {
                throw new PayloadTooLargeException(2, 1);
              }
              return bench.memory.compareAndSet(id, expected, next);
            });
    granted(on(odd, OperationPolicy.rerun()).claim(key("k"), BODY)).fail(Verdict.retryable());
    assertThat(releases).hasSize(2).allMatch(release -> release.slots().isUnchanged());
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
  }

  @Test
  void errorOfTheVirtualMachine_endsTheLeaseOnceAndLetsItLapse() throws Exception {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    assertThat(lease.fail(new OutOfMemoryError("simulated"))).isEmpty();
    assertThatThrownBy(() -> lease.fail(new OutOfMemoryError("simulated")))
        .isInstanceOf(MisuseException.class);
    lease.close();
    assertThat(bench.store.writes).hasSize(1);
    assertThat(bench.idempotency.close(seconds(1))).isTrue();
  }

  @Test
  void failureThatCannotBeRecorded_isStillTheOneThatTheCallerSees() throws Exception {
    AtomicBoolean broken = new AtomicBoolean();
    Idempotency idempotency =
        bench
            .builderOn(bench.store)
            .random(
                () -> {
                  if (broken.get()) {
                    throw new UnsupportedOperationException("no randomness");
                  }
                  return 1;
                })
            .build();
    IllegalStateException own = new IllegalStateException("own");
    bench.line.onWrites(Fault.NONE);
    onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(
            () ->
                idempotency
                    .operation("charge", Codec.text(), OperationPolicy.rerun())
                    .execute(
                        TENANT,
                        "k",
                        BODY,
                        context -> {
                          broken.set(true);
                          throw own;
                        }))
        .isSameAs(own);
    assertThat(own.getSuppressed()[0]).isInstanceOf(UnsupportedOperationException.class);
    assertThat(idempotency.close(seconds(1))).isTrue();
  }

  @Test
  void leaseThatIsClosed_isNoLongerUnderWay() throws Exception {
    granted(rerun.claim(key("k"), BODY)).close();
    assertThat(bench.idempotency.close(seconds(1))).isTrue();
  }

  // Pending writes.

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

  // Operations and their counting.

  @Test
  void longWait_stillPollsOnceASecond() {
    Lease<String> lease = granted(elsewhere.claim(key("k"), BODY));
    long start = bench.timing.nanoTime();
    bench.timing.schedule(seconds(50).toNanos(), () -> lease.complete("theirs"));
    Operation<String> waiting =
        bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(90)));
    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("theirs");
    assertThat(since(start)).isBetween(seconds(50), seconds(51));
    assertThat(bench.store.reads).isLessThan(110);
  }

  @Test
  void nestedCall_isRefusedUnderEveryFrameThatRunsItsKey() {
    AtomicInteger refused = new AtomicInteger();
    Action<String, RuntimeException> nested =
        context -> {
          assertThatThrownBy(() -> rerun.execute(TENANT, "k", BODY, bench.effect()))
              .isInstanceOf(MisuseException.class);
          refused.incrementAndGet();
          return "x";
        };
    rerun.execute(
        TENANT,
        "k",
        BODY,
        context -> {
          rerun.execute(TENANT, "inner", BODY, nested);
          nested.run(context);
          assertThatThrownBy(
                  () ->
                      rerun.execute(
                          TENANT,
                          "thrower",
                          BODY,
                          thrower -> {
                            throw new IllegalStateException("inner");
                          }))
              .isInstanceOf(IllegalStateException.class);
          nested.run(context);
          return "outer";
        });
    assertThat(refused).hasValue(3);
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void nestedCallOfTheSameKeyInAnotherStore_isAnotherKey() {
    Operation<String> other =
        on(new MemoryKeyStore(10, bench.timing::nanoTime), OperationPolicy.rerun());
    Outcome<String> outcome =
        rerun.execute(
            TENANT,
            "k",
            BODY,
            context -> other.execute(TENANT, "k", BODY, bench.effect()).orElseThrow());
    assertThat(outcome.orElseThrow()).isEqualTo("answer 1");
  }

  @Test
  void callAfterOneThatThrew_isNotTakenForANestedOne() {
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(
              () ->
                  rerun.execute(
                      TENANT,
                      "k",
                      BODY,
                      context -> {
                        throw new IllegalStateException("x");
                      }))
          .isInstanceOf(IllegalStateException.class);
    }
    rerun.execute(TENANT, "k", BODY, bench.effect());
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.Replayed.class);
  }

  @Test
  void close_afterIdleTimes_stillWaitsForWhatRuns() throws Exception {
    rerun.execute(TENANT, "done", BODY, bench.effect());
    Lease<String> first = granted(rerun.claim(key("first"), BODY));
    Lease<String> second = granted(rerun.claim(key("second"), BODY));
    assertThat(bench.idempotency.close(seconds(1))).isFalse();
    first.complete("x");
    assertThat(bench.idempotency.close(seconds(1))).isFalse();
    second.complete("x");
    assertThat(bench.idempotency.close(seconds(1))).isTrue();
  }

  @Test
  void activity_isIdleWhenClosedAndAllThatBeganHasEnded() {
    Activity activity = new Activity();
    activity.beginCall();
    activity.end();
    assertThat(activity.idle().isDone()).as("not closed").isFalse();
    activity.beginCall();
    activity.begin();
    activity.close();
    assertThat(activity.isClosed()).isTrue();
    assertThatThrownBy(activity::beginCall).isInstanceOf(MisuseException.class);
    activity.begin();
    activity.end();
    activity.end();
    assertThat(activity.idle().isDone()).as("one is left").isFalse();
    activity.end();
    assertThat(activity.idle().isDone()).isTrue();
    Activity unused = new Activity();
    unused.close();
    assertThat(unused.idle().isDone()).isTrue();
  }
}
