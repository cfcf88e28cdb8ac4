package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Completer.End;
import io.idem4j.Completer.Run;
import io.idem4j.Recovery.Finding;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a completer does about one record after the other, in virtual time. */
class CompleterTest {
  private final Bench bench = new Bench();
  private final ScannedStore store = new ScannedStore(bench.store, bench.memory);
  private final Idempotency idempotency = bench.engineOn(store);
  private final Operation<String> hold = on(idempotency, OperationPolicy.hold());
  private final List<String> asked = new ArrayList<>();

  /** What a callback throws counts as unknown, and would be seen by nobody. */
  private final List<AssertionError> failures = new ArrayList<>();

  private Completer.Callback<String> answer = (record, context) -> Finding.done("found");
  private final Completer<String> completer = completer(hold);

  private static Operation<String> on(Idempotency idempotency, OperationPolicy policy) {
    return idempotency.operation("charge", Codec.text(), policy);
  }

  private Completer<String> completer(Operation<String> operation) {
    return operation.completer(
        record -> record.reference().orElse("").startsWith("order "),
        (record, context) -> {
          asked.add(record.reference().orElseThrow());
          try {
            return answer.settle(record, context);
          } catch (AssertionError e) {
            failures.add(e);
            throw e;
          }
        });
  }

  private static IdempotencyKey order(String value) {
    return key(value).withReference("order " + value);
  }

  private void failInDoubt(String value) {
    assertThatThrownBy(
            () ->
                hold.execute(
                    order(value),
                    BODY,
                    context -> {
                      throw new IOException();
                    }))
        .isInstanceOf(IOException.class);
  }

  /** Leaves a key locked, as a process does that dies. */
  private void abandon(String value) {
    granted(hold.claim(order(value), BODY)).close();
    bench.pass(seconds(30));
  }

  private Outcome<String> call(String value) {
    return hold.execute(order(value), BODY, bench.effect());
  }

  private static Run run(End end, int examined, int done, int notDone, int failed, int unknown) {
    return new Run(end, examined, done, notDone, failed, unknown, 0, Optional.empty());
  }

  @AfterEach
  void nothingIsHeldBack() {
    failures.forEach(
        each -> {
          throw each;
        });
    assertThat(Thread.interrupted()).as("a stray interrupt").isFalse();
  }

  @Test
  void row45_abandonedKey_isRolledForwardUnderItsLock() {
    abandon("k");
    answer =
        (record, context) -> {
          assertThat(record.state()).isEqualTo(KeyState.LOCKED);
          assertThat(record.attempt()).isEqualTo(1);
          assertThat(record.leaseLeft()).isZero();
          assertThat(context.key().id()).isEqualTo(key("k").id());
          assertThat(context.derivedKey("charge")).isEqualTo(key("k").derivedKey("charge"));
          assertThat(context.fence()).isGreaterThan(record.fence());
          assertThat(context.attempt()).isEqualTo(2);
          Operation<String> duplicates = bench.operation(OperationPolicy.hold());
          assertThat(duplicates.execute(order("k"), BODY, bench.effect()))
              .isInstanceOf(Outcome.InFlight.class);
          bench.pass(seconds(300));
          assertThat(context.isLeaseLost()).as("renewed for minutes").isFalse();
          assertThat(duplicates.execute(order("k"), BODY, bench.effect()))
              .isInstanceOf(Outcome.InFlight.class);
          context.reference("order k, receipt 5");
          return Finding.done("receipt 5");
        };

    assertThat(completer.run()).isEqualTo(run(End.END_OF_SCAN, 1, 1, 0, 0, 0));

    assertThat(call("k"))
        .isEqualTo(
            new Outcome.Replayed<>(
                Optional.of("receipt 5"),
                true,
                Optional.empty(),
                Optional.of("order k, receipt 5")));
    assertThat(bench.events).contains("takenOver", "completed");
    assertThat(completer.run()).isEqualTo(run(End.END_OF_SCAN, 0, 0, 0, 0, 0));
  }

  @Test
  void row45_doubt_isCompensatedAndItsFailureReplayed() {
    failInDoubt("k");
    RecordedFailure undone = RecordedFailure.of("rolled-back");
    answer =
        (record, context) -> {
          assertThat(record.state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
          return Finding.failed(undone);
        };

    assertThat(completer.run()).isEqualTo(run(End.END_OF_SCAN, 1, 0, 0, 1, 0));

    assertThat(call("k")).isEqualTo(new Outcome.Failed<>(undone, Optional.empty()));
    assertThat(bench.effects).hasValue(0);
    assertThat(bench.events).contains("failed FINAL");
  }

  @Test
  void notDone_releasesTheKeyAndCountsNoAttempt() {
    failInDoubt("k");
    answer = (record, context) -> Finding.notDone();

    assertThat(completer.run()).isEqualTo(run(End.END_OF_SCAN, 1, 0, 1, 0, 0));

    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(bench.record("k").attempt()).isEqualTo(1);
    assertThat(bench.events).endsWith("claimed", "failed RETRYABLE");
    assertThat(call("k")).isEqualTo(new Outcome.Executed<>("answer 1", true));
    assertThat(bench.record("k").attempt()).isEqualTo(2);
  }

  @Test
  void unknown_staysInDoubtForThePauseAndForItsHolder() {
    abandon("k");
    Grant holder = bench.record("k").grant();
    answer = (record, context) -> Finding.unknown();

    assertThat(completer.run())
        .as("as abandoned, and then as in doubt and not due")
        .isEqualTo(run(End.END_OF_SCAN, 2, 0, 0, 0, 1));

    KeyRecord doubt = bench.record("k");
    assertThat(bench.events).endsWith("takenOver", "inDoubt");
    assertThat(doubt.state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(doubt.attempt()).as("nothing was started").isEqualTo(1);
    assertThat(doubt.grant()).as("its holder may still settle it").isEqualTo(holder);
    bench.pass(seconds(29));
    assertThat(completer.run()).isEqualTo(run(End.END_OF_SCAN, 1, 0, 0, 0, 0));
    assertThat(asked).as("not before the pause is over").hasSize(1);
    bench.pass(seconds(1));
    assertThat(completer.run()).isEqualTo(run(End.END_OF_SCAN, 1, 0, 0, 0, 1));
    assertThat(asked).hasSize(2);
  }

  @Test
  void i34_holderThatLives_settlesItsOwnRecordAfterACompleterCouldNotTell() {
    Lease<String> paused = granted(hold.claim(order("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 200);
    bench.pass(seconds(40));
    bench.line.clearFaults();
    answer = (record, context) -> Finding.unknown();
    assertThat(completer.run().unknown()).isEqualTo(1);
    long fence = bench.record("k").fence();

    assertThat(paused.complete("late")).isEqualTo(new Outcome.Executed<>("late", true));
    assertThat(bench.record("k").fence()).as("it never falls").isEqualTo(fence);
    assertThat(call("k").orElseThrow()).isEqualTo("late");
  }

  @Test
  void callbackThatThrows_countsAsUnknown() {
    failInDoubt("a");
    failInDoubt("b");
    answer =
        (record, context) -> {
          throw new IOException("no route");
        };
    assertThat(completer.run()).isEqualTo(run(End.END_OF_SCAN, 2, 0, 0, 0, 2));
    answer = (record, context) -> null;
    bench.pass(seconds(30));
    assertThat(completer.run()).isEqualTo(run(End.END_OF_SCAN, 2, 0, 0, 0, 2));
    assertThat(bench.record("a").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
  }

  @Test
  void policyThatReruns_unknownIsReleasedAndTheNextCallRunsButADoubtIsAPersons() {
    Operation<String> rerun = on(idempotency, OperationPolicy.rerun());
    failInDoubt("doubt");
    granted(rerun.claim(order("k"), BODY)).close();
    bench.pass(seconds(30));
    answer = (record, context) -> Finding.unknown();

    assertThat(completer(rerun).run()).isEqualTo(run(End.END_OF_SCAN, 2, 0, 0, 0, 1));

    assertThat(bench.record("doubt").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(rerun.execute(order("k"), BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", true));
  }

  @Test
  void recordsOfOthers_areLeftUntouched() {
    granted(hold.claim(key("other").withReference("invoice 1"), BODY)).close();
    granted(hold.claim(key("nameless"), BODY)).close();
    bench.pass(seconds(30));
    Lease<String> running = granted(hold.claim(order("running"), BODY));
    call("done");
    int writes = bench.store.writes.size();

    assertThat(completer.run()).isEqualTo(run(End.END_OF_SCAN, 2, 0, 0, 0, 0));

    assertThat(bench.store.writes).hasSize(writes);
    assertThat(asked).isEmpty();
    running.close();
  }

  @Test
  void filterThatThrows_leavesTheRecordAlone() {
    abandon("k");
    Completer<String> broken =
        hold.completer(
            record -> {
              throw new IllegalStateException();
            },
            answer);
    assertThat(broken.run()).isEqualTo(run(End.END_OF_SCAN, 1, 0, 0, 0, 0));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
  }

  @Test
  void staleView_losesByCompareAndSetAndAsksNobody() {
    KeyAdmin<String> admin = hold.admin();
    List<Consumer<IdempotencyKey>> changes =
        List.of(
            key -> admin.complete(key.id(), "settled"),
            key -> admin.forget(key.id()),
            key -> {
              admin.forget(key.id());
              granted(hold.claim(key, BODY));
            });
    for (int i = 0; i < changes.size(); i++) {
      IdempotencyKey key = order("k" + i);
      Consumer<IdempotencyKey> change = changes.get(i);
      failInDoubt("k" + i);
      store.afterScan = () -> change.accept(key);
      assertThat(completer.run()).isEqualTo(run(End.END_OF_SCAN, 1, 0, 0, 0, 0));
      store.afterScan = () -> {};
    }
    assertThat(asked).isEmpty();
    assertThat(bench.record("k0").state()).isEqualTo(KeyState.COMPLETED);
    assertThat(bench.memory.find(key("k1").id())).isEmpty();
    assertThat(bench.record("k2").attempt()).isEqualTo(1);
  }

  @Test
  void doubtThatIsMarkedAgainMeanwhile_isLeftToTheNextScan() {
    abandon("k");
    store.afterScan = () -> assertThat(call("k")).isInstanceOf(Outcome.InDoubt.class);
    Run first = completer.run();
    assertThat(first.examined()).as("as abandoned, and then as in doubt").isEqualTo(2);
    assertThat(asked).hasSize(1);
  }

  @Test
  void i40_completerPausedBeyondItsLease_overwritesNothing() {
    abandon("k");
    Completer<String> second =
        on(bench.engineOn(store), OperationPolicy.hold())
            .completer(record -> true, (record, context) -> Finding.done("second"));
    for (Finding<String> late :
        List.<Finding<String>>of(
            Finding.notDone(),
            Finding.unknown(),
            Finding.failed(RecordedFailure.of("late")),
            Finding.done("late"))) {
      answer =
          (record, context) -> {
            bench.onWrites(Fault.REQUEST_LOST, 200);
            bench.pass(seconds(40));
            bench.line.clearFaults();
            assertThat(context.isLeaseLost()).isTrue();
            assertThat(second.run().done()).isEqualTo(1);
            return late;
          };
      Run run = completer.run();
      assertThat(run.lost()).as("%s", late).isEqualTo(1);
      assertThat(run.done() + run.failed() + run.notDone() + run.unknown()).isZero();
      assertThat(call("k").orElseThrow()).as("after %s", late).isEqualTo("second");
      hold.admin().forget(key("k").id());
      abandon("k");
    }
  }

  @Test
  void lostReplies_areFollowed() {
    abandon("a");
    failInDoubt("b");
    bench.line.onWrites(Fault.REPLY_LOST, Fault.REPLY_LOST, Fault.REPLY_LOST, Fault.REPLY_LOST);
    assertThat(completer.run().done()).isEqualTo(2);
    assertThat(call("a").orElseThrow()).isEqualTo("found");
    assertThat(call("b").orElseThrow()).isEqualTo("found");
  }

  @Test
  void claimThatIsNotAnswered_endsTheRunAndPutsTheDoubtBack() {
    failInDoubt("k");
    bench.onWrites(Fault.REPLY_LOST, 60);

    Run run = completer.run();

    assertThat(run.end()).isEqualTo(End.STORE_FAILED);
    assertThat(run.failure().orElseThrow().certainty())
        .isEqualTo(KeyStoreException.Certainty.UNKNOWN);
    assertThat(asked).isEmpty();
    bench.line.clearFaults();
    bench.pass(seconds(5));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(bench.record("k").attempt()).isEqualTo(1);
    assertThat(completer.run().done()).isEqualTo(1);
  }

  @Test
  void findingThatIsNotAnswered_isResentInTheBackground() {
    failInDoubt("k");
    answer =
        (record, context) -> {
          bench.onWrites(Fault.REQUEST_LOST, 200);
          return Finding.done("at last");
        };
    assertThat(completer.run().done()).isEqualTo(1);
    assertThat(bench.events).contains("recordedUnknown").doesNotContain("completed");
    assertThat(completer.run().examined()).as("locked still").isZero();
    bench.line.clearFaults();
    bench.pass(seconds(5));
    assertThat(call("k").orElseThrow()).isEqualTo("at last");
  }

  @Test
  void recordWhoseAnswerIsBeingResent_isNotTaken() {
    Lease<String> lease = granted(hold.claim(order("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 2_000);
    lease.complete("mine");
    bench.pass(seconds(60));
    assertThat(completer.run()).isEqualTo(run(End.END_OF_SCAN, 1, 0, 0, 0, 0));
    assertThat(asked).isEmpty();
    bench.line.clearFaults();
    bench.pass(seconds(5));
    assertThat(call("k").orElseThrow()).isEqualTo("mine");
  }

  @Test
  void callInsideItsOwnCallback_isRefused() {
    abandon("k");
    Operation<String> rerun = on(idempotency, OperationPolicy.rerun());
    answer =
        (record, context) -> {
          assertThatThrownBy(() -> rerun.execute(order("k"), BODY, bench.effect()))
              .isInstanceOf(MisuseException.class)
              .hasMessageContaining("nested");
          return Finding.done("x");
        };
    // The check above is inside a callback, whose throw would count as unknown.
    assertThat(completer.run().done()).isEqualTo(1);
  }
}
