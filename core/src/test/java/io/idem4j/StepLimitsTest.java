package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.idem4j.spi.KeyState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Steps that cannot be run or recorded, and what becomes of their attempt, in virtual time. */
class StepLimitsTest extends StepsFixture {
  @Test
  void changedSteps_runNothingAndSucceedNotEvenIfTheOperationDoesNotMind() {
    for (List<String> changed :
        List.of(
            List.of("ship"),
            List.of("publish", "draft"),
            List.of("draft", "ship"),
            List.of("draft", "between", "publish"))) {
      Bench own = new Bench();
      Operation<String> operation =
          own.builderOn(own.store)
              .maximumPayload(10_000)
              .build()
              .operation("charge", TEXT, OperationPolicy.rerun());
      ran.clear();
      Lease<String> first = granted(operation.claim(key("k"), BODY));
      step(first.context(), "draft");
      step(first.context(), "publish");
      first.fail(FailureClassifier.Verdict.retryable());
      ran.clear();

      assertThatThrownBy(
              () ->
                  operation.execute(
                      TENANT,
                      "k",
                      BODY,
                      context -> {
                        for (String name : changed) {
                          try {
                            step(context, name);
                          } catch (StepsChangedException e) {
                            assertThat(e).isInstanceOf(MisuseException.class);
                          }
                        }
                        return "it does not mind";
                      }))
          .isInstanceOf(StepsChangedException.class);

      assertThat(ran).as("%s", changed).isEmpty();
      assertThat(own.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
      assertThat(own.events).contains("failed RETRYABLE").doesNotContain("completed");
      assertThat(operation.admin().steps(key("k").id()).names())
          .containsExactly("draft", "publish");
      // The program that knows its steps goes on behind them.
      assertThat(
              operation
                  .execute(
                      TENANT,
                      "k",
                      BODY,
                      context ->
                          step(context, "draft") + step(context, "publish") + step(context, "mail"))
                  .orElseThrow())
          .isEqualTo("draft1publish2mail1");
    }
  }

  @Test
  void changedSteps_areNoFailureThatTheClassifierIsAskedAbout() {
    OperationPolicy policy =
        OperationPolicy.hold().withFinal(RuntimeException.class, e -> RecordedFailure.of("theirs"));
    Operation<String> operation = operation(policy);
    Lease<String> first = granted(operation.claim(key("k"), BODY));
    step(first.context(), "draft");
    first.fail(FailureClassifier.Verdict.retryable());
    assertThat(
            thrownBy(
                operation,
                context -> {
                  try {
                    return step(context, "ship");
                  } catch (StepsChangedException e) {
                    throw new IllegalStateException(e);
                  }
                }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(recorded().names()).containsExactly("draft");
  }

  @Test
  void attemptThatEndsBeforeAllRecordedSteps_mayComplete() {
    Lease<String> first = granted(rerun.claim(key("k"), BODY));
    step(first.context(), "draft");
    step(first.context(), "publish");
    first.fail(FailureClassifier.Verdict.retryable());
    assertThat(rerun.execute(TENANT, "k", BODY, context -> step(context, "draft")).orElseThrow())
        .isEqualTo("draft1");
  }

  @Test
  void otherLabelOrUnreadableResult_isATypedErrorAndNothingIsRun() {
    Lease<String> first = granted(rerun.claim(key("k"), BODY));
    step(first.context(), "draft");
    first.fail(FailureClassifier.Verdict.retryable());
    Codec<String> other = Codec.of("text/2", t -> t.getBytes(StandardCharsets.UTF_8), bytes -> "x");
    Codec<String> broken =
        Codec.of(
            "text",
            t -> t.getBytes(StandardCharsets.UTF_8),
            bytes -> {
              throw new IllegalStateException("quotes the bytes");
            });
    for (Codec<String> codec : List.of(other, broken)) {
      assertThat(
              thrownBy(
                  rerun,
                  context -> {
                    try {
                      return context.step("draft", codec, () -> run("draft"));
                    } catch (CodecException e) {
                      return "it does not mind";
                    }
                  }))
          .isInstanceOf(CodecException.class)
          .hasNoCause();
      assertThatThrownBy(() -> recorded().value("draft", codec)).isInstanceOf(CodecException.class);
      assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
    }
    assertThat(ran).hasSize(1);
    assertThat(recorded().value("draft", TEXT)).contains("draft1");
  }

  @Test
  void nestedStep_isRefusedAndTheOuterOneGoesOn() {
    Lease<String> lease = granted(rerun.claim(key("k"), BODY));
    String outer =
        lease
            .context()
            .step(
                "outer",
                TEXT,
                () -> {
                  assertThatThrownBy(() -> step(lease.context(), "inner"))
                      .isExactlyInstanceOf(MisuseException.class);
                  return run("outer");
                });
    assertThat(outer).isEqualTo("outer1");
    assertThat(recorded().names()).containsExactly("outer");
    step(lease.context(), "next");
    assertThatThrownBy(() -> step(lease.context(), "outer"))
        .isExactlyInstanceOf(MisuseException.class)
        .hasMessageContaining("two steps");
    lease.close();
    assertThatThrownBy(() -> step(lease.context(), "late"))
        .isExactlyInstanceOf(MisuseException.class);
    assertThat(ran).containsExactly("outer", "next");
  }

  @Test
  void names_haveLimits() {
    OperationContext context = granted(rerun.claim(key("k"), BODY)).context();
    for (String name : List.of("", "  ", "x".repeat(256), "\uD800")) {
      assertThatThrownBy(() -> step(context, name)).isInstanceOf(IllegalKeyException.class);
    }
    assertThatThrownBy(() -> step(context, null)).isInstanceOf(IllegalKeyException.class);
    Codec<String> nameless = Codec.of(" ", t -> new byte[0], bytes -> "");
    assertThatThrownBy(() -> context.step("a", nameless, () -> run("a")))
        .isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> context.step("a", TEXT, null))
        .isInstanceOf(NullPointerException.class);
    assertThat(ran).isEmpty();
    assertThat(step(context, "é".repeat(255))).isNotEmpty();
    assertThat(recorded().names()).containsExactly("é".repeat(255));
  }

  @Test
  void tooManySteps_areRefusedBeforeTheyRun() {
    OperationContext context = granted(rerun.claim(key("k"), BODY)).context();
    for (int i = 1; i <= OperationContext.MAXIMUM_STEPS; i++) {
      step(context, "step " + i);
    }
    assertThatThrownBy(() -> step(context, "one more"))
        .isExactlyInstanceOf(MisuseException.class)
        .hasMessageContaining("100 steps");
    assertThat(ran).hasSize(100);
    assertThat(recorded().names()).hasSize(100).endsWith("step 100");
  }

  @Test
  void resultOverTheLimit_endsTheAttemptInDoubtWhateverThePolicyAndTheOperationSay() {
    assertThat(
            thrownBy(
                rerun,
                context -> {
                  step(context, "draft");
                  var e =
                      catchThrowableOfType(
                          StepNotRecordedException.class,
                          () -> context.step("large", TEXT, () -> "x".repeat(10_000)));
                  assertThat(e.value()).isEqualTo("x".repeat(10_000));
                  assertThatThrownBy(() -> step(context, "next"))
                      .isInstanceOf(StepNotRecordedException.class);
                  return "it does not mind";
                }))
        .isInstanceOf(StepNotRecordedException.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(bench.events).contains("failed IN_DOUBT");
    assertThat(recorded().names()).containsExactly("draft");
    assertThat(ran).containsExactly("draft");
  }

  @Test
  void stepWithoutRoom_isNotRun() {
    Operation<String> small = bench.operation(OperationPolicy.rerun());
    OperationContext context = granted(small.claim(key("k"), BODY)).context();
    step(context, "draft");
    assertThatThrownBy(() -> step(context, "x".repeat(57)))
        .isExactlyInstanceOf(MisuseException.class)
        .hasMessageContaining("maximum payload is 100");
    assertThat(ran).containsExactly("draft");
  }

  @Test
  void codecThatThrows_endsTheAttemptInDoubt() {
    for (Throwable thrown : List.of(new IOException(), new OutOfMemoryError("pretended"))) {
      Bench own = new Bench();
      Codec<String> broken =
          Codec.of(
              "text",
              t -> {
                if (thrown instanceof Error error) {
                  throw error;
                }
                throw (Exception) thrown;
              },
              bytes -> "x");
      assertThatThrownBy(
              () ->
                  own.operation(OperationPolicy.rerun())
                      .execute(
                          TENANT,
                          "k",
                          BODY,
                          context -> context.step("draft", broken, () -> run("draft"))))
          .isInstanceOf(StepNotRecordedException.class)
          .hasNoCause();
      assertThat(own.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    }
    assertThat(ran).hasSize(2);
  }

  @Test
  void attemptThatCannotBeRecorded_isInDoubtHoweverItIsFailed() {
    List<Consumer<Lease<String>>> ends =
        List.of(
            lease -> lease.fail(FailureClassifier.Verdict.retryable()),
            lease -> lease.fail(new OutOfMemoryError("pretended")),
            lease -> lease.fail(new IllegalStateException()),
            lease ->
                assertThatThrownBy(() -> lease.complete("x"))
                    .isInstanceOf(StepNotRecordedException.class));
    for (Consumer<Lease<String>> end : ends) {
      Bench own = new Bench();
      Lease<String> lease = granted(own.operation(OperationPolicy.rerun()).claim(key("k"), BODY));
      assertThatThrownBy(() -> lease.context().step("draft", TEXT, () -> "x".repeat(100)))
          .isInstanceOf(StepNotRecordedException.class);
      end.accept(lease);
      assertThat(own.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
      assertThat(own.timing.scheduled()).isZero();
    }
  }
}
