package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.OTHER_BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.spi.KeyState;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** What a caller of {@link Operation#execute} gets, without faults. */
class ExecuteTest {
  private final Bench bench = new Bench();
  private final Operation<String> rerun = bench.operation(OperationPolicy.rerun());
  private final Operation<String> hold = bench.operation(OperationPolicy.hold());

  @Test
  void execute_firstCall_runsAndRecords() {
    Outcome<String> outcome = rerun.execute(TENANT, "k", BODY, bench.effect());

    assertThat(outcome).isEqualTo(new Outcome.Executed<>("answer 1", true));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
    assertThat(bench.store.writes).hasSize(2);
    assertThat(bench.store.reads).isZero();
    assertThat(bench.events).containsExactly("claimed", "completed");
  }

  @Test
  void execute_retry_getsTheFirstAnswerInOneRoundTrip() {
    rerun.execute(TENANT, "k", BODY, bench.effect());
    bench.store.writes.clear();

    Outcome<String> outcome = rerun.execute(TENANT, "k", BODY, bench.effect());

    assertThat(outcome)
        .isEqualTo(
            new Outcome.Replayed<>(
                Optional.of("answer 1"), true, Optional.empty(), Optional.empty()));
    assertThat(bench.effects).hasValue(1);
    assertThat(bench.store.writes).hasSize(1);
    assertThat(bench.events).containsExactly("claimed", "completed", "replayed");
  }

  @Test
  void execute_onReadFirstStore_readsAndDrawsNoStampForAReplay() {
    Idempotency onMemory = bench.engineOn(bench.memory);
    Operation<String> operation =
        onMemory.operation("charge", Codec.text(), OperationPolicy.rerun());
    operation.execute(TENANT, "k", BODY, bench.effect());
    long held = bench.memory.size();

    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 1");
    assertThat(bench.memory.size()).isEqualTo((int) held);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void i10_otherFingerprint_isRefusedInEveryState() {
    // COMPLETED
    rerun.execute(TENANT, "completed", BODY, bench.effect());
    // LOCKED, running
    rerun.claim(key("locked"), BODY);
    // FAILED of each kind
    fail("retryable", Verdict.retryable());
    fail("final", Verdict.isFinal(RecordedFailure.of("declined")));
    fail("doubt", Verdict.inDoubt());
    for (String value : Arrays.asList("completed", "locked", "retryable", "final", "doubt")) {
      var before = bench.record(value);

      assertThat(rerun.execute(TENANT, value, OTHER_BODY, bench.effect()))
          .as(value)
          .isEqualTo(new Outcome.KeyReused<>(java.util.Optional.empty()));
      assertThat(bench.record(value)).as(value).isEqualTo(before);
    }
    // LOCKED, lease over
    Lease<String> lapsing = granted(rerun.claim(key("lapsed"), BODY));
    lapsing.close();
    bench.pass(seconds(31));
    assertThat(rerun.execute(TENANT, "lapsed", OTHER_BODY, bench.effect()))
        .isEqualTo(new Outcome.KeyReused<>(java.util.Optional.empty()));
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void h15_mismatchWhileRunning_winsOverInFlight() {
    rerun.claim(key("k"), BODY);

    assertThat(rerun.execute(TENANT, "k", OTHER_BODY, bench.effect()))
        .isInstanceOf(Outcome.KeyReused.class);
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InFlight.class);
  }

  @Test
  void execute_whileRunning_saysWhenToRetry() {
    rerun.claim(key("k"), BODY);
    bench.timing.advance(seconds(4));

    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.InFlight<>(seconds(26)));
  }

  @Test
  void i13_sameValueInAnotherScopeOrOperation_isAnotherRecord() {
    Operation<String> refund =
        bench.idempotency.operation("refund", Codec.text(), OperationPolicy.rerun());
    rerun.execute(TENANT, "k", BODY, bench.effect());

    assertThat(rerun.execute(Scope.of("other"), "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 2");
    assertThat(refund.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 3");
    assertThat(rerun.execute(Scope.single(), "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 4");
  }

  @Test
  void rerun_exception_releasesAndRethrowsTheOriginal() throws IOException {
    IOException original = new IOException("gateway");

    assertThatThrownBy(() -> rerun.execute(TENANT, "k", BODY, context -> raise(original)))
        .isSameAs(original);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);

    Outcome<String> retry =
        rerun.execute(TENANT, "k", BODY, context -> "attempt " + context.attempt());
    assertThat(retry.orElseThrow()).isEqualTo("attempt 2");
    assertThat(bench.events).containsExactly("claimed", "failed RETRYABLE", "claimed", "completed");
  }

  @Test
  void hold_exception_staysInDoubtAndNeverRunsAgain() {
    assertThatThrownBy(
            () -> hold.execute(TENANT, "k", BODY, context -> raise(new IOException("gateway"))))
        .isInstanceOf(IOException.class);
    bench.pass(Duration.ofDays(29));

    assertThat(hold.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.InDoubt<>(Optional.empty()));
    // nor under another policy
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.InDoubt.class);
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void hold_declaredSafe_releases() {
    Operation<String> operation =
        bench.operation(OperationPolicy.hold().withReleased(IllegalStateException.class));

    assertThatThrownBy(
            () ->
                operation.execute(
                    TENANT, "k", BODY, context -> raise(new IllegalStateException("before"))))
        .isInstanceOf(IllegalStateException.class);
    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 1");
  }

  @Test
  void final_failure_isReplayedWithoutClassOrMessage() {
    Operation<String> operation =
        bench.operation(
            OperationPolicy.hold()
                .withFinal(
                    IllegalArgumentException.class,
                    failure -> new RecordedFailure("declined", new byte[] {1, 2})));
    IllegalArgumentException original = new IllegalArgumentException("card 4711");

    assertThatThrownBy(() -> operation.execute(TENANT, "k", BODY, context -> raise(original)))
        .isSameAs(original);

    Outcome<String> retry = operation.execute(TENANT, "k", BODY, bench.effect());
    assertThat(retry)
        .isEqualTo(
            new Outcome.Failed<>(
                new RecordedFailure("declined", new byte[] {1, 2}), Optional.empty()));
    assertThatThrownBy(retry::orElseThrow).isInstanceOf(OutcomeException.class);
    assertThat(
            new String(
                bench.record("k").slots().payload(), java.nio.charset.StandardCharsets.UTF_8))
        .doesNotContain("4711")
        .doesNotContain("IllegalArgument");
  }

  @Test
  void i40_everyThrowable_hasExactlyOneVerdict() {
    Operation<String> broken =
        bench.operation(
            OperationPolicy.rerun()
                .withClassifier(
                    failure -> {
                      throw new IllegalStateException("classifier");
                    }));
    assertState(rerun, "error", new AssertionError("no exception"), KeyState.FAILED_RETRYABLE);
    assertState(hold, "held error", new AssertionError("no exception"), KeyState.FAILED_IN_DOUBT);
    assertState(rerun, "vm", new OutOfMemoryError("simulated"), KeyState.LOCKED);
    assertState(hold, "vm 2", new StackOverflowError("simulated"), KeyState.LOCKED);
    assertState(rerun, "cancelled", new CancellationException(), KeyState.FAILED_RETRYABLE);
    assertState(broken, "classifier", new IOException("x"), KeyState.FAILED_IN_DOUBT);
    // core's own exceptions are never given to the classifier
    assertState(broken, "own", new MisuseException("own"), KeyState.FAILED_RETRYABLE);
  }

  @Test
  void i44_answerAtTheLimit_isKeptAndOneOverItIsATombstone() {
    for (int length : new int[] {99, 100}) {
      String answer = "x".repeat(length);
      rerun.execute(TENANT, "k" + length, BODY, context -> answer);
      assertThat(rerun.execute(TENANT, "k" + length, BODY, bench.effect()).orElseThrow())
          .isEqualTo(answer);
    }
    Outcome<String> first = rerun.execute(TENANT, "k", BODY, context -> "x".repeat(101));
    assertThat(first).isEqualTo(new Outcome.Executed<>("x".repeat(101), true));

    Outcome<String> retry = rerun.execute(TENANT, "k", BODY, bench.effect());
    assertThat(retry)
        .isEqualTo(
            new Outcome.Replayed<>(Optional.empty(), false, Optional.empty(), Optional.empty()));
    assertThatThrownBy(retry::orElseThrow).isInstanceOf(OutcomeException.class);
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void peer13_answerOverTheStoresLimit_isATombstoneToo() {
    Idempotency large = bench.builderOn(bench.memory).maximumPayload(Integer.MAX_VALUE).build();
    Operation<byte[]> operation = large.operation("export", Codec.bytes(), OperationPolicy.rerun());
    IdempotencyKey key = operation.key(TENANT, "k");
    byte[] huge = new byte[io.idem4j.memory.MemoryKeyStore.MAXIMUM_SLOT];

    assertThat(operation.execute(key, BODY, context -> huge)).isInstanceOf(Outcome.Executed.class);

    Outcome<byte[]> retry = operation.execute(key, BODY, context -> new byte[0]);
    assertThat(retry)
        .isEqualTo(
            new Outcome.Replayed<>(Optional.empty(), false, Optional.empty(), Optional.empty()));
  }

  @Test
  void peer22_emptyAnswer_isReplayedAndNotRunAgain() {
    Operation<Void> mail =
        bench.idempotency.operation("mail", Codec.nothing(), OperationPolicy.rerun());
    IdempotencyKey key = mail.key(TENANT, "k");
    for (int call = 1; call <= 10; call++) {
      mail.execute(
          key,
          Fingerprint.none(),
          context -> {
            bench.effects.incrementAndGet();
            return null;
          });
    }
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void codec_thatCannotEncode_leavesATombstone() {
    Codec<String> broken =
        Codec.of(
            "broken",
            text -> {
              throw new IOException("cannot");
            },
            bytes -> "never");
    Operation<String> operation =
        bench.idempotency.operation("charge", broken, OperationPolicy.rerun());

    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", true));
    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(
            new Outcome.Replayed<>(Optional.empty(), false, Optional.empty(), Optional.empty()));
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void codec_thatCannotDecode_isATypedErrorAndRunsNothing() {
    rerun.execute(TENANT, "k", BODY, bench.effect());
    Operation<String> otherType =
        bench.idempotency.operation(
            "charge", Codec.of("json", text -> new byte[0], bytes -> "x"), OperationPolicy.rerun());
    Operation<String> refusing =
        bench.idempotency.operation(
            "charge",
            Codec.<String>of(
                "text",
                text -> new byte[0],
                bytes -> {
                  throw new IOException("answer 1");
                }),
            OperationPolicy.rerun());

    assertThatThrownBy(() -> otherType.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(CodecException.class);
    assertThatThrownBy(() -> refusing.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(CodecException.class)
        .hasMessageNotContaining("answer 1")
        .hasNoCause();
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void fingerprints_severalOffered_compareTheOneThatTheRecordBears() {
    Fingerprint old = Fingerprint.sha256("1").part("body", "a").build();
    Fingerprint current = Fingerprint.sha256("2").part("body", "a").build();
    rerun.execute(TENANT, "k", old, bench.effect());

    assertThat(rerun.execute(TENANT, "k", old.or(current), bench.effect()))
        .isInstanceOf(Outcome.Replayed.class);
    assertThat(rerun.execute(TENANT, "k", current.or(old), bench.effect()))
        .isInstanceOf(Outcome.Replayed.class);
    assertThatThrownBy(() -> rerun.execute(TENANT, "k", current, bench.effect()))
        .isInstanceOf(IncomparableFingerprintException.class);
    assertThatThrownBy(() -> rerun.execute(TENANT, "k", Fingerprint.none(), bench.effect()))
        .isInstanceOf(IncomparableFingerprintException.class);
    rerun.execute(TENANT, "new", old.or(current), bench.effect());
    assertThat(bench.record("new").fingerprint()).isEqualTo(old.first());
  }

  @Test
  void payloadKey_sameRequest_isOneCall_andNeedsANamedRetention() {
    IdempotencyKey key = IdempotencyKey.ofPayload(TENANT, "charge", BODY, "2026-11-22");
    Operation<String> named =
        bench.operation(OperationPolicy.rerun().withRetention(Duration.ofMinutes(5)));

    assertThatThrownBy(() -> rerun.execute(key, BODY, bench.effect()))
        .isInstanceOf(MisuseException.class);
    named.execute(key, BODY, bench.effect());
    assertThat(named.execute(key, BODY, bench.effect())).isInstanceOf(Outcome.Replayed.class);
    IdempotencyKey nextDay = IdempotencyKey.ofPayload(TENANT, "charge", BODY, "2026-11-23");
    assertThat(named.execute(nextDay, BODY, bench.effect())).isInstanceOf(Outcome.Executed.class);
  }

  @Test
  void retention_over_runsAgain() {
    rerun.execute(TENANT, "k", BODY, bench.effect());
    bench.pass(Duration.ofHours(24).minusMillis(1));
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()))
        .isInstanceOf(Outcome.Replayed.class);
    bench.pass(Duration.ofMillis(1));
    assertThat(rerun.execute(TENANT, "k", BODY, bench.effect()).orElseThrow())
        .isEqualTo("answer 2");
  }

  @Test
  void reference_isStoredReplacedAndNeverCompared() {
    IdempotencyKey key = key("k").withReference("order 1");
    rerun.execute(
        key,
        BODY,
        context -> {
          assertThat(bench.record("k").reference()).contains("order 1");
          context.reference("payment 2");
          return "x";
        });

    assertThat(bench.record("k").reference()).contains("payment 2");
    assertThat(rerun.execute(key.withReference("order 9"), BODY, bench.effect()))
        .isInstanceOf(Outcome.Replayed.class);
  }

  @Test
  void i39_derivedKeysAndIds_areTheSameForEveryAttempt() {
    java.util.List<Object> derived = new java.util.ArrayList<>();
    for (int attempt = 0; attempt < 3; attempt++) {
      assertThatThrownBy(
              () ->
                  rerun.execute(
                      TENANT,
                      "k",
                      BODY,
                      context -> {
                        derived.add(context.derivedKey("charge") + context.derivedUuid("row"));
                        return raise(new IOException("again"));
                      }))
          .isInstanceOf(IOException.class);
    }
    assertThat(derived).hasSize(3);
    assertThat(new java.util.HashSet<>(derived)).hasSize(1);
    rerun.execute(
        TENANT,
        "other",
        BODY,
        context -> {
          assertThat(context.derivedKey("charge"))
              .hasSize(43)
              .isNotEqualTo(context.derivedKey("b"));
          assertThat(context.derivedUuid("row").version()).isEqualTo(8);
          assertThat(context.derivedUuid("row").variant()).isEqualTo(2);
          assertThat(derived)
              .doesNotContain(context.derivedKey("charge") + context.derivedUuid("row"));
          return "x";
        });
  }

  @Test
  void i2_fences_riseWithEveryClaim_alsoUnderAClockThatFallsBack() {
    java.util.List<Long> fences = new java.util.ArrayList<>();
    for (int attempt = 0; attempt < 5; attempt++) {
      bench.timing.jump(Duration.ofDays(-400));
      assertThatThrownBy(
              () ->
                  rerun.execute(
                      TENANT,
                      "k",
                      BODY,
                      context -> {
                        fences.add(context.fence());
                        return raise(new IOException("again"));
                      }))
          .isInstanceOf(IOException.class);
    }
    assertThat(fences).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void fold_givesEachKindItsFunction() {
    assertThat(kind(rerun.execute(TENANT, "k", BODY, bench.effect()))).isEqualTo("executed");
    assertThat(kind(rerun.execute(TENANT, "k", BODY, bench.effect()))).isEqualTo("replayed");
    assertThat(kind(rerun.execute(TENANT, "k", OTHER_BODY, bench.effect()))).isEqualTo("reused");
    assertThat(kind(new Outcome.Recovered<>("x", true))).isEqualTo("recovered");
    assertThat(kind(new Outcome.InFlight<>(seconds(1)))).isEqualTo("inFlight");
    assertThat(kind(new Outcome.Failed<>(RecordedFailure.of("c"), Optional.empty())))
        .isEqualTo("failed");
    assertThat(kind(new Outcome.InDoubt<>(Optional.empty()))).isEqualTo("inDoubt");
  }

  @Test
  void executeUnprotected_runsAndTellsTheListener() {
    assertThat(rerun.<RuntimeException>executeUnprotected(() -> "x")).isEqualTo("x");
    assertThat(bench.events).containsExactly("bypassed charge");
    assertThat(bench.memory.size()).isZero();
  }

  private static String kind(Outcome<String> outcome) {
    return outcome.fold(
        executed -> "executed",
        replayed -> "replayed",
        recovered -> "recovered",
        inFlight -> "inFlight",
        reused -> "reused",
        failed -> "failed",
        inDoubt -> "inDoubt");
  }

  private void assertState(
      Operation<String> operation, String value, Throwable thrown, KeyState state) {
    assertThatThrownBy(() -> operation.execute(TENANT, value, BODY, context -> raise(thrown)))
        .isSameAs(thrown);
    assertThat(bench.record(value).state()).as(value).isEqualTo(state);
  }

  private void fail(String value, Verdict verdict) {
    assertThat(granted(rerun.claim(key(value), BODY)).fail(verdict)).isEmpty();
  }

  static Lease<String> granted(Claim<String> claim) {
    return claim.fold(
        lease -> lease, outcome -> org.assertj.core.api.Assertions.fail(outcome.toString()));
  }

  @SuppressWarnings("unchecked")
  private static <X extends Throwable> String raise(Throwable thrown) throws X {
    throw (X) thrown;
  }
}
