package io.idem4j.http;

import static io.idem4j.http.HttpBench.HOLD;
import static io.idem4j.http.HttpBench.OPERATION;
import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.IdempotencyKey;
import io.idem4j.OperationPolicy;
import io.idem4j.RecordedFailure;
import io.idem4j.http.ResponseClassifier.Disposition;
import io.idem4j.spi.KeyState;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The switches onMismatch, onInFlight, onCompleted, classify and retention. */
class AnswerSwitchesTest {
  private final HttpBench bench = new HttpBench();

  private KeyState state(String key) {
    return bench.engine.record(IdempotencyKey.of(TENANT, OPERATION, key)).orElseThrow().state();
  }

  private HttpHandler<RuntimeException> referring(String reference) {
    return context -> {
      context.orElseThrow().reference(reference);
      return bench.created();
    };
  }

  @Test
  void onMismatch_reject_hasItsStatusAndNoReference() {
    HttpOperation operation = bench.operation(RERUN.onMismatch(400, false));
    bench.send(TENANT, operation, post("k", "a"), referring("pay_1"));

    HttpResponse response = bench.send(operation, post("k", "b"));

    assertThat(response.status()).isEqualTo(400);
    assertThat(body(response)).contains("\"status\":400").doesNotContain("pay_1");
  }

  @Test
  void onMismatch_rejectWithReference_namesIt() {
    HttpOperation operation = bench.operation(RERUN.onMismatch(409, true));
    bench.send(TENANT, operation, post("k", "a"), referring("pay_1"));
    bench.send(operation, post("without", "a"));

    HttpResponse response = bench.send(operation, post("k", "b"));

    assertThat(response.status()).isEqualTo(409);
    assertThat(body(response)).contains("\"reference\":\"pay_1\"");
    assertThat(response.headers().all("Retry-After")).as("never worth a retry").isEmpty();
    assertThat(body(bench.send(operation, post("without", "b")))).doesNotContain("reference");
  }

  @Test
  void onInFlight_reject_hasItsStatusHintAndFlag() {
    HttpOperation operation =
        bench.operation(
            RERUN
                .onInFlight(423, Duration.ofSeconds(5))
                .withMarkers(Markers.none().withTransience("transient", "yes", "no")));
    bench.granted(operation, post("k", "a"));

    HttpResponse response = bench.send(operation, post("k", "a"));

    assertThat(response.status()).isEqualTo(423);
    assertThat(field(response, "Retry-After")).isEqualTo("5");
    assertThat(field(response, "transient")).isEqualTo("yes");
    assertThat(body(response)).contains("\"status\":423");
  }

  @Test
  void onInFlight_wait_getsTheResultThatComesMeanwhile() {
    HttpOperation operation = bench.operation(waiting(Duration.ofSeconds(10)));
    HttpLease lease = bench.granted(operation, post("k", "a"));
    AtomicReference<HttpLease> running = new AtomicReference<>(lease);
    bench.engine.beforeRead(
        () -> {
          HttpLease once = running.getAndSet(null);
          if (once != null) {
            once.finish(bench.created());
          }
        });

    HttpResponse response = bench.send(operation, post("k", "a"));

    assertThat(running).as("the first one ended while this one waited").hasValue(null);
    assertThat(response.status()).isEqualTo(201);
    assertThat(field(response, "Idempotent-Replayed")).isEqualTo("true");
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void onInFlight_waitThatIsOver_rejects() {
    HttpOperation operation = bench.operation(waiting(Duration.ofSeconds(10)));
    HttpLease lease = bench.granted(operation, post("k", "a"));

    assertThat(type(bench.send(operation, post("k", "a")))).isEqualTo("in-flight");
    lease.close();
    assertThat(bench.effects).hasValue(0);
  }

  private static HttpPolicy waiting(Duration budget) {
    return HttpPolicy.of(OperationPolicy.rerun().withWaitBudget(budget));
  }

  @Test
  void onCompleted_replay_isTheRecordedResponse() {
    HttpOperation operation = bench.operation(RERUN.pointingToReference().replaying());
    bench.send(TENANT, operation, post("k", "a"), referring("pay_1"));

    HttpResponse retry = bench.send(operation, post("k", "a"));

    assertThat(retry.status()).isEqualTo(201);
    assertThat(body(retry)).isEqualTo("{\"payment\":1}");
  }

  @Test
  void onCompleted_conflictWithReference_pointsToWhatWasMade() {
    HttpOperation operation = bench.operation(RERUN.pointingToReference());
    bench.send(TENANT, operation, post("k", "a"), referring("pay_1"));
    bench.send(operation, post("failed", "a"), 404);

    HttpResponse retry = bench.send(operation, post("k", "a"));

    assertThat(retry.status()).isEqualTo(409);
    assertThat(type(retry)).isEqualTo("already-completed");
    assertThat(body(retry)).contains("\"reference\":\"pay_1\"").doesNotContain("payment\":1");
    assertThat(retry.headers().all("Retry-After")).isEmpty();
    assertThat(bench.send(operation, post("failed", "a")).status())
        .as("a recorded error is replayed")
        .isEqualTo(404);
    assertThat(bench.effects).hasValue(2);
  }

  @Test
  void onCompleted_rebuild_answersFromTheCurrentState() {
    AtomicReference<String> state = new AtomicReference<>("pending");
    HttpOperation operation =
        bench.operation(
            RERUN.rebuilding(
                (request, recorded, reference) -> {
                  assertThat(recorded.status()).isEqualTo(201);
                  assertThat(body(recorded)).isEqualTo("{\"payment\":1}");
                  return HttpResponse.of(200, "text/plain", reference.orElse("?") + " " + state);
                }));
    bench.send(TENANT, operation, post("k", "a"), referring("pay_1"));
    bench.send(operation, post("failed", "a"), 404);

    assertThat(body(bench.send(operation, post("k", "a")))).isEqualTo("pay_1 pending");
    state.set("paid");
    HttpResponse later = bench.send(operation, post("k", "a"));

    assertThat(body(later)).as("nothing of a rebuilt answer is recorded").isEqualTo("pay_1 paid");
    assertThat(field(later, "Idempotent-Replayed")).isEqualTo("true");
    assertThat(bench.send(operation, post("failed", "a")).status()).isEqualTo(404);
    assertThat(bench.effects).hasValue(2);
  }

  private HttpOperation classified(HttpPolicy policy, Disposition disposition) {
    return bench.operation(policy.withClassifier(response -> disposition));
  }

  @Test
  void classify_record_isReplayedWhateverTheStatus() {
    HttpOperation operation = classified(RERUN, Disposition.RECORD);
    bench.send(operation, post("k", "a"), 503);

    assertThat(bench.send(operation, post("k", "a")).status()).isEqualTo(503);
    assertThat(state("k")).isEqualTo(KeyState.COMPLETED);
  }

  @Test
  void classify_release_givesTheAnswerAndFreesTheKey() {
    HttpOperation operation = classified(HOLD, Disposition.RELEASE);

    assertThat(bench.send(operation, post("k", "a")).status()).isEqualTo(201);

    assertThat(state("k")).isEqualTo(KeyState.FAILED_RETRYABLE);
    bench.send(operation, post("k", "a"));
    assertThat(bench.effects).hasValue(2);
  }

  @Test
  void classify_final_isReplayedAsAFailure() {
    HttpOperation operation = classified(RERUN, Disposition.FINAL);
    HttpResponse first = bench.send(operation, post("k", "a"), 402);

    HttpResponse retry = bench.send(operation, post("k", "a"));

    assertThat(state("k")).isEqualTo(KeyState.FAILED_FINAL);
    assertThat(retry.status()).isEqualTo(402);
    assertThat(body(retry)).isEqualTo(body(first));
    assertThat(field(retry, "Idempotent-Replayed")).isEqualTo("true");
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void classify_inDoubt_holdsTheKeyUnderRerunToo() {
    HttpOperation operation = classified(RERUN, Disposition.IN_DOUBT);

    assertThat(bench.send(operation, post("k", "a"), 504).status()).isEqualTo(504);

    assertThat(state("k")).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(type(bench.send(operation, post("k", "a")))).isEqualTo("outcome-unknown");
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void classify_failure_followsRerunOrHold() {
    bench.send(classified(RERUN, Disposition.FAILURE), post("rerun", "a"));
    bench.send(classified(HOLD, Disposition.FAILURE), post("hold", "a"));

    assertThat(state("rerun")).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(state("hold")).isEqualTo(KeyState.FAILED_IN_DOUBT);
  }

  @Test
  void classify_exceptionsByType_areTheOperationPolicys() {
    HttpOperation operation =
        bench.operation(
            HttpPolicy.of(
                OperationPolicy.hold()
                    .withReleased(IllegalStateException.class)
                    .withFinal(ArithmeticException.class, e -> RecordedFailure.of("declined"))));
    fail(operation, "released", new IllegalStateException());
    fail(operation, "final", new ArithmeticException());
    fail(operation, "doubt", new IndexOutOfBoundsException());

    assertThat(bench.send(operation, post("released", "a")).status()).isEqualTo(201);
    HttpResponse failed = bench.send(operation, post("final", "a"));
    assertThat(failed.status()).isEqualTo(500);
    assertThat(type(failed)).isEqualTo("failed");
    assertThat(field(failed, "Idempotent-Replayed")).isEqualTo("true");
    assertThat(type(bench.send(operation, post("doubt", "a")))).isEqualTo("outcome-unknown");
    assertThat(bench.effects).hasValue(1);
  }

  private void fail(HttpOperation operation, String key, RuntimeException failure) {
    org.assertj.core.api.Assertions.assertThatThrownBy(
            () ->
                bench.send(
                    TENANT,
                    operation,
                    post(key, "a"),
                    context -> {
                      throw failure;
                    }))
        .isSameAs(failure);
  }

  @Test
  void retention_perOutcome_countsFromCompletion() {
    OperationPolicy times =
        OperationPolicy.rerun()
            .withRetention(Duration.ofHours(2))
            .withFailureRetention(Duration.ofHours(1))
            .withInDoubtRetention(Duration.ofHours(3));
    HttpOperation operation =
        bench.operation(
            HttpPolicy.of(times)
                .withClassifier(
                    response ->
                        switch (response.status()) {
                          case 402 -> Disposition.FINAL;
                          case 504 -> Disposition.IN_DOUBT;
                          default -> Disposition.RECORD;
                        }));
    HttpLease slow = bench.granted(operation, post("slow", "a"));
    bench.pass(600);
    slow.finish(bench.created());
    bench.send(operation, post("final", "a"), 402);
    bench.send(operation, post("doubt", "a"), 504);

    for (long[] step : new long[][] {{3_599, 402, 409}, {2, 201, 409}}) {
      bench.pass(step[0]);
      assertThat(bench.send(operation, post("final", "a")).status()).isEqualTo((int) step[1]);
      assertThat(field(bench.send(operation, post("slow", "a")), "Idempotent-Replayed"))
          .isEqualTo("true");
      assertThat(bench.send(operation, post("doubt", "a")).status()).isEqualTo((int) step[2]);
    }
    bench.pass(3_600);
    assertThat(bench.send(operation, post("slow", "a")).headers().all("Idempotent-Replayed"))
        .isEmpty();
    assertThat(type(bench.send(operation, post("doubt", "a")))).isEqualTo("outcome-unknown");
    bench.pass(3_600);
    assertThat(bench.send(operation, post("doubt", "a")).status()).isEqualTo(201);
  }
}
