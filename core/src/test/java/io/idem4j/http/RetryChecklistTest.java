package io.idem4j.http;

import static io.idem4j.http.HttpBench.HOLD;
import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.OperationPolicy;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Items 17 to 23: what a retry gets. */
class RetryChecklistTest {
  private final HttpBench bench = new HttpBench();
  private final HttpOperation rerun = bench.operation(RERUN);

  // S
  @Test
  void h17_firstRequest_isTheHandlersOwnAnswerWithoutMarker() {
    HttpResponse response = bench.send(rerun, post("k", "a"));

    assertThat(HttpBench.whole(response))
        .isEqualTo(
            """
            201
            Content-Type: application/json
            Location: /payments/1

            {"payment":1}""");
  }

  // S
  @Test
  void h18_retryAfterSuccess_sameStatusBodyAndCountStaysOne() {
    HttpResponse first = bench.send(rerun, post("k", "a"));

    HttpResponse retry = bench.send(rerun, post("k", "a"));

    assertThat(retry.status()).isEqualTo(first.status());
    assertThat(retry.body()).isEqualTo(first.body());
    assertThat(retry.headers()).isEqualTo(first.headers().with("Idempotent-Replayed", "true"));
    assertThat(bench.effects).hasValue(1);
  }

  // S
  @Test
  void h19_retryAfterAChosenError_getsTheSameError() {
    for (int status : new int[] {400, 402, 404, 409, 410, 422}) {
      int before = bench.effects.get();
      HttpResponse first = bench.send(rerun, post("k-" + status, "a"), status);
      HttpResponse retry = bench.send(rerun, post("k-" + status, "a"), status);

      assertThat(retry.status()).isEqualTo(status);
      assertThat(body(retry)).isEqualTo(body(first));
      assertThat(bench.effects).hasValue(before + 1);
    }
  }

  // P: five statuses that say more about the moment than about the request
  @Test
  void h19_errorOfTheMoment_isNotKept() {
    for (int status : new int[] {401, 403, 408, 425, 429}) {
      int before = bench.effects.get();
      bench.send(rerun, post("k-" + status, "a"), status);
      assertThat(bench.send(rerun, post("k-" + status, "a")).status()).isEqualTo(201);
      assertThat(bench.effects).hasValue(before + 2);
    }
  }

  // P: contested, so a switch without a silent default: the embedder names rerun or hold
  @Test
  void h20_retryAfter5xx_runsAgainUnderRerun() {
    for (int status : new int[] {500, 502, 503, 504, 599}) {
      int before = bench.effects.get();
      bench.send(rerun, post("k-" + status, "a"), status);
      assertThat(bench.send(rerun, post("k-" + status, "a")).status()).isEqualTo(201);
      assertThat(bench.effects).hasValue(before + 2);
    }
  }

  // P
  @Test
  void h20_retryAfter5xx_isInDoubtUnderHold() {
    HttpOperation hold = bench.operation(HOLD);
    bench.send(hold, post("k", "a"), 500);

    HttpResponse retry = bench.send(hold, post("k", "a"));

    assertThat(retry.status()).isEqualTo(409);
    assertThat(type(retry)).isEqualTo("outcome-unknown");
    assertThat(bench.effects).hasValue(1);
  }

  // P: the draft's literal reading
  @Test
  void h20_retryAfter5xx_isReplayedWherePolicySaysSo() {
    HttpOperation literal = bench.operation(HttpPresets.replayingServerErrors(RERUN));
    HttpResponse first = bench.send(literal, post("k", "a"), 500);

    HttpResponse retry = bench.send(literal, post("k", "a"));

    assertThat(retry.status()).isEqualTo(500);
    assertThat(body(retry)).isEqualTo(body(first));
    assertThat(bench.effects).hasValue(1);
  }

  // P
  @Test
  void h20_exception_isTheHandlersOwnAndFollowsThePolicy() throws IOException {
    IOException original = new IOException("gateway");
    for (HttpPolicy policy : new HttpPolicy[] {RERUN, HOLD}) {
      HttpOperation operation = bench.operation(policy);
      HttpRequest request = post("\"" + policy + "\"", "a");
      assertThatThrownBy(
              () ->
                  operation.handle(
                      HttpBench.TENANT,
                      request,
                      context -> {
                        throw original;
                      }))
          .isSameAs(original);
      assertThat(bench.send(operation, request).status()).isEqualTo(policy == RERUN ? 201 : 409);
    }
    assertThat(bench.effects).hasValue(1);
  }

  // S
  @Test
  void h21_retryWhileRunning_is409AndRunsNothing() {
    HttpLease lease = bench.granted(rerun, post("k", "a"));

    HttpResponse retry = bench.send(rerun, post("k", "a"));

    assertThat(retry.status()).isEqualTo(409);
    assertThat(type(retry)).isEqualTo("in-flight");
    assertThat(bench.effects).hasValue(0);
    lease.close();
  }

  // S
  @Test
  void h22_after409_theUnchangedRequestGetsTheStoredResult() {
    HttpLease lease = bench.granted(rerun, post("k", "a"));
    assertThat(bench.send(rerun, post("k", "a")).status()).isEqualTo(409);
    HttpResponse first = lease.finish(bench.created());

    HttpResponse retry = bench.send(rerun, post("k", "a"));

    assertThat(retry.status()).isEqualTo(201);
    assertThat(retry.body()).isEqualTo(first.body());
    assertThat(bench.effects).hasValue(1);
  }

  // P
  @Test
  void h23_retryAfter_isTheSmallerOfLeaseAndHintInWholeSecondsAndOneAtLeast() {
    OperationPolicy lease = OperationPolicy.rerun().withLease(Duration.ofSeconds(30));
    HttpPolicy policy = HttpPolicy.of(lease);
    HttpOperation usual = bench.operation(policy);
    HttpOperation patient = bench.operation(policy.onInFlight(409, Duration.ofSeconds(60)));
    HttpOperation half = bench.operation(policy.onInFlight(409, Duration.ofMillis(1500)));
    HttpOperation quick = bench.operation(policy.onInFlight(409, Duration.ofMillis(1)));
    bench.granted(usual, post("k", "a")).close();
    bench.engine.pass(Duration.ofMillis(9_400));

    assertThat(retryAfter(usual)).as("the hint of 1 s").isEqualTo("1");
    assertThat(retryAfter(patient)).as("20.6 s of the lease, rounded up").isEqualTo("21");
    assertThat(retryAfter(half)).as("rounded up").isEqualTo("2");
    assertThat(retryAfter(quick)).as("1 s at least").isEqualTo("1");
    bench.engine.pass(Duration.ofMillis(20_300));
    assertThat(retryAfter(patient)).as("0.3 s left").isEqualTo("1");
  }

  private String retryAfter(HttpOperation operation) {
    HttpResponse response = bench.send(operation, post("k", "a"));
    assertThat(response.status()).isEqualTo(409);
    return field(response, "Retry-After");
  }
}
