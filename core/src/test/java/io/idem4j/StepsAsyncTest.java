package io.idem4j;

import static io.idem4j.Bench.BODY;
import static io.idem4j.Bench.key;
import static io.idem4j.Bench.seconds;
import static io.idem4j.ExecuteTest.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.spi.KeyState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Steps that block no thread, in virtual time. */
class StepsAsyncTest {
  private static final Codec<String> TEXT = Codec.text();

  private final Bench bench = new Bench();
  private final List<Runnable> tasks = new ArrayList<>();
  private final List<String> ran = new ArrayList<>();
  private final Operation<String> operation = on(tasks::add, OperationPolicy.rerun());

  private Operation<String> on(Executor executor, OperationPolicy policy) {
    return bench
        .builderOn(bench.store)
        .executor(executor)
        .maximumPayload(1_000)
        .build()
        .operation("charge", TEXT, policy);
  }

  private void runTasks() {
    while (!tasks.isEmpty()) {
      tasks.remove(0).run();
    }
  }

  private List<String> recorded() {
    return operation.admin().steps(key("k").id()).names();
  }

  private Supplier<CompletionStage<String>> step(String name) {
    return () -> {
      ran.add(name);
      return CompletableFuture.completedFuture(name + ran.size());
    };
  }

  private static void assertFailed(CompletableFuture<?> result, Class<? extends Throwable> by) {
    assertThat(result).isCompletedExceptionally();
    assertThatThrownBy(result::join).isInstanceOf(CompletionException.class).hasCauseInstanceOf(by);
  }

  @Test
  void executeAsync_resumesBehindTheLastStep() {
    CompletableFuture<String> publishing = new CompletableFuture<>();
    AsyncAction<String> action =
        context ->
            context
                .stepAsync("draft", TEXT, step("draft"))
                .thenCompose(
                    draft ->
                        context
                            .stepAsync("publish", TEXT, () -> publishing)
                            .thenApply(published -> draft + published));
    CompletableFuture<Outcome<String>> first =
        operation.executeAsync(key("k"), BODY, Runnable::run, action);
    runTasks();
    assertThat(first).isNotDone();
    assertThat(recorded()).containsExactly("draft");
    publishing.completeExceptionally(new IOException());
    assertFailed(first, IOException.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);

    CompletableFuture<Outcome<String>> second =
        operation.executeAsync(
            key("k"),
            BODY,
            Runnable::run,
            context ->
                context
                    .stepAsync("draft", TEXT, step("draft"))
                    .thenCompose(draft -> context.stepAsync("publish", TEXT, step("publish"))));
    runTasks();
    assertThat(second.join()).isEqualTo(new Outcome.Executed<>("publish2", true));
    assertThat(ran).containsExactly("draft", "publish");
  }

  @Test
  void store_isCalledOnTheEnginesExecutorAlone() {
    OperationContext context = granted(operation.claim(key("k"), BODY)).context();
    int calls = bench.store.writes.size();
    CompletableFuture<String> effect = new CompletableFuture<>();
    CompletableFuture<String> result = context.stepAsync("draft", TEXT, () -> effect);
    effect.complete("made");
    assertThat(bench.store.writes).hasSize(calls);
    assertThat(result).isNotDone();
    assertThat(tasks).hasSize(1);
    runTasks();
    assertThat(result.join()).isEqualTo("made");
    assertThat(recorded()).containsExactly("draft");
  }

  @Test
  void stepBesideAnother_isRefusedUntilThatIsRecorded() {
    OperationContext context = granted(operation.claim(key("k"), BODY)).context();
    CompletableFuture<String> effect = new CompletableFuture<>();
    CompletableFuture<String> first = context.stepAsync("draft", TEXT, () -> effect);
    assertFailed(context.stepAsync("beside", TEXT, step("beside")), MisuseException.class);
    assertThatThrownBy(() -> context.step("beside", TEXT, () -> "x"))
        .isInstanceOf(MisuseException.class);
    effect.complete("made");
    assertFailed(context.stepAsync("beside", TEXT, step("beside")), MisuseException.class);
    runTasks();
    assertThat(first).isCompletedWithValue("made");
    var after = context.stepAsync("after", TEXT, step("after"));
    runTasks();
    assertThat(after).isCompleted();
    assertThat(ran).containsExactly("after");
    assertThat(recorded()).containsExactly("draft", "after");
  }

  @Test
  void supplierThatFails_isNotRecordedAndMayBeRunAgain() {
    OperationContext context = granted(operation.claim(key("k"), BODY)).context();
    assertFailed(
        context.stepAsync(
            "draft",
            TEXT,
            () -> {
              throw new IllegalStateException();
            }),
        IllegalStateException.class);
    assertFailed(context.stepAsync("draft", TEXT, () -> null), NullPointerException.class);
    assertFailed(context.stepAsync("draft", TEXT, null), NullPointerException.class);
    assertFailed(
        context.stepAsync(
            "draft",
            TEXT,
            () -> CompletableFuture.failedFuture(new CompletionException(new IOException()))),
        IOException.class);
    assertFailed(context.stepAsync(" ", TEXT, step("x")), IllegalKeyException.class);
    var draft = context.stepAsync("draft", TEXT, step("draft"));
    runTasks();
    assertThat(draft).isCompleted();
    assertThat(recorded()).containsExactly("draft");
  }

  @Test
  void changedAndUnrecordableSteps_failTheAttempt() {
    Lease<String> first = granted(operation.claim(key("k"), BODY));
    var recordedDraft = first.context().stepAsync("draft", TEXT, step("draft"));
    runTasks();
    assertThat(recordedDraft).isCompleted();
    first.fail(FailureClassifier.Verdict.retryable());
    CompletableFuture<Outcome<String>> changed =
        operation.executeAsync(
            key("k"),
            BODY,
            Runnable::run,
            context ->
                context.stepAsync("ship", TEXT, step("ship")).exceptionally(e -> "does not mind"));
    assertFailed(changed, StepsChangedException.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_RETRYABLE);

    CompletableFuture<Outcome<String>> large =
        operation.executeAsync(
            key("k"),
            BODY,
            Runnable::run,
            context ->
                context
                    .stepAsync("draft", TEXT, step("draft"))
                    .thenCompose(
                        draft ->
                            context.stepAsync(
                                "large",
                                TEXT,
                                () -> CompletableFuture.completedFuture("x".repeat(1_000)))));
    runTasks();
    assertFailed(large, StepNotRecordedException.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(ran).containsExactly("draft");
    assertThat(recorded()).containsExactly("draft");
  }

  @Test
  void executorThatRefuses_doesNotLoseTheStep() {
    Operation<String> refusing =
        on(
            task -> {
              throw new RejectedExecutionException();
            },
            OperationPolicy.rerun());
    OperationContext context = granted(refusing.claim(key("k"), BODY)).context();
    assertThat(context.stepAsync("draft", TEXT, step("draft"))).isCompletedWithValue("draft1");
    assertThat(recorded()).containsExactly("draft");
  }

  @Test
  void cancelling_detachesTheCallerAlone() {
    OperationContext context = granted(operation.claim(key("k"), BODY)).context();
    CompletableFuture<String> effect = new CompletableFuture<>();
    context.stepAsync("draft", TEXT, () -> effect).cancel(true);
    effect.complete("made");
    runTasks();
    assertThat(recorded()).containsExactly("draft");
  }

  @Test
  void stepThatEndsAfterItsLease_isLost() {
    Lease<String> lease = granted(operation.claim(key("k"), BODY));
    CompletableFuture<String> effect = new CompletableFuture<>();
    CompletableFuture<String> result = lease.context().stepAsync("draft", TEXT, () -> effect);
    lease.complete("x");
    effect.complete("made");
    runTasks();
    assertFailed(result, LeaseLostException.class);
    assertThat(bench.record("k").state()).isEqualTo(KeyState.COMPLETED);
    bench.pass(seconds(60));
    assertThat(bench.timing.scheduled()).isZero();
  }
}
