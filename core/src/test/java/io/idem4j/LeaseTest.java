package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Outcome.OwnRun;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Renewal, loss and settlement of a lease, in virtual time. */
class LeaseTest {
  private final Bench bench = new Bench();
  private final Operation<String> rerun = bench.operation(OperationPolicy.rerun());
  private final Operation<String> hold = bench.operation(OperationPolicy.hold());

  /** Another process: the same store, its own engine. */
  private final Operation<String> elsewhere =
      bench.engineOn(bench.memory).operation("charge", Codec.text(), OperationPolicy.rerun());

  private final Operation<String> holdElsewhere =
      bench.engineOn(bench.memory).operation("charge", Codec.text(), OperationPolicy.hold());

  @Test
  void renewal_keepsTheKeyWhileTheOperationRuns() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.pass(Duration.ofMinutes(10));

    assertThat(elsewhere.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    assertThat(lease.context().isLeaseLost()).isFalse();
    assertThat(lease.complete("x")).isEqualTo(new Outcome.Executed<>("x", true));
    assertThat(bench.store.writes).hasSize(1 + 60 + 1);
    assertThat(bench.timing.scheduled()).as("no timer outlives its call").isZero();
    assertThat(bench.events).doesNotContain("leaseLost");
  }

  @Test
  void everyDifferentWrite_bearsADifferentStamp() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.line.onWrites(Fault.REPLY_LOST, Fault.REQUEST_LOST);
    bench.pass(Duration.ofMinutes(2));
    lease.complete("x");

    var stamps = new HashSet<>();
    var previous = bench.store.writes.get(0);
    for (var write : bench.store.writes) {
      if (!write.next().equals(previous.next())) {
        assertThat(stamps).doesNotContain(write.next().stamp());
      }
      stamps.add(write.next().stamp());
      previous = write;
    }
    assertThat(stamps).hasSizeGreaterThan(10);
  }

  @Test
  void peer19_maximumHold_endsTheRenewalsAndTellsTheLoss() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.pass(Duration.ofMinutes(15).minusSeconds(1));
    assertThat(elsewhere.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    bench.pass(seconds(1));

    assertThat(lease.context().isLeaseLost()).isTrue();
    assertThat(bench.events).containsOnlyOnce("leaseLost");
    assertThat(bench.timing.scheduled()).isZero();
    assertThat(elsewhere.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 1");
  }

  @Test
  void i25_localDeadline_countsFromBeforeTheFirstSend() {
    // The claim takes 8 s: applied at once, answered late.
    bench.store.beforeWrite = () -> bench.timing.advance(seconds(8));
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.store.beforeWrite = () -> {};
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(seconds(22).minusMillis(1));
    assertThat(lease.context().isLeaseLost()).isFalse();
    bench.pass(Duration.ofMillis(1));
    assertThat(lease.context().isLeaseLost()).isTrue();
  }

  @Test
  void claimAnsweredAfterAThirdOfTheLease_isRenewedBeforeTheOperationRuns() {
    var slow = new AtomicReference<>(seconds(11));
    bench.store.beforeWrite = () -> bench.timing.advance(slow.getAndSet(Duration.ZERO));
    rerun.execute(
        TENANT,
        "k",
        BODY,
        context -> {
          assertThat(bench.live("k").leaseLeft()).isEqualTo(seconds(30));
          assertThat(bench.store.writes).hasSize(2);
          return "x";
        });
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void i29_unknownRenewal_keepsTheOldDeadlineAndIsSentAgain() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.line.onWrites(Fault.REPLY_LOST);
    bench.onWrites(Fault.REQUEST_LOST, 2);
    bench.pass(seconds(20));

    assertThat(lease.context().isLeaseLost()).isFalse();
    // 10 s: reply lost, 12.5 s and 15 s: request lost, 17.5 s: refused by its own stamp, which is
    // done.
    assertThat(bench.store.writes.subList(1, 5))
        .extracting(write -> write.next().stamp())
        .hasSize(4)
        .containsOnly(bench.store.writes.get(1).next().stamp());
    bench.pass(seconds(2));
    assertThat(bench.store.writes).as("the next one counts from the first send").hasSize(6);
  }

  @Test
  void storeOutageLongerThanTheLease_isToldOnceAndHealed() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 30);
    bench.pass(seconds(60));
    assertThat(bench.events).containsOnlyOnce("leaseLost");
    assertThat(lease.context().isLeaseLost()).isTrue();
    bench.pass(seconds(60));

    assertThat(lease.context().isLeaseLost()).as("nobody took it: renewed again").isFalse();
    assertThat(lease.complete("x")).isEqualTo(new Outcome.Executed<>("x", true));
  }

  @Test
  void i4_holderThatWasTakenOver_changesNothing() {
    Lease<String> stale = granted(rerun.claim(key("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 13);
    bench.pass(seconds(31));
    Lease<String> taker = granted(elsewhere.claim(key("k"), BODY));
    assertThat(taker.context().fence()).isGreaterThan(stale.context().fence());
    assertThat(taker.context().attempt()).isEqualTo(2);
    KeyRecord newer = bench.record("k");
    bench.pass(seconds(5));

    assertThat(stale.context().isLeaseLost()).isTrue();
    assertThatThrownBy(() -> stale.complete("stale"))
        .isInstanceOfSatisfying(
            LeaseLostException.class, e -> assertThat(e.value()).isEqualTo("stale"));
    assertThat(bench.record("k")).isEqualTo(newer);
    assertThat(taker.complete("newer").orElseThrow()).isEqualTo("newer");
    assertThat(bench.events).contains("takenOver", "leaseLost");
  }

  @Test
  void peer06_zombie_getsTheRecordedAnswerWithItsOwnValueAttached() {
    Lease<String> stale = granted(rerun.claim(key("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 13);
    bench.pass(seconds(31));
    elsewhere.execute(TENANT, "k", BODY, context -> "newer");

    assertThat(stale.complete("stale"))
        .isEqualTo(
            new Outcome.Replayed<>(
                Optional.of("newer"),
                true,
                Optional.of(new OwnRun("stale", null)),
                Optional.empty()));
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()).orElseThrow()).isEqualTo("newer");
    assertThat(bench.events).contains("leaseLost");
  }

  @Test
  void zombieThatFails_getsTheRecordedAnswerWithItsThrowableAttached() throws IOException {
    IOException own = new IOException("mine");
    Outcome<String> outcome =
        rerun.execute(
            TENANT,
            "k",
            BODY,
            context -> {
              bench.onWrites(Fault.REQUEST_LOST, 13);
              bench.pass(seconds(31));
              elsewhere.execute(TENANT, "k", BODY, other -> "newer");
              throw own;
            });
    assertThat(outcome)
        .isEqualTo(
            new Outcome.Replayed<>(
                Optional.of("newer"), true, Optional.of(new OwnRun(null, own)), Optional.empty()));
  }

  @Test
  void zombieThatFails_afterATakeoverThatStillRuns_rethrowsItsOwn() {
    IOException own = new IOException("mine");
    assertThatThrownBy(
            () ->
                rerun.execute(
                    TENANT,
                    "k",
                    BODY,
                    context -> {
                      bench.onWrites(Fault.REQUEST_LOST, 13);
                      bench.pass(seconds(31));
                      granted(elsewhere.claim(key("k"), BODY));
                      throw own;
                    }))
        .isSameAs(own);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    assertThat(bench.record("k").attempt()).isEqualTo(2);
  }

  @Test
  void holderMarkedInDoubt_maySettleItsOwnRecord() {
    Lease<String> stalled = granted(hold.claim(key("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 13);
    bench.pass(seconds(31));
    assertThat(holdElsewhere.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InDoubt.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    bench.pass(seconds(10));
    assertThat(stalled.context().isLeaseLost()).isTrue();

    assertThat(stalled.complete("x")).isEqualTo(new Outcome.Executed<>("x", true));
    assertThat(hold.execute(TENANT, "k", BODY, bench.effect()).orElseThrow()).isEqualTo("x");
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void hold_holderThatDied_isMarkedInDoubtByTheNextCaller() {
    Lease<String> dead = granted(hold.claim(key("k"), BODY));
    dead.close();
    bench.pass(seconds(29));
    assertThat(hold.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    bench.pass(seconds(1));

    assertThat(hold.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.InDoubt<>(Optional.empty()));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(bench.live("k").retentionLeft()).isEqualTo(Duration.ofDays(30));
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void i30_rerun_holderThatDied_isTakenOverWhenItsLeaseIsOver() {
    granted(rerun.claim(key("k"), BODY)).close();
    bench.pass(seconds(30));

    assertThat(
            rerun
                .execute(TENANT, "k", BODY, context -> "attempt " + context.attempt())
                .orElseThrow())
        .isEqualTo("attempt 2");
  }

  @Test
  void lapsedLockUnderHold_isKeptForTheInDoubtRetention() {
    granted(hold.claim(key("k"), BODY)).close();
    bench.pass(Duration.ofDays(30));

    assertThat(hold.execute(TENANT, "k", BODY, bench.effect())).isInstanceOf(Outcome.InDoubt.class);
  }

  @Test
  void recordThatIsGone_losesTheLease() {
    Lease<String> lease =
        granted(
            bench
                .operation(OperationPolicy.rerun().withMaximumHold(seconds(30)))
                .claim(key("k"), BODY));
    bench.pass(Duration.ofDays(2));
    assertThatThrownBy(() -> lease.complete("late")).isInstanceOf(LeaseLostException.class);
    assertThat(bench.memory.find(key("k").id())).isEmpty();
  }

  @Test
  void completionThatMeetsItsOwnRenewal_followsIt() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    // The renewal is applied and its reply lost, so the holder expects the stamp before.
    bench.line.onWrites(Fault.REPLY_LOST);
    bench.pass(seconds(10));
    assertThat(lease.complete("x")).isEqualTo(new Outcome.Executed<>("x", true));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void renewalThatLandsAfterTheCompletion_changesNothing() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.line.onWrites(Fault.HELD);
    bench.pass(seconds(10));
    lease.complete("x");
    KeyRecord completed = bench.record("k");

    bench.line.deliverHeld();

    assertThat(bench.record("k")).isEqualTo(completed);
    assertThat(bench.timing.scheduled()).isZero();
  }

  @Test
  void bad43_leaseUsedTwice_isMisuseAndChangesNothing() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    lease.complete("x");
    KeyRecord before = bench.record("k");

    assertThatThrownBy(() -> lease.complete("y")).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> lease.fail(Verdict.retryable())).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> lease.fail(new IOException())).isInstanceOf(MisuseException.class);
    lease.close();
    assertThat(bench.record("k")).isEqualTo(before);
    Lease<String> closed = granted(rerun.claim(key("closed"), BODY));
    closed.close();
    closed.close();
    assertThatThrownBy(() -> closed.complete("y")).isInstanceOf(MisuseException.class);
    assertThat(bench.record("closed").state()).isEqualTo(KeyState.LOCKED);
  }

  @Test
  void i41_nestedCallOfTheSameKey_isRejectedAndNotAwaited() {
    Operation<String> waiting =
        bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(60)));
    long before = bench.timing.nanoTime();
    Outcome<String> outcome =
        waiting.execute(
            TENANT,
            "k",
            BODY,
            context -> {
              assertThatThrownBy(() -> waiting.execute(TENANT, "k", BODY, bench.effect()))
                  .isInstanceOf(MisuseException.class);
              assertThat(waiting.execute(TENANT, "other", BODY, bench.effect()).orElseThrow())
                  .isEqualTo("answer 1");
              assertThatThrownBy(() -> waiting.claim(key("k"), BODY))
                  .isInstanceOf(MisuseException.class);
              return "outer";
            });
    assertThat(outcome.orElseThrow()).isEqualTo("outer");
    assertThat(bench.timing.nanoTime()).isEqualTo(before);
    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()).orElseThrow()).isEqualTo("outer");
  }

  @Test
  void interruptOnLeaseLoss_reachesTheRunningThreadOnly() {
    Operation<String> interrupting =
        bench.operation(OperationPolicy.rerun().withInterruptOnLeaseLoss());
    interrupting.execute(
        TENANT,
        "k",
        BODY,
        context -> {
          bench.onWrites(Fault.REQUEST_LOST, 13);
          bench.pass(seconds(31));
          assertThat(Thread.currentThread().isInterrupted()).isTrue();
          return "x";
        });
    assertThat(Thread.currentThread().isInterrupted())
        .as("an interrupt that the operation did not take is taken back")
        .isFalse();

    Lease<String> lease = granted(interrupting.claim(key("elsewhere"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 13);
    bench.pass(seconds(31));
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    lease.close();
  }

  @Test
  void i24_interruptOfTheCaller_isSetAsideForTheWritesAndKept() {
    Thread.currentThread().interrupt();
    bench.line.onWrites(Fault.REPLY_LOST, Fault.NONE, Fault.REQUEST_LOST);
    Outcome<String> outcome =
        rerun.execute(
            TENANT,
            "k",
            BODY,
            context -> {
              assertThat(Thread.currentThread().isInterrupted()).isTrue();
              return "x";
            });
    assertThat(Thread.interrupted()).isTrue();
    assertThat(outcome).isEqualTo(new Outcome.Executed<>("x", true));
    bench.store.beforeWrite = () -> assertThat(Thread.currentThread().isInterrupted()).isFalse();
    Thread.currentThread().interrupt();
    rerun.execute(TENANT, "k2", BODY, context -> "x");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void i34_close_letsWhatRunsFinishAndRefusesTheRest() throws InterruptedException {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    bench.idempotency.close();
    assertThatThrownBy(() -> rerun.execute(TENANT, "new", BODY, bench.effect()))
        .isInstanceOf(MisuseException.class);
    assertThat(bench.idempotency.close(seconds(1))).isFalse();
    bench.pass(seconds(100));
    assertThat(bench.live("k").leaseLeft()).as("still renewed").isPositive();

    assertThat(lease.complete("x")).isEqualTo(new Outcome.Executed<>("x", true));
    assertThat(bench.idempotency.close(seconds(1))).isTrue();
  }

  @Test
  void throwingListener_isIgnored() {
    Operation<String> operation =
        bench
            .builderOn(bench.memory)
            .listener(
                new IdempotencyListener() {
                  @Override
                  public void claimed(Event event) {
                    throw new IllegalStateException("listener");
                  }
                })
            .build()
            .operation("charge", Codec.text(), OperationPolicy.rerun());
    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 1");
  }
}
