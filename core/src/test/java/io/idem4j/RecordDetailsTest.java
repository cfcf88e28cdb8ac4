package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.OTHER_BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.FailureClassifier.Verdict;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What an outcome tells of its record, and how long records of each kind are kept. */
final class RecordDetailsTest {
  private final Bench bench = new Bench();

  private static final OperationPolicy SHORT_FAILURES =
      OperationPolicy.rerun()
          .withRetention(Duration.ofHours(10))
          .withFailureRetention(Duration.ofMinutes(10))
          .withFinal(IOException.class, thrown -> new RecordedFailure("io", new byte[0]));

  private Duration retentionLeft(String value) {
    return bench.live(value).retentionLeft();
  }

  @Test
  void reference_isToldByReplayAndByReuse_andNeverPrinted() {
    Operation<String> operation = bench.operation(OperationPolicy.rerun());
    operation.execute(
        TENANT,
        "k",
        BODY,
        context -> {
          context.reference("payment-1");
          return "x";
        });
    operation.execute(TENANT, "none", BODY, context -> "x");

    Outcome<String> replayed = operation.execute(TENANT, "k", BODY, bench.effect());
    Outcome<String> reused = operation.execute(TENANT, "k", OTHER_BODY, bench.effect());
    assertThat(((Outcome.Replayed<String>) replayed).reference()).contains("payment-1");
    assertThat(reused).isEqualTo(new Outcome.KeyReused<>(Optional.of("payment-1")));
    assertThat(replayed.toString() + reused).doesNotContain("payment-1");
    assertThat(
            ((Outcome.Replayed<String>) operation.execute(TENANT, "none", BODY, bench.effect()))
                .reference())
        .isEmpty();
    assertThat(operation.execute(TENANT, "none", OTHER_BODY, bench.effect()))
        .isEqualTo(new Outcome.KeyReused<>(Optional.empty()));
  }

  @Test
  void reference_isToldOfATombstoneToo() {
    Operation<String> operation = bench.operation(OperationPolicy.rerun());
    operation.execute(key("k").withReference("payment-1"), BODY, context -> "x".repeat(101));
    assertThat(operation.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(
            new Outcome.Replayed<>(
                Optional.empty(), false, Optional.empty(), Optional.of("payment-1")));
  }

  @Test
  void failureRetention_isThatOfFinalFailuresAlone() throws Exception {
    Operation<String> operation = bench.operation(SHORT_FAILURES);
    operation.execute(TENANT, "ok", BODY, context -> "x");
    assertThat(retentionLeft("ok")).isEqualTo(Duration.ofHours(10));

    assertThatThrownBy(
            () ->
                operation.execute(
                    TENANT,
                    "final",
                    BODY,
                    context -> {
                      throw new IOException("own");
                    }))
        .isInstanceOf(IOException.class);
    assertThat(retentionLeft("final")).isEqualTo(Duration.ofMinutes(10));

    operation
        .withAnswerClassifier((answer, key) -> Optional.of(Verdict.retryable()))
        .execute(TENANT, "released", BODY, context -> "x");
    assertThat(retentionLeft("released")).isEqualTo(seconds(30).plus(Duration.ofHours(10)));

    bench.pass(Duration.ofMinutes(10));
    assertThat(operation.execute(TENANT, "final", BODY, context -> "again"))
        .isEqualTo(new Outcome.Executed<>("again", true));
    assertThat(operation.execute(TENANT, "ok", BODY, context -> "again"))
        .isInstanceOf(Outcome.Replayed.class);
  }

  @Test
  void failureRetention_isByDefaultThatOfAnswers_andInDoubtIsNeverShorter() {
    OperationPolicy policy = OperationPolicy.rerun().withRetention(Duration.ofDays(3));
    assertThat(policy.failureRetention()).isEqualTo(Duration.ofDays(3));
    assertThat(policy.withFailureRetention(Duration.ofDays(90)).inDoubtRetention())
        .isEqualTo(Duration.ofDays(90));
    assertThat(policy.withFailureRetention(Duration.ofDays(90)).retention())
        .isEqualTo(Duration.ofDays(3));
  }

  @Test
  void validated_refusesAFailureRetentionThatIsShorterThanALeaseAndTwoDeadlines() {
    OperationPolicy policy = OperationPolicy.rerun().withLease(seconds(30));
    assertThat(policy.withFailureRetention(seconds(40)).validated().failureRetention())
        .isEqualTo(seconds(40));
    for (Duration wrong :
        new Duration[] {seconds(40).minusMillis(1), seconds(-1), Duration.ofDays(100_000)}) {
      OperationPolicy refused = policy.withFailureRetention(wrong);
      assertThatThrownBy(refused::validated)
          .isInstanceOf(MisuseException.class)
          .hasMessageContaining("failure retention");
    }
  }

  @Test
  void getters_tellWhatWasSet() {
    OperationPolicy policy =
        OperationPolicy.hold()
            .withLease(seconds(9))
            .withMaximumHold(seconds(90))
            .withWaitBudget(seconds(2))
            .withInDoubtRetention(Duration.ofDays(40));
    assertThat(policy.mode()).isEqualTo(OperationPolicy.Mode.HOLD);
    assertThat(policy.lease()).isEqualTo(seconds(9));
    assertThat(policy.maximumHold()).isEqualTo(seconds(90));
    assertThat(policy.waitBudget()).isEqualTo(seconds(2));
    assertThat(policy.inDoubtRetention()).isEqualTo(Duration.ofDays(40));
    assertThat(policy.retention()).isEqualTo(Duration.ofDays(1));
    assertThat(policy.namesRetention()).isFalse();
    assertThat(policy.withRetention(Duration.ofDays(1)).namesRetention()).isTrue();
  }

  @Test
  void isClosed_isTrueFromTheCallOfCloseOn() throws Exception {
    assertThat(bench.idempotency.isClosed()).isFalse();
    Lease<String> running =
        ExecuteTest.granted(bench.operation(OperationPolicy.rerun()).claim(key("k"), BODY));
    assertThat(bench.idempotency.close(Duration.ZERO)).isFalse();
    assertThat(bench.idempotency.isClosed()).isTrue();
    assertThat(running.complete("x")).isEqualTo(new Outcome.Executed<>("x", true));
  }
}
