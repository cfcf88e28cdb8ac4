package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Recovery.Finding;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.spi.TransactionBound;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Steps, recoveries, completers and transactions, where one meets the other. */
class SeamsTest {
  private static final Codec<String> TEXT = Codec.text();

  private final Bench bench = new Bench();
  private final Idempotency scanned = bench.engineOn(new ScannedStore(bench.store, bench.memory));

  private Operation<String> on(OperationPolicy policy) {
    return scanned.operation("charge", TEXT, policy);
  }

  private KeyState state() {
    return bench.record("k").state();
  }

  private void doubt(Operation<String> operation) {
    granted(operation.claim(key("k"), BODY)).fail(Verdict.inDoubt());
    assertThat(state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
  }

  /** The claim was applied, nobody knows it, and it is withdrawn: the doubt holds meanwhile. */
  @Test
  void completersClaimThatIsWithdrawn_letsNobodyRunWhatIsInDoubt() {
    Operation<String> hold = on(OperationPolicy.hold());
    doubt(hold);
    bench.onWrites(Fault.REPLY_LOST, 1);
    bench.onWrites(Fault.REQUEST_LOST, 500);
    hold.completer(record -> true, (record, context) -> Finding.unknown()).run();
    assertThat(state()).isEqualTo(KeyState.LOCKED);
    bench.line.clearFaults();

    assertThat(hold.execute(key("k"), BODY, bench.effect())).isInstanceOf(Outcome.InFlight.class);
    bench.pass(seconds(5));
    assertThat(hold.execute(key("k"), BODY, bench.effect())).isInstanceOf(Outcome.InDoubt.class);
    assertThat(bench.effects).hasValue(0);
  }

  /** A lock under rerun() is taken over; a doubt that a completer would lock is not locked. */
  @Test
  void completerThatDies_forgetsNoDoubtUnderRerun() {
    Operation<String> rerun = on(OperationPolicy.rerun());
    doubt(rerun);
    Completer<String> dying =
        rerun.completer(
            record -> true,
            (record, context) -> {
              throw new OutOfMemoryError("simulated");
            });
    dying.run();
    bench.pass(seconds(30));

    assertThat(rerun.execute(key("k"), BODY, bench.effect())).isInstanceOf(Outcome.InDoubt.class);
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void completerThatCannotTell_keepsNobodyOutUnderRerun() {
    Operation<String> rerun = on(OperationPolicy.rerun());
    granted(rerun.claim(key("k"), BODY)).close();
    bench.pass(seconds(30));
    rerun.completer(record -> true, (record, context) -> Finding.unknown()).run();

    assertThat(rerun.execute(key("k"), BODY, bench.effect())).isInstanceOf(Outcome.Executed.class);
    assertThat(bench.record("k").attempt()).isEqualTo(2);
  }

  /** Another asked after this lease was over, and ran: this one does not run too. */
  @Test
  void recoveryThatOutlivesItsLease_runsNothing() {
    OperationPolicy policy = OperationPolicy.recover();
    Operation<String> other =
        bench
            .engineOn(bench.memory)
            .operation("charge", TEXT, policy)
            .withRecovery(context -> Finding.notDone());
    granted(other.claim(key("k"), BODY)).close();
    bench.pass(seconds(31));
    Operation<String> slow =
        bench
            .operation(policy)
            .withRecovery(
                context -> {
                  bench.onWrites(Fault.REQUEST_LOST, 1_000);
                  bench.pass(seconds(60));
                  other.execute(key("k"), BODY, bench.effect());
                  bench.line.clearFaults();
                  assertThat(context.isLeaseLost()).isTrue();
                  return Finding.notDone();
                });

    assertThat(slow.execute(key("k"), BODY, bench.effect())).isInstanceOf(Outcome.InFlight.class);
    assertThat(slow.execute(key("k"), BODY, bench.effect())).isInstanceOf(Outcome.Replayed.class);
    assertThat(bench.effects).hasValue(1);
  }

  /** A store whose line is down for checkpoints, and that then says that they do not fit. */
  private final class Small implements KeyStore {
    private boolean isDown = true;

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      if (next.slots().checkpoint() != null) {
        if (isDown) {
          throw KeyStoreException.notApplied(KeyStoreException.Reason.UNAVAILABLE, "down", null);
        } else if (expected.equals(bench.memory.find(id).orElseThrow().stamp())) {
          throw new PayloadTooLargeException(next.slots().checkpoint().length, 10);
        }
      }
      return bench.memory.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return bench.memory.find(id);
    }
  }

  @Test
  void stepThatDoesNotFit_isFoundOutByAPreparedRelease() {
    Small small = new Small();
    Operation<String> operation =
        bench
            .engineOn(small)
            .operation("charge", TEXT, OperationPolicy.rerun())
            .withAnswerClassifier((value, key) -> Optional.of(Verdict.retryable()));
    Lease<String> lease = granted(operation.claim(key("k"), BODY));
    lease.context().step("pay", TEXT, () -> "paid");
    small.isDown = false;

    assertThatThrownBy(() -> lease.prepare("503")).isInstanceOf(StepNotRecordedException.class);
    assertThat(lease.fail(new IllegalStateException())).isEmpty();
    assertThat(state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
  }

  @Test
  void i02_doubtOverARecoverysDoubt_keepsTheRaisedFence() {
    Small small = new Small();
    OperationPolicy policy = OperationPolicy.recover();
    Operation<String> holder =
        bench
            .engineOn(small)
            .operation("charge", TEXT, policy)
            .withRecovery(context -> Finding.unknown());
    Operation<String> other =
        bench
            .engineOn(bench.memory)
            .operation("charge", TEXT, policy)
            .withRecovery(context -> Finding.unknown());
    Lease<String> lease = granted(holder.claim(key("k"), BODY));
    lease.context().step("pay", TEXT, () -> "paid");
    bench.pass(seconds(40));
    other.claim(key("k"), BODY);
    long raised = bench.record("k").fence();
    assertThat(raised).isGreaterThan(lease.context().fence());
    small.isDown = false;

    lease.fail(Verdict.retryable());

    assertThat(state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(bench.record("k").fence()).isEqualTo(raised);
  }

  /** Its writes are seen by itself, and by others once it is committed. */
  private static final class Transaction implements TransactionBound {
    private final KeyStore base;
    private KeyRecord written;
    private Stamp replaced;

    Transaction(KeyStore base) {
      this.base = base;
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      Optional<StoredRecord> live = find(id);
      Stamp stamp = live.map(StoredRecord::stamp).orElse(Stamp.ABSENT);
      if (!stamp.equals(expected)) {
        return live.map(CasResult::refusedBy).orElse(CasResult.NONE_LIVE);
      }
      replaced = written == null ? expected : replaced;
      written = next.resolveSlots(live.map(StoredRecord::record).orElse(null));
      return CasResult.APPLIED;
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return written == null
          ? base.find(id)
          : Optional.of(StoredRecord.of(written, written.lease(), written.retention()));
    }

    void commit() {
      assertThat(base.compareAndSet(written.keyId(), replaced, written))
          .isEqualTo(CasResult.APPLIED);
    }
  }

  /** What the claim took is there until the commit is seen: that proves nothing. */
  @Test
  void commitThatIsStillUnderWay_isNotTakenForRolledBack() {
    Operation<String> rerun = on(OperationPolicy.rerun());
    granted(rerun.claim(key("k"), BODY)).fail(Verdict.retryable());
    Transaction transaction = new Transaction(bench.memory);
    PreparedCompletion<String> prepared =
        granted(rerun.claim(transaction, key("k"), BODY)).prepare("paid");
    prepared.writeTo(transaction);

    assertThatThrownBy(prepared::unknown)
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.UNKNOWN));

    transaction.commit();
    assertThat(state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void releaseThatWasCommitted_andTakenSince_isNotTakenForRolledBack() {
    Operation<String> operation =
        on(OperationPolicy.rerun())
            .withAnswerClassifier((value, key) -> Optional.of(Verdict.retryable()));
    PreparedCompletion<String> prepared = granted(operation.claim(key("k"), BODY)).prepare("503");
    prepared.writeTo(bench.memory);
    granted(operation.claim(key("k"), BODY));

    assertThatThrownBy(prepared::unknown).isInstanceOf(KeyStoreException.class);
  }

  /** A transaction that was sent twice by its owner refuses its own second sending. */
  @Test
  void refusedByItsOwnRecord_isCommitted() {
    PreparedCompletion<String> prepared =
        granted(on(OperationPolicy.rerun()).claim(key("k"), BODY)).prepare("paid");
    prepared.writeTo(bench.memory);

    assertThat(prepared.refused()).contains(new Outcome.Executed<>("paid", true));
    assertThat(state()).isEqualTo(KeyState.COMPLETED);
  }

  /** Committed, asked about, and in doubt again under this holder's grant: it was committed. */
  @Test
  void doubtThatWasCommitted_andAskedAboutSince_isNotTakenForRolledBack() {
    OperationPolicy policy = OperationPolicy.recover();
    Recovery<String> cannotTell = context -> Finding.unknown();
    for (Verdict verdict : List.of(Verdict.inDoubt(), Verdict.retryable())) {
      Operation<String> operation =
          on(policy)
              .withRecovery(cannotTell)
              .withAnswerClassifier((value, key) -> Optional.of(verdict));
      IdempotencyKey key = key(verdict.kind().name());
      PreparedCompletion<String> prepared = granted(operation.claim(key, BODY)).prepare("504");
      prepared.writeTo(bench.memory);
      assertThat(operation.claim(key, BODY)).isInstanceOf(Claim.Denied.class);

      assertThatThrownBy(prepared::unknown)
          .as(verdict.kind().name())
          .isInstanceOf(KeyStoreException.class);
    }
  }

  /** Its result would be recorded by nobody, and the next attempt would make the step again. */
  @Test
  void prepareWhileAStepIsUnderWay_isRefused() {
    Operation<String> operation =
        on(OperationPolicy.rerun())
            .withAnswerClassifier((value, key) -> Optional.of(Verdict.retryable()));
    Lease<String> lease = granted(operation.claim(key("k"), BODY));
    CompletableFuture<String> paid = new CompletableFuture<>();
    CompletableFuture<String> step = lease.context().stepAsync("pay", TEXT, () -> paid);
    assertThatThrownBy(() -> lease.prepare("503")).isInstanceOf(MisuseException.class);
    paid.complete("paid");
    assertThat(step).isCompletedWithValue("paid");

    PreparedCompletion<String> prepared = lease.prepare("503");
    prepared.writeTo(bench.memory);
    prepared.committed();
    assertThat(granted(operation.claim(key("k"), BODY)).context().recordedSteps().names())
        .containsExactly("pay");
  }

  @Test
  void completionThatIsNeverReported_isWaitedForUntilItsLeaseIsClosed() throws Exception {
    Lease<String> lease = granted(on(OperationPolicy.rerun()).claim(key("k"), BODY));
    PreparedCompletion<String> prepared = lease.prepare("paid");
    bench.pass(seconds(31));
    assertThat(lease.context().isLeaseLost()).isTrue();
    assertThat(scanned.close(Duration.ZERO)).isFalse();

    lease.close();
    assertThat(scanned.close(Duration.ZERO)).isTrue();
    prepared.rolledBack();
    assertThat(scanned.close(Duration.ZERO)).as("what is closed stays so").isTrue();
  }
}
