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
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The guards of completions and failures, one each. */
class SettlementGuardsTest extends EngineGuards {
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

  /** S8: what was applied and is past its retention would look like a loss. */
  @Test
  void completionStillPending_isNotSentPastItsRetention() {
    Operation<String> brief = bench.operation(OperationPolicy.rerun().withRetention(seconds(50)));
    Outcome<String> outcome =
        brief.execute(
            key("k"),
            BODY,
            context -> {
              onWrites(Fault.REQUEST_LOST, 100_000);
              return "answer";
            });
    assertThat(outcome).isEqualTo(new Outcome.Executed<>("answer", false));
    // Five seconds of it had passed before the caller was told.
    bench.pass(seconds(43));
    assertThat(bench.idempotency.engine().pending().size()).isEqualTo(1);
    bench.pass(seconds(4));
    assertThat(bench.idempotency.engine().pending().size()).isZero();
  }
}
