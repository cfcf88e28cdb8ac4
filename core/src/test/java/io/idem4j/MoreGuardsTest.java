package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The guards that no other test would miss, one each. */
class MoreGuardsTest extends EngineGuards {
  private static final Duration RELEASED = Duration.ofHours(24).plusSeconds(30);

  @Test
  void retention_ofAReleasedKey_isLeaseAndRetention() {
    granted(rerun.claim(key("k"), BODY)).fail(Verdict.retryable());
    assertThat(bench.live("k").retentionLeft()).isEqualTo(RELEASED);
  }

  @Test
  void retention_ofAWithdrawnClaim_isLeaseAndRetention() {
    bench.line.onWrites(Fault.REPLY_LOST);
    onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(() -> hold.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    bench.line.clearFaults();
    bench.pass(seconds(2));
    CountingStore.Call last = bench.store.writes.get(bench.store.writes.size() - 1);
    assertThat(last.next().state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(last.next().retention()).isEqualTo(RELEASED);
  }

  @Test
  void retention_ofARenewedLock_isThatOfAClaimedOne() {
    Lease<String> lease = granted(hold.claim(key("k"), BODY));
    Duration claimed = bench.live("k").retentionLeft();
    bench.pass(seconds(10));
    assertThat(bench.store.writes).as("the claim, renewed").hasSize(2);
    assertThat(bench.live("k").retentionLeft())
        .isEqualTo(claimed)
        .isEqualTo(Duration.ofDays(30).plusSeconds(30));
    lease.close();
  }

  @Test
  void peer29_checkpoint_survivesEveryWriteThatDoesNotEndTheOperation() {
    byte[] step = RecordedSteps.open("charge", key("k").id(), null).with("draft", null).encode();
    Lease<String> first = granted(rerun.claim(key("k"), BODY));
    KeyRecord found = bench.record("k");
    replace(found.toBuilder().stamp(later(found.stamp())).slots(Slots.of(null, step)));
    bench.pass(Duration.ofMillis(12_500));
    assertCheckpoint("renewed", KeyState.LOCKED, step);
    first.fail(Verdict.retryable());
    assertCheckpoint("released", KeyState.FAILED_RETRYABLE, step);
    granted(hold.claim(key("k"), BODY)).close();
    assertCheckpoint("claimed again", KeyState.LOCKED, step);
    bench.pass(seconds(31));
    hold.execute(TENANT, "k", BODY, bench.effect());
    assertCheckpoint("in doubt", KeyState.FAILED_IN_DOUBT, step);
  }

  private void assertCheckpoint(String when, KeyState state, byte[] expected) {
    assertThat(bench.record("k").state()).as(when).isEqualTo(state);
    assertThat(bench.record("k").slots().checkpoint()).as(when).isEqualTo(expected);
  }

  @Test
  void checkpoint_isEmptyOnceTheOperationHasEnded() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    KeyRecord found = bench.record("k");
    replace(found.toBuilder().stamp(later(found.stamp())).slots(Slots.of(null, new byte[] {1})));
    lease.complete("x");
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
    assertThat(bench.record("k").slots().checkpoint()).isNull();
  }

  @Test
  void claim_withTwoThirdsOfItsLeaseLeft_runsAndWithLessIsRenewed() {
    delayWrites(seconds(10));
    rerun.execute(TENANT, "k", BODY, context -> assertWrites(1));
    bench.store.writes.clear();
    delayWrites(seconds(10).plus(MILLI));
    rerun.execute(TENANT, "k2", BODY, context -> assertWrites(2));
  }

  private String assertWrites(int count) {
    assertThat(bench.store.writes).hasSize(count);
    return "x";
  }

  @Test
  void i11_peer10_fingerprintThatIsBound_staysThroughReleaseAndTakeover() {
    Fingerprint old = Fingerprint.sha256("1").part("body", "a").build();
    Fingerprint current = Fingerprint.sha256("2").part("body", "a").build();
    granted(rerun.claim(key("k"), old)).fail(Verdict.retryable());
    granted(rerun.claim(key("k"), current.or(old))).close();
    assertThat(bench.record("k").fingerprint()).as("released").isEqualTo(old.first());
    bench.pass(seconds(31));
    granted(rerun.claim(key("k"), current.or(old)));
    assertThat(bench.record("k").attempt()).isEqualTo(3);
    assertThat(bench.record("k").fingerprint()).as("taken over").isEqualTo(old.first());
    assertThatThrownBy(() -> rerun.claim(key("k"), current))
        .isInstanceOf(IncomparableFingerprintException.class);
  }

  @Test
  void referenceThatIsBound_staysThroughReleaseAndTakeover() {
    granted(rerun.claim(key("k").withReference("order 1"), BODY)).fail(Verdict.retryable());
    granted(rerun.claim(key("k").withReference("order 2"), BODY)).close();
    assertThat(bench.record("k").reference()).contains("order 1");
    granted(rerun.claim(key("none"), BODY)).fail(Verdict.retryable());
    granted(rerun.claim(key("none").withReference("order 2"), BODY));
    assertThat(bench.record("none").reference()).as("none was bound").contains("order 2");
  }

  @Test
  void i25_renewalBeforeTheRun_countsFromBeforeItsFirstSend() {
    delayWrites(seconds(11), seconds(4));
    long start = bench.timing.nanoTime();
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    assertLeaseEnds(lease, seconds(41), start);
  }

  @Test
  void i29_renewalsWithoutAnAnswer_keepTheOldDeadline() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(seconds(30).minus(MILLI));
    assertThat(bench.store.writes).as("the claim, and every 2.5 s from 10 s on").hasSize(1 + 8);
    assertThat(lease.context().isLeaseLost()).isFalse();
    bench.pass(MILLI);
    assertThat(lease.context().isLeaseLost()).isTrue();
    lease.close();
  }

  @Test
  void claimThatIsRefusedForGood_isSentOnce() {
    AtomicInteger writes = new AtomicInteger();
    var full =
        writing(
            (id, expected, next) -> {
              writes.incrementAndGet();
              throw KeyStoreException.notApplied(KeyStoreException.Reason.FULL, "test", null);
            });
    assertThatThrownBy(
            () -> on(full, OperationPolicy.rerun()).execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    assertThat(writes).hasValue(1);
  }

  @Test
  void i16_busyAfterAnUnknown_doesNotSettleTheClaim() {
    AtomicInteger writes = new AtomicInteger();
    var busy =
        writing(
            (id, expected, next) -> {
              if (writes.incrementAndGet() == 1) {
                bench.memory.compareAndSet(id, expected, next);
                throw lost();
              }
              return CasResult.BUSY;
            });
    assertThatThrownBy(
            () -> on(busy, OperationPolicy.rerun()).execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.UNKNOWN));
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void i45_messageOfAForeignThrowable_isWithheld() {
    bench.store.beforeWrite =
        () -> {
          throw new IllegalStateException("secret 4711", new IllegalArgumentException("secret"));
        };
    Throwable thrown = catchThrowable(() -> rerun.execute(TENANT, "k", BODY, bench.effect()));
    assertThat(thrown).isInstanceOf(KeyStoreException.class);
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      assertThat(each.toString()).doesNotContain("secret");
    }
    assertThat(thrown).hasStackTraceContaining("IllegalArgumentException");
  }

  @Test
  void storeErrors_areToldToTheListener() {
    bench.line.onWrites(Fault.NOT_SENT, Fault.REQUEST_LOST);
    rerun.execute(TENANT, "k", BODY, bench.effect());
    assertThat(bench.events)
        .containsExactly("storeError NOT_APPLIED", "storeError UNKNOWN", "claimed", "completed");
  }

  @Test
  void sendsOfOneWrite_getRarer() {
    onWrites(Fault.REQUEST_LOST, 10_000);
    assertThatThrownBy(() -> rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    // 10 ms doubled up to 250 ms, jittered down to half, for 5 s
    assertThat(bench.store.writes).hasSizeBetween(20, 60);
  }

  @Test
  void everyDifferentBackgroundWrite_bearsADifferentStamp() {
    delayWrites(seconds(11));
    bench.line.onWrites(Fault.NONE);
    onWrites(Fault.REQUEST_LOST, 1_000);
    assertThatThrownBy(() -> hold.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(KeyStoreException.class);
    bench.line.clearFaults();
    bench.pass(seconds(40));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);

    bench.store.beforeWrite =
        () -> {
          KeyRecord next = bench.store.writes.get(bench.store.writes.size() - 1).next();
          if (next.slots().payload() != null && next.slots().payload().length > 50) {
            throw new PayloadTooLargeException(80, 50);
          }
        };
    rerun.execute(TENANT, "k", BODY, context -> "x".repeat(80));
    Map<Stamp, CountingStore.Call> calls = new HashMap<>();
    for (CountingStore.Call call : bench.store.writes) {
      CountingStore.Call same = calls.putIfAbsent(call.next().stamp(), call);
      assertThat(same == null || same.equals(call)).as("two writes bear one stamp").isTrue();
    }
    assertThat(calls).as("claim, renewal, two withdrawals, two claims, two completions").hasSize(8);
  }

  @Test
  void i24_writesOfAnInterruptedCaller_areNotInterrupted() {
    List<Boolean> interrupted = Collections.synchronizedList(new ArrayList<>());
    bench.store.beforeWrite = () -> interrupted.add(Thread.currentThread().isInterrupted());
    Thread.currentThread().interrupt();
    rerun.execute(TENANT, "k", BODY, bench.effect());
    assertThat(Thread.interrupted()).as("kept for the caller").isTrue();
    assertThat(interrupted).containsExactly(false, false);
  }

  @Test
  void i44_failureOverTheLimit_keepsItsCodeOnly() {
    for (int length : new int[] {100, 101}) {
      String value = "k" + length;
      RecordedFailure failure = new RecordedFailure("declined", new byte[length]);
      granted(rerun.claim(key(value), BODY)).fail(Verdict.isFinal(failure));
      RecordedFailure kept = length == 100 ? failure : new RecordedFailure("declined", new byte[0]);
      assertThat(rerun.execute(TENANT, value, BODY, bench.effect()))
          .isEqualTo(new Outcome.Failed<>(kept, Optional.empty()));
    }
  }

  @Test
  void recordWhoseStateAndPayloadContradictEachOther_isUnreadable() {
    rerun.execute(TENANT, "k", BODY, bench.effect());
    replace(bench.record("k").toBuilder().stamp(new Stamp(1, 1)).state(KeyState.FAILED_FINAL));
    assertThatThrownBy(() -> rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.UNREADABLE));
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void i40_classifierThatAnswersNothing_saysInDoubt() {
    IllegalStateException own = new IllegalStateException("own");
    Operation<String> operation =
        bench.operation(OperationPolicy.rerun().withClassifier(failure -> null));
    assertThatThrownBy(
            () ->
                operation.execute(
                    TENANT,
                    "k",
                    BODY,
                    context -> {
                      throw own;
                    }))
        .isSameAs(own);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
  }

  @Test
  void close_endsAWaitAtOnce() {
    granted(elsewhere.claim(key("k"), BODY));
    Operation<String> waiting =
        bench.operation(OperationPolicy.rerun().withWaitBudget(seconds(20)));
    long start = bench.timing.nanoTime();
    bench.timing.schedule(Duration.ofMillis(333).toNanos(), bench.idempotency::close);
    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
    assertThat(since(start)).isEqualTo(Duration.ofMillis(333));
  }

  @Test
  void bellBetweenTheRefusalAndTheWait_isHeard() {
    List<Lease<String>> held = new ArrayList<>();
    Operation<String> waiting =
        on(completingDuringARefusal(held), OperationPolicy.rerun().withWaitBudget(seconds(20)));
    held.add(granted(waiting.claim(key("k"), BODY)));
    long start = bench.timing.nanoTime();
    assertThat(waiting.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("theirs");
    assertThat(since(start)).isZero();
  }
}
