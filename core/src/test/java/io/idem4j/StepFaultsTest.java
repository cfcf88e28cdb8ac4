package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Checkpoints that a store loses, in virtual time. */
class StepFaultsTest extends StepGuards {
  @Test
  void unresolvedCheckpoint_isSentAgainAsTheNextRenewal() {
    Lease<String> lease = unresolved(Fault.REQUEST_LOST);
    assertThat(recorded()).isEmpty();
    Stamp sent = bench.store.writes.get(1).next().stamp();
    bench.pass(Duration.ofMillis(2_500));
    assertThat(recorded()).containsExactly("draft");
    assertThat(bench.record("k").stamp()).as("the same write").isEqualTo(sent);
    bench.pass(seconds(10));
    assertThat(bench.store.writes.get(bench.store.writes.size() - 1).next().slots().isUnchanged())
        .as("carried no longer than it must be")
        .isTrue();
    lease.close();
  }

  @Test
  void unresolvedCheckpoint_isSettledBeforeTheNext() {
    Lease<String> lease = unresolved(Fault.REQUEST_LOST);
    int sent = bench.store.writes.size();
    Stamp first = bench.store.writes.get(sent - 1).next().stamp();
    step(lease, "publish");
    assertThat(bench.store.writes).hasSize(sent + 2);
    assertThat(bench.store.writes.get(sent).next().stamp()).isEqualTo(first);
    assertThat(bench.store.writes.get(sent + 1).expected()).isEqualTo(first);
    assertThat(recorded()).containsExactly("draft", "publish");
    lease.close();
  }

  @Test
  void unresolvedRenewal_isSettledBeforeACheckpoint() {
    Lease<String> lease = claimed();
    onWrites(Fault.REQUEST_LOST, 1);
    bench.pass(seconds(10));
    step(lease, "draft");
    assertThat(bench.store.writes).as("claim, renewal, again, checkpoint").hasSize(4);
    assertThat(bench.store.writes.get(2).next()).isEqualTo(bench.store.writes.get(1).next());
    assertThat(recorded()).containsExactly("draft");
    lease.close();
  }

  @Test
  void checkpointBehindAnUnresolvedOne_isSentAsSoonAsThatIsSettled() {
    Lease<String> lease =
        granted(
            bench
                .operation(OperationPolicy.rerun().withStoreDeadline(seconds(1)))
                .claim(key("k"), BODY));
    onWrites(Fault.REQUEST_LOST, 1_000);
    step(lease, "draft");
    step(lease, "publish");
    bench.line.clearFaults();
    assertThat(bench.store.writes.stream().map(call -> call.next().stamp()).distinct())
        .as("the claim, and the one that is unresolved")
        .hasSize(2);
    bench.pass(Duration.ofMillis(2_500));
    assertThat(recorded()).containsExactly("draft", "publish");
    lease.close();
  }

  @Test
  void unresolvedCheckpoint_isCarriedByTheFailure() {
    for (Fault fault : List.of(Fault.REQUEST_LOST, Fault.REPLY_LOST, Fault.HELD, Fault.NOT_SENT)) {
      for (Verdict verdict : List.of(Verdict.retryable(), Verdict.inDoubt())) {
        StepGuards own = new StepGuards();
        own.unresolved(fault).fail(verdict);
        own.bench.line.deliverHeld();
        assertThat(own.recorded()).as("%s %s", fault, verdict).containsExactly("draft");
        assertThat(own.bench.record("k").state().name()).contains(verdict.kind().name());
      }
    }
  }

  @Test
  void unresolvedCheckpoint_changesNothingAfterTheCompletion() {
    for (Fault fault : List.of(Fault.REQUEST_LOST, Fault.REPLY_LOST, Fault.HELD)) {
      StepGuards own = new StepGuards();
      assertThat(own.unresolved(fault).complete("x")).isEqualTo(new Outcome.Executed<>("x", true));
      own.bench.line.deliverHeld();
      assertThat(own.bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
      assertThat(own.recorded()).isEmpty();
    }
  }

  @Test
  void unresolvedCheckpoint_isCarriedOverAMarkOfItsOwnGrant() {
    for (Verdict verdict : List.of(Verdict.retryable(), Verdict.inDoubt())) {
      StepGuards own = new StepGuards();
      Lease<String> lease = own.unresolved(Fault.REQUEST_LOST);
      own.onWrites(Fault.REQUEST_LOST, 1_000);
      own.bench.pass(seconds(40));
      own.bench.line.clearFaults();
      assertThat(
              own.on(own.bench.memory, OperationPolicy.hold())
                  .execute(TENANT, "k", BODY, own.bench.effect()))
          .isInstanceOf(Outcome.InDoubt.class);
      lease.fail(verdict);
      assertThat(own.recorded()).as("%s", verdict).containsExactly("draft");
      assertThat(own.bench.record("k").state().name()).contains(verdict.kind().name());
    }
  }

  @Test
  void releaseThatCarriesAStep_isNotOvertakenByACallOfTheSameProcess() {
    Lease<String> lease = unresolved(Fault.REQUEST_LOST);
    onWrites(Fault.REQUEST_LOST, 1_000);
    lease.fail(Verdict.retryable());
    bench.line.clearFaults();
    // The record does not know the step yet, and its release is on its way.
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    bench.pass(seconds(1));
    assertThat(rerun.execute(TENANT, "k", BODY, context -> step(context)).orElseThrow())
        .isEqualTo("draft1");
    assertThat(ran).hasSize(1);
  }

  @Test
  void renewalUnderWay_isNotOverlappedByACheckpointThatItIsFollowedBy() {
    Lease<String> lease = claimed();
    int[] depth = new int[1];
    boolean[] stepped = new boolean[1];
    bench.store.beforeWrite =
        () -> {
          assertThat(depth[0]).as("writes under way").isZero();
          if (!stepped[0]) {
            stepped[0] = true;
            depth[0]++;
            assertThat(step(lease, "draft")).isEqualTo("draft1");
            depth[0]--;
          }
        };
    bench.pass(seconds(10));
    bench.pass(Duration.ZERO);
    assertThat(stepped).containsExactly(true);
    assertThat(recorded()).containsExactly("draft");
    assertThat(bench.store.writes).hasSize(3);
    lease.close();
  }

  @Test
  void renewalThatWaitsForAThread_doesNotHoldUpACheckpoint() {
    List<Runnable> tasks = new ArrayList<>();
    Lease<String> lease =
        granted(
            bench
                .builderOn(bench.store)
                .executor(tasks::add)
                .build()
                .operation("charge", Codec.text(), OperationPolicy.rerun())
                .claim(key("k"), BODY));
    bench.pass(seconds(10));
    assertThat(tasks).hasSize(1);
    long before = bench.timing.nanoTime();
    step(lease, "draft");
    assertThat(since(before)).isZero();
    assertThat(recorded()).containsExactly("draft");
    tasks.forEach(Runnable::run);
    assertThat(bench.live("k").leaseLeft()).isEqualTo(seconds(30));
    lease.close();
  }

  @Test
  void claimThatIsRenewedBeforeItRuns_keepsTheSteps() {
    Lease<String> first = claimed();
    step(first, "draft");
    first.fail(Verdict.retryable());
    delayWrites(Duration.ZERO, seconds(20));
    Lease<String> second = claimed();
    assertThat(bench.store.writes.get(bench.store.writes.size() - 1).next().slots())
        .isEqualTo(Slots.UNCHANGED);
    assertThat(recorded()).containsExactly("draft");
    assertThat(step(second, "draft")).isEqualTo("draft1");
    assertThat(ran).hasSize(1);
    second.close();
  }

  @Test
  void stepThatEndsAfterTheMaximumHold_isRecordedAllTheSame() {
    Lease<String> lease =
        granted(
            bench
                .operation(OperationPolicy.rerun().withMaximumHold(seconds(60)))
                .claim(key("k"), BODY));
    lease
        .context()
        .step(
            "draft",
            Codec.text(),
            () -> {
              bench.pass(seconds(61));
              return run("draft");
            });
    assertThat(recorded()).containsExactly("draft");
    assertThat(bench.live("k").leaseLeft()).isLessThanOrEqualTo(Duration.ZERO);
    assertThat(bench.timing.scheduled()).isZero();
    lease.close();
  }

  @Test
  void interrupt_doesNotKeepTheCheckpointFromBeingWritten() {
    Lease<String> lease = claimed();
    onWrites(Fault.REQUEST_LOST, 3);
    Thread.currentThread().interrupt();
    step(lease, "draft");
    assertThat(Thread.interrupted()).isTrue();
    assertThat(recorded()).containsExactly("draft");
    lease.close();
  }
}
