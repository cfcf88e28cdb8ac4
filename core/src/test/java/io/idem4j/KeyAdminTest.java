package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyAdmin.Inspection;
import io.idem4j.KeyAdmin.Result;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What an operator sees and does, in virtual time. */
class KeyAdminTest {
  private static final KeyId ID = key("k").id();

  private final Bench bench = new Bench();
  private final Operation<String> hold = bench.operation(OperationPolicy.hold());
  private final Operation<String> rerun = bench.operation(OperationPolicy.rerun());
  private final KeyAdmin<String> admin = hold.admin();

  private void failInDoubt() {
    assertThatThrownBy(
            () ->
                hold.execute(
                    key("k").withReference("order 7"),
                    BODY,
                    context -> {
                      throw new IOException();
                    }))
        .isInstanceOf(IOException.class);
  }

  private Outcome<String> call() {
    return hold.execute(TENANT, "k", BODY, bench.effect());
  }

  @Test
  void inspect_showsEverythingButTheAnswer() {
    assertThat(admin.inspect(ID)).isEmpty();
    Lease<String> lease = granted(hold.claim(key("k").withReference("order 7"), BODY));
    Inspection running = admin.inspect(ID).orElseThrow();
    assertThat(running.state()).isEqualTo(KeyState.LOCKED);
    assertThat(running.reference()).contains("order 7");
    assertThat(running.attempt()).isEqualTo(1);
    assertThat(running.fence()).isPositive();
    assertThat(running.leaseLeft()).isEqualTo(seconds(30));
    lease.complete(Canaries.BODY);
    bench.pass(Duration.ofHours(1));
    Inspection done = admin.inspect(ID).orElseThrow();
    assertThat(done.state()).isEqualTo(KeyState.COMPLETED);
    assertThat(done.leaseLeft()).isZero();
    assertThat(done.retentionLeft()).isEqualTo(Duration.ofHours(23));
    assertThat(done.toString()).doesNotContain("order");
  }

  @Test
  void complete_ofADoubt_isReplayed() {
    failInDoubt();
    assertThat(admin.complete(ID, "settled")).isEqualTo(Result.DONE);
    assertThat(call())
        .isEqualTo(
            new Outcome.Replayed<>(
                Optional.of("settled"), true, Optional.empty(), Optional.of("order 7")));
    assertThat(admin.complete(ID, "again")).isEqualTo(Result.NOT_IN_DOUBT);
    assertThat(call().orElseThrow()).isEqualTo("settled");
    assertThat(bench.live("k").retentionLeft()).isEqualTo(Duration.ofDays(1));
  }

  @Test
  void release_ofADoubt_letsTheNextCallRun() {
    failInDoubt();
    assertThat(call()).isInstanceOf(Outcome.InDoubt.class);
    assertThat(admin.release(ID)).isEqualTo(Result.DONE);
    assertThat(call()).isEqualTo(new Outcome.Executed<>("answer 1", true));
    assertThat(bench.record("k").attempt()).isEqualTo(2);
  }

  @Test
  void fail_ofADoubt_isReplayed() {
    failInDoubt();
    RecordedFailure failure = RecordedFailure.of("card-declined");
    assertThat(admin.fail(ID, failure)).isEqualTo(Result.DONE);
    assertThat(call()).isEqualTo(new Outcome.Failed<>(failure, Optional.empty()));
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void lapsedLock_isADoubtUnlessThePolicyReruns() {
    granted(hold.claim(key("k"), BODY)).close();
    assertThat(admin.complete(ID, "x")).isEqualTo(Result.RUNNING);
    bench.pass(seconds(30));
    assertThat(rerun.admin().complete(ID, "x")).isEqualTo(Result.NOT_IN_DOUBT);
    assertThat(admin.complete(ID, "x")).isEqualTo(Result.DONE);
    assertThat(call().orElseThrow()).isEqualTo("x");
  }

  @Test
  void settledDoubt_itsHolderThatWakesChangesNothing() {
    Lease<String> paused = granted(hold.claim(key("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 200);
    bench.pass(seconds(40));
    bench.line.clearFaults();
    assertThat(admin.complete(ID, "settled")).isEqualTo(Result.DONE);
    Outcome<String> late = paused.complete("late");
    assertThat(late).isInstanceOf(Outcome.Replayed.class);
    assertThat(late.orElseThrow()).isEqualTo("settled");
  }

  @Test
  void forget_erasesAndIsRefusedWhileALeaseRuns() {
    assertThat(admin.forget(ID)).isEqualTo(Result.ABSENT);
    Lease<String> lease = granted(hold.claim(key("k").withReference("order 7"), BODY));
    assertThat(admin.forget(ID)).isEqualTo(Result.RUNNING);
    lease.complete("answer");
    assertThat(admin.forget(ID)).isEqualTo(Result.DONE);
    assertThat(admin.inspect(ID)).isEmpty();
    var erased = bench.store.writes.get(bench.store.writes.size() - 1).next();
    assertThat(erased.slots().payload()).isNull();
    assertThat(erased.reference()).isEmpty();
    assertThat(admin.forget(ID)).isEqualTo(Result.ABSENT);
    assertThat(call()).isEqualTo(new Outcome.Executed<>("answer 1", true));
  }

  @Test
  void lostReplies_areAskedAgainAndNeverAppliedTwice() {
    failInDoubt();
    bench.line.onWrites(Fault.REPLY_LOST, Fault.REQUEST_LOST);
    assertThat(admin.complete(ID, "settled")).isEqualTo(Result.DONE);
    assertThat(call().orElseThrow()).isEqualTo("settled");
    bench.line.onWrites(Fault.REPLY_LOST);
    assertThat(admin.forget(ID)).isEqualTo(Result.DONE);
    assertThat(admin.inspect(ID)).isEmpty();
  }

  @Test
  void storeThatDoesNotAnswer_isSaid() {
    failInDoubt();
    bench.onWrites(Fault.REQUEST_LOST, 200);
    assertThatThrownBy(() -> admin.release(ID))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.UNKNOWN))
        .hasMessageContaining("may have changed");
    bench.line.clearFaults();
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(admin.release(ID)).isEqualTo(Result.DONE);
  }

  @Test
  void keysThatWereNeverInDoubt_areLeftAlone() {
    call();
    assertThat(admin.release(ID)).isEqualTo(Result.NOT_IN_DOUBT);
    assertThat(admin.fail(ID, RecordedFailure.of("no"))).isEqualTo(Result.NOT_IN_DOUBT);
    assertThat(admin.complete(key("other").id(), "x")).isEqualTo(Result.ABSENT);
    assertThat(call().orElseThrow()).isEqualTo("answer 1");
  }

  /** Applies the first write, lets another go on from there, and loses the reply. */
  private Operation<String> overtaken(Runnable meanwhile) {
    AtomicBoolean isFirst = new AtomicBoolean(true);
    return bench
        .engineOn(
            new KeyStore() {
              @Override
              public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
                CasResult result = bench.memory.compareAndSet(id, expected, next);
                if (isFirst.getAndSet(false)) {
                  meanwhile.run();
                  throw KeyStoreException.unknown("lost by the test", null);
                }
                return result;
              }

              @Override
              public Optional<StoredRecord> find(KeyId id) {
                return bench.memory.find(id);
              }
            })
        .operation("charge", Codec.text(), OperationPolicy.hold());
  }

  private void assertOvertaken(Runnable change) {
    assertThatThrownBy(change::run)
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.UNKNOWN))
        .hasMessageContaining("may have been changed");
  }

  /** What was forgotten ran again at once: its new answer is not what was to be forgotten. */
  @Test
  void i16_forgetWhoseReplyWasLost_erasesNoLaterAnswer() {
    failInDoubt();
    KeyAdmin<String> slow = overtaken(this::call).admin();

    assertOvertaken(() -> slow.forget(ID));

    assertThat(call()).isInstanceOf(Outcome.Replayed.class);
    assertThat(bench.effects).hasValue(1);
  }

  /** What was released ran at once, and is in doubt again: nobody knows of that one yet. */
  @Test
  void i16_releaseWhoseReplyWasLost_releasesNoLaterDoubt() {
    failInDoubt();
    KeyAdmin<String> slow = overtaken(this::failInDoubt).admin();

    assertOvertaken(() -> slow.release(ID));

    assertThat(call()).isInstanceOf(Outcome.InDoubt.class);
    assertThat(bench.effects).hasValue(0);
  }
}
