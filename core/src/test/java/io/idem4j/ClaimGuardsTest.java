package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The guards of a claim, one each. */
class ClaimGuardsTest extends EngineGuards {
  @Test
  void renewalBeforeTheRun_refusedByItsOwnStamp_countsFromItsFirstSend() {
    delayWrites(seconds(11), Duration.ZERO, seconds(5));
    bench.line.onWrites(Fault.NONE, Fault.REPLY_LOST);
    long start = bench.timing.nanoTime();
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    assertLeaseEnds(lease, seconds(41), start);
  }

  @Test
  void claimWhoseReplyWasLost_countsItsLeaseFromTheFirstSend() {
    delayWrites(Duration.ZERO, seconds(4));
    bench.line.onWrites(Fault.REPLY_LOST);
    long start = bench.timing.nanoTime();
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    assertLeaseEnds(lease, seconds(30), start);
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
      assertThat(Refusals.withdrawn(Stamp.ABSENT, stamps, Optional.of(live)))
          .isEqualTo(Refusals.Withdrawal.SETTLED);
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

  @Test
  void roundTrips_readFirst_areThreeForAFirstCallAndOneForAReplayOrARefusal() {
    Operation<String> operation = on(new Cheap(bench.store), OperationPolicy.rerun());
    operation.execute(TENANT, "k", BODY, bench.effect());
    assertThat(bench.store.reads).isEqualTo(1);
    assertThat(bench.store.writes).hasSize(2);
    operation.execute(TENANT, "k", BODY, bench.effect());
    operation.execute(TENANT, "k", Bench.OTHER_BODY, bench.effect());
    assertThat(bench.store.reads).isEqualTo(3);
    assertThat(bench.store.writes).hasSize(2);
  }

  /** The claim was applied and lapsed before its renewal; what never ran is no doubt. */
  @Test
  void renewalBeforeTheRun_refusedByADoubtOnItsOwnGrant_putsBackWhatWasFound() {
    Operation<String> holdElsewhere = on(bench.memory, OperationPolicy.hold());
    beforeWrites(
        () -> bench.pass(seconds(11)),
        () -> {
          bench.pass(seconds(31));
          assertThat(holdElsewhere.execute(key("k"), Bench.BODY, bench.effect()))
              .isInstanceOf(Outcome.InDoubt.class);
        });
    assertThat(hold.execute(key("k"), Bench.BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    bench.pass(seconds(1));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(bench.record("k").attempt()).isZero();
    assertThat(bench.effects).hasValue(0);
    assertThat(hold.execute(key("k"), Bench.BODY, bench.effect()))
        .isInstanceOf(Outcome.Executed.class);
  }

  @Test
  void renewalBeforeTheRun_refusedAgainAndAgain_endsWithTheStoreDeadline() {
    Operation<String> forgetful =
        on(
            writing(
                (id, expected, next) -> {
                  bench.pass(seconds(11));
                  return expected.equals(Stamp.ABSENT) ? CasResult.APPLIED : CasResult.NONE_LIVE;
                }),
            OperationPolicy.rerun());
    assertThatThrownBy(() -> forgetful.execute(key("k"), Bench.BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.CONFLICT));
    assertThat(bench.effects).hasValue(0);
  }

  /** The withdrawal of an earlier grant must not follow the lock of the later one (I3, I12). */
  @Test
  void keyTakenAgainByTheSameCall_isNotGivenBackByItsOwnEarlierWithdrawal() {
    PutsBackUnheard store = new PutsBackUnheard();
    Operation<String> waiting = on(store, OperationPolicy.hold().withWaitBudget(seconds(60)));
    Outcome<String> outcome =
        waiting.execute(
            key("k"),
            BODY,
            context -> {
              assertThat(store.putBack).as("it was given back before").isTrue();
              store.hears = true;
              bench.pass(seconds(2));
              assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
              return "answer " + bench.effects.incrementAndGet();
            });
    assertThat(outcome).isEqualTo(new Outcome.Executed<>("answer 1", true));
    assertThat(store.heard).as("the withdrawal was sent again meanwhile").isTrue();
    assertThat(hold.execute(key("k"), BODY, bench.effect())).isInstanceOf(Outcome.Replayed.class);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void keyTakenAgainAfterAnother_bearsAnotherGrant() {
    Operation<String> waiting =
        bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(60)));
    beforeWrites(
        () -> bench.pass(seconds(11)),
        () -> {
          bench.pass(seconds(31));
          Lease<String> others = granted(elsewhere.claim(key("k"), BODY));
          bench.timing.schedule(seconds(1).toNanos(), () -> others.fail(Verdict.retryable()));
        });
    assertThat(waiting.execute(key("k"), BODY, bench.effect()))
        .isInstanceOf(Outcome.Executed.class);
    assertThat(bench.record("k").grant())
        .isNotEqualTo(bench.store.writes.get(0).next().stamp().grant());
  }

  /**
   * Slow to claim and to renew, so that a duplicate marks the claim in doubt before it ran; applies
   * what gives the key back, but says so only when it is told to hear.
   */
  private final class PutsBackUnheard implements KeyStore {
    private int locks;
    private boolean putBack;
    private boolean hears;
    private boolean heard;

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      if (next.state() == KeyState.FAILED_RETRYABLE) {
        if (putBack && !hears) {
          throw lost();
        }
        heard |= hears;
        CasResult result = bench.memory.compareAndSet(id, expected, next);
        if (result instanceof CasResult.Applied && !hears) {
          putBack = true;
          throw lost();
        }
        return result;
      }
      locks++;
      if (locks == 1) {
        bench.pass(seconds(11));
      } else if (locks == 2) {
        bench.pass(seconds(31));
        assertThat(hold.execute(key("k"), BODY, bench.effect()))
            .isInstanceOf(Outcome.InDoubt.class);
      }
      return bench.memory.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      if (!putBack) {
        throw KeyStoreException.notApplied(KeyStoreException.Reason.UNAVAILABLE, "not yet", null);
      }
      return bench.memory.find(id);
    }
  }
}
