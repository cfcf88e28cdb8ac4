package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.TENANT;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Answers that are returned and not recorded, in virtual time. */
final class AnswerClassifierTest {
  private final Bench bench = new Bench();
  private final Operation<String> elsewhere =
      bench.engineOn(bench.memory).operation("charge", Codec.text(), OperationPolicy.rerun());

  private Operation<String> judging(OperationPolicy policy, Optional<Verdict> verdict) {
    return bench.operation(policy).withAnswerClassifier((answer, key) -> verdict);
  }

  private Operation<String> releasing() {
    return judging(OperationPolicy.rerun(), Optional.of(Verdict.retryable()));
  }

  /** One way to run an operation. */
  private interface Way {
    Outcome<String> run(Operation<String> operation, String value);
  }

  private List<Way> ways() {
    return List.of(
        (operation, value) -> operation.execute(TENANT, value, BODY, bench.effect()),
        (operation, value) ->
            operation
                .executeAsync(
                    key(value),
                    BODY,
                    Runnable::run,
                    context -> CompletableFuture.completedFuture(bench.effect().run(context)))
                .join(),
        (operation, value) -> {
          try (Lease<String> lease = granted(operation.claim(key(value), BODY))) {
            return lease.complete(bench.effect().run(lease.context()));
          }
        });
  }

  @Test
  void verdict_isRecordedInsteadOfTheAnswer_whicheverWayItRan() {
    RecordedFailure failure = new RecordedFailure("declined", new byte[] {1});
    record Row(Optional<Verdict> verdict, KeyState state, String event) {}
    List<Row> rows =
        List.of(
            new Row(Optional.empty(), KeyState.COMPLETED, "completed"),
            new Row(
                Optional.of(Verdict.retryable()), KeyState.FAILED_RETRYABLE, "failed RETRYABLE"),
            new Row(Optional.of(Verdict.inDoubt()), KeyState.FAILED_IN_DOUBT, "failed IN_DOUBT"),
            new Row(Optional.of(Verdict.isFinal(failure)), KeyState.FAILED_FINAL, "failed FINAL"));
    for (Row row : rows) {
      for (Way way : ways()) {
        int number = bench.effects.get() + 1;
        bench.events.clear();
        Outcome<String> outcome =
            way.run(judging(OperationPolicy.rerun(), row.verdict()), "k" + number);

        assertThat(outcome)
            .as("%s", row)
            .isEqualTo(new Outcome.Executed<>("answer " + number, true));
        assertThat(bench.record("k" + number).state()).isEqualTo(row.state());
        assertThat(bench.events).as("%s", row).containsExactly("claimed", row.event());
      }
    }
  }

  @Test
  void releasedAnswer_letsTheNextCallRun_andADoubtOrFinalOneDoesNot() {
    releasing().execute(TENANT, "k", BODY, bench.effect());
    assertThat(elsewhere.execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 2", true));

    judging(OperationPolicy.hold(), Optional.of(Verdict.inDoubt()))
        .execute(TENANT, "doubt", BODY, bench.effect());
    assertThat(elsewhere.execute(TENANT, "doubt", BODY, bench.effect()))
        .isInstanceOf(Outcome.InDoubt.class);

    RecordedFailure failure = new RecordedFailure("declined", new byte[] {1});
    judging(OperationPolicy.hold(), Optional.of(Verdict.isFinal(failure)))
        .execute(TENANT, "final", BODY, bench.effect());
    assertThat(elsewhere.execute(TENANT, "final", BODY, bench.effect()))
        .isEqualTo(new Outcome.Failed<>(failure, Optional.empty()));
    assertThat(bench.effects).hasValue(4);
  }

  @Test
  void classifierThatThrowsOrAnswersNull_hasNoSay_andTheAnswerIsRecorded() {
    List<AnswerClassifier<String>> broken = new ArrayList<>();
    broken.add(
        (answer, key) -> {
          throw new IllegalStateException("broken");
        });
    broken.add(
        (answer, key) -> {
          throw new StackOverflowError("broken");
        });
    broken.add((answer, key) -> null);
    for (AnswerClassifier<String> each : broken) {
      String value = "k" + broken.indexOf(each);
      Operation<String> operation =
          bench.operation(OperationPolicy.rerun()).withAnswerClassifier(each);
      assertThat(operation.execute(TENANT, value, BODY, bench.effect()))
          .isInstanceOf(Outcome.Executed.class);
      assertThat(bench.record(value).state()).isEqualTo(KeyState.COMPLETED);
    }
    assertThat(bench.effects).hasValue(3);
  }

  @Test
  void classifier_getsTheAnswerAndItsKey_andChangesNoOtherOperation() {
    List<String> asked = new ArrayList<>();
    Operation<String> plain = bench.operation(OperationPolicy.rerun());
    Operation<String> judged =
        plain.withAnswerClassifier(
            (answer, key) -> {
              asked.add(answer + " of " + key);
              return Optional.of(Verdict.retryable());
            });
    plain.execute(TENANT, "plain", BODY, bench.effect());
    judged.execute(TENANT, "k", BODY, bench.effect());

    assertThat(asked).containsExactly("answer 2 of " + key("k"));
    assertThat(bench.record("plain").state()).isEqualTo(KeyState.COMPLETED);
    judged.execute(TENANT, "plain", BODY, bench.effect());
    assertThat(asked).as("a replay is not judged again").hasSize(1);
  }

  @Test
  void releaseOverAnothersAnswer_givesThatAnswer_withTheOwnOne() {
    Lease<String> stale = granted(releasing().claim(key("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(seconds(31));
    bench.line.clearFaults();
    elsewhere.execute(TENANT, "k", BODY, context -> "theirs");

    Outcome<String> outcome = stale.complete("mine");

    assertThat(outcome).isInstanceOf(Outcome.Replayed.class);
    Outcome.Replayed<String> replayed = (Outcome.Replayed<String>) outcome;
    assertThat(replayed.answer()).contains("theirs");
    assertThat(replayed.ownRun().orElseThrow().value()).isEqualTo("mine");
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void releaseOfAnothersKey_isLost_withTheOwnAnswer_andChangesNothing() {
    Lease<String> stale = granted(releasing().claim(key("k"), BODY));
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    bench.pass(seconds(31));
    bench.line.clearFaults();
    Lease<String> newer = granted(elsewhere.claim(key("k"), BODY));

    assertThatThrownBy(() -> stale.complete("mine"))
        .isInstanceOfSatisfying(
            LeaseLostException.class, lost -> assertThat(lost.value()).isEqualTo("mine"));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.LOCKED);
    assertThat(newer.complete("newer")).isEqualTo(new Outcome.Executed<>("newer", true));
  }

  @Test
  void releaseThatIsNotKnownToBeRecorded_saysSo_andIsResent() {
    bench.onWrites(Fault.NONE, 1);
    bench.onWrites(Fault.REQUEST_LOST, 1_000);
    assertThat(releasing().execute(TENANT, "k", BODY, bench.effect()))
        .isEqualTo(new Outcome.Executed<>("answer 1", false));
    assertThat(bench.events).contains("recordedUnknown").doesNotContain("failed RETRYABLE");
    bench.line.clearFaults();
    bench.pass(seconds(10));
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);
  }
}
