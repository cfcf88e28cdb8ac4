package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.OTHER_BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
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
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What core makes of store calls whose outcome nobody knows (architecture §5, steps 3 and 8). */
class UnknownOutcomesTest {
  private final Bench bench = new Bench();
  private final Operation<String> rerun = bench.operation(OperationPolicy.rerun());
  private final Operation<String> hold = bench.operation(OperationPolicy.hold());

  @Test
  void i17_claimWhoseReplyWasLost_isGrantedWithTheSameFence() {
    bench.onWrites(Fault.REPLY_LOST, 1);

    Outcome<String> outcome =
        rerun.execute(
            TENANT,
            "k",
            BODY,
            context -> {
              assertThat(context.fence()).isEqualTo(bench.record("k").fence());
              assertThat(context.attempt()).isEqualTo(1);
              return bench.effect().run(context);
            });

    assertThat(outcome).isEqualTo(new Outcome.Executed<>("answer 1", true));
    assertThat(bench.store.writes.get(0).next().stamp())
        .as("an identical re-issue repeats the stamp")
        .isEqualTo(bench.store.writes.get(1).next().stamp());
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void i17_claimThatNeverArrived_isSentAgain() {
    bench.onWrites(Fault.REQUEST_LOST, 2);
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 1");
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void i18_unresolvedClaim_runsNothingAndIsWithdrawn() {
    bench.line.onWrites(Fault.REPLY_LOST);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);

    assertThatThrownBy(() -> rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.UNKNOWN));
    clearFaults();
    assertThat(bench.effects).hasValue(0);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);

    bench.pass(seconds(29));

    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(bench.record("k").attempt()).as("the operation never started").isZero();
    assertThat(bench.idempotency.engine().pending().size()).isZero();
    hold.execute(
        TENANT,
        "k",
        BODY,
        context -> {
          assertThat(context.attempt()).isEqualTo(1);
          return bench.effect().run(context);
        });
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void i22_claimThatLandsLate_isWithdrawnToo() {
    bench.onWrites(Fault.HELD, 1);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(() -> rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    clearFaults();
    assertThat(bench.memory.find(key("k").id())).isEmpty();
    bench.pass(seconds(10));

    assertThat(bench.line.deliverHeld()).containsExactly(CasResult.APPLIED);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    bench.pass(seconds(2));

    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(bench.idempotency.engine().pending().size()).isZero();
  }

  @Test
  void i19_orphanThatNobodyWithdraws_healsWithinALease() {
    bench.onWrites(Fault.HELD, 1);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(() -> rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    bench.pass(seconds(60));
    assertThat(bench.idempotency.engine().pending().size()).as("given up after a lease").isZero();

    Bench other = bench;
    other.line.deliverHeld();
    Operation<String> elsewhere =
        bench.engineOn(bench.memory).operation("charge", Codec.text(), OperationPolicy.rerun());
    assertThat(elsewhere.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    bench.pass(seconds(30));
    assertThat(elsewhere.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 1");
  }

  @Test
  void withdrawal_overAReleasedKey_putsBackWhatWasFound() {
    ExecuteTest.granted(hold.claim(key("k"), BODY)).fail(Verdict.retryable());
    KeyRecord found = bench.record("k");
    bench.line.onWrites(Fault.NONE, Fault.REPLY_LOST);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);

    assertThatThrownBy(() -> hold.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    clearFaults();
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    bench.pass(seconds(29));

    KeyRecord putBack = bench.record("k");
    assertThat(putBack.state()).isEqualTo(found.state());
    assertThat(putBack.attempt()).isEqualTo(found.attempt());
    assertThat(putBack.grant()).isEqualTo(found.grant());
    assertThat(putBack.fingerprint()).isEqualTo(found.fingerprint());
  }

  @Test
  void withdrawal_whileTheFoundRecordIsStillThere_isSentAgain() {
    ExecuteTest.granted(hold.claim(key("k"), BODY)).fail(Verdict.retryable());
    // The claim over the released key is held back: it lands after the first withdrawals.
    bench.line.onWrites(Fault.NONE, Fault.HELD);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(() -> hold.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    clearFaults();
    bench.pass(seconds(5));
    bench.line.deliverHeld();
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    bench.pass(seconds(2));

    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(bench.record("k").attempt()).isEqualTo(1);
  }

  @Test
  void withdrawal_overALapsedLock_sendsNothing() {
    ExecuteTest.granted(rerun.claim(key("k"), BODY)).close();
    bench.pass(seconds(31));
    bench.line.onWrites(Fault.NONE, Fault.REPLY_LOST);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(() -> rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    clearFaults();
    int sent = bench.store.writes.size();
    bench.pass(seconds(29));

    assertThat(bench.store.writes).hasSize(sent);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    assertThat(bench.record("k").attempt()).isEqualTo(2);
  }

  @Test
  void pendingRelease_isTakenByItsOwnEngineAtOnce() {
    bench.line.onWrites(Fault.REPLY_LOST);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(() -> hold.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    assertThat(bench.idempotency.engine().pending().size()).isEqualTo(1);
    clearFaults();

    Outcome<String> outcome =
        hold.execute(
            TENANT,
            "k",
            BODY,
            context -> {
              assertThat(context.attempt()).isEqualTo(1);
              return bench.effect().run(context);
            });

    assertThat(outcome.orElseThrow()).isEqualTo("answer 1");
    bench.pass(seconds(5));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
    assertThat(bench.idempotency.engine().pending().size()).isZero();
  }

  @Test
  void afterUnknown_aLaterRefusalForNowDoesNotSettleTheClaim() {
    // Applied, but nobody knows; then the line is down for good.
    bench.line.onWrites(Fault.REPLY_LOST);
    bench.onWrites(Fault.NOT_SENT, 1_000);

    assertThatThrownBy(() -> rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.UNKNOWN));
    clearFaults();
    bench.pass(seconds(29));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
  }

  @Test
  void transientRefusals_areRepeatedForASecondAtMost() {
    bench.onWrites(Fault.NOT_SENT, 5);
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.Executed.class);

    bench.onWrites(Fault.NOT_SENT, 1_000);
    long before = bench.timing.nanoTime();
    assertThatThrownBy(() -> rerun.execute(TENANT, "down", BODY, bench.effect()))
        .isInstanceOfSatisfying(KeyStoreException.class, e -> assertThat(e.isTransient()).isTrue());
    assertThat(bench.timing.nanoTime() - before).isLessThanOrEqualTo(1_000_000_000L);
    assertThat(bench.idempotency.engine().pending().size()).as("nothing to withdraw").isZero();
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void peer26_permanentRefusal_failsClosedAtOnce() {
    Operation<String> full =
        bench
            .engineOn(
                new Refusing(
                    KeyStoreException.notApplied(
                        KeyStoreException.Reason.READ_ONLY, "a replica", null)))
            .operation("charge", Codec.text(), OperationPolicy.rerun());
    assertThatThrownBy(() -> full.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.READ_ONLY));
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void storeThatThrowsAnythingElse_isUnknown() {
    Operation<String> broken =
        bench
            .engineOn(new Refusing(new IllegalStateException("secret in a message")))
            .operation("charge", Codec.text(), OperationPolicy.rerun());
    assertThatThrownBy(() -> broken.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.UNKNOWN))
        .hasMessageNotContaining("secret");
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void busy_isInFlightToAClaim() {
    Operation<String> busy =
        bench
            .engineOn(new Refusing(null))
            .operation("charge", Codec.text(), OperationPolicy.rerun());
    assertThat(busy.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.InFlight<>(seconds(1)));
  }

  @Test
  void i20_completionWhoseReplyWasLost_isRecorded() {
    for (Fault[] faults :
        new Fault[][] {
          {Fault.NONE, Fault.REPLY_LOST},
          {Fault.NONE, Fault.REQUEST_LOST},
          {Fault.NONE, Fault.NOT_SENT},
          {Fault.NONE, Fault.REPLY_LOST, Fault.NOT_SENT, Fault.REQUEST_LOST},
          {Fault.NONE, Fault.DUPLICATED},
        }) {
      String value = Arrays.toString(faults);
      bench.line.onWrites(faults);
      assertThat(rerun.execute(TENANT, value, BODY, context -> "x"))
          .as(value)
          .isEqualTo(new Outcome.Executed<>("x", true));
      bench.line.deliverHeld();
      assertThat(bench.record(value).state()).isEqualTo(KeyState.COMPLETED);
    }
  }

  @Test
  void i21_unresolvedCompletion_isGivenOutMarkedAndReSent() {
    bench.line.onWrites(Fault.NONE);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);

    Outcome<String> outcome = rerun.execute(TENANT, "k", BODY, bench.effect());

    assertThat(outcome).isEqualTo(new Outcome.Executed<>("answer 1", false));
    assertThat(bench.events).contains("recordedUnknown");
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    clearFaults();
    assertThat(rerun.execute(TENANT, "k", OTHER_BODY, bench.effect()))
        .isInstanceOf(Outcome.KeyReused.class);
    bench.pass(seconds(20));
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 1");
    assertThat(bench.effects).hasValue(1);
    assertThat(bench.idempotency.engine().pending().size()).isZero();
  }

  @Test
  void i21_completionThatNeverGetsThrough_endsWithTheMaximumHold() {
    bench.line.onWrites(Fault.NONE);
    bench.onWrites(Fault.REQUEST_LOST, 100_000);
    rerun.execute(TENANT, "k", BODY, bench.effect());
    bench.pass(java.time.Duration.ofMinutes(16));

    assertThat(bench.idempotency.engine().pending().size()).isZero();
    assertThat(bench.timing.scheduled()).isZero();
  }

  @Test
  void failureWhoseReplyWasLost_isReleasedOnceAndRethrown() {
    bench.line.onWrites(Fault.NONE, Fault.REPLY_LOST, Fault.REQUEST_LOST);
    IllegalStateException original = new IllegalStateException("x");
    assertThatThrownBy(
            () ->
                rerun.execute(
                    TENANT,
                    "k",
                    BODY,
                    context -> {
                      throw original;
                    }))
        .isSameAs(original);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
  }

  @Test
  void unresolvedRelease_isTakenByItsOwnEngineAtOnce() {
    bench.line.onWrites(Fault.NONE);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
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
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    clearFaults();

    assertThat(
            rerun
                .execute(TENANT, "k", BODY, context -> "attempt " + context.attempt())
                .orElseThrow())
        .isEqualTo("attempt 2");
  }

  @Test
  void peer12_completionFailure_isNeverAFailureOfTheOperation() {
    bench.line.onWrites(Fault.NONE);
    bench.onWrites(Fault.NOT_SENT, 1_000);
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", false));
    assertThat(bench.store.writes)
        .noneMatch(call -> call.next().state() == KeyState.FAILED_RETRYABLE);
  }

  @Test
  void i14_recordOfAnotherKey_isATypedErrorAndRunsNothing() {
    rerun.execute(TENANT, "neighbour", BODY, bench.effect());
    KeyStore crossed =
        new KeyStore() {
          @Override
          public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
            return CasResult.refusedBy(bench.live("neighbour"));
          }

          @Override
          public Optional<StoredRecord> find(KeyId id) {
            return Optional.of(bench.live("neighbour"));
          }
        };
    Operation<String> operation =
        bench.engineOn(crossed).operation("charge", Codec.text(), OperationPolicy.rerun());

    assertThatThrownBy(() -> operation.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.UNREADABLE));
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void i42_recordOfTheNextFormat_isATypedErrorAndIsLeftAlone() {
    rerun.claim(key("k"), BODY);
    KeyRecord next = bench.record("k").toBuilder().stamp(new Stamp(1, 1)).format(2).build();
    bench.memory.compareAndSet(
        key("k").id(), bench.live("k").stamp(), next.toBuilder().retention(seconds(60)).build());

    assertThatThrownBy(() -> rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.UNREADABLE));
    assertThat(bench.live("k").stamp()).isEqualTo(new Stamp(1, 1));
    assertThat(bench.effects).hasValue(0);
  }

  private void clearFaults() {
    bench.line.clearFaults();
  }

  /** Answers every call with the same error, or with busy where there is none. */
  private record Refusing(RuntimeException error) implements KeyStore {
    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      if (error == null) {
        return CasResult.BUSY;
      }
      throw error;
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      throw new AssertionError("core does not ask here");
    }
  }
}
