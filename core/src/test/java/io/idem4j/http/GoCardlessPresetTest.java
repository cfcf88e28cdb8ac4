package io.idem4j.http;

import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.bare;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.whole;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.OperationPolicy;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The preset of GoCardless's API: its column of the HTTP paper's table. */
class GoCardlessPresetTest {
  private static final HttpPolicy GO_CARDLESS = HttpPresets.goCardless(OperationPolicy.rerun());

  private final HttpBench bench = new HttpBench();
  private final HttpOperation payments = bench.operation(GO_CARDLESS);

  private HttpResponse create(HttpOperation operation, HttpRequest request) {
    return bench.send(
        TENANT,
        operation,
        request,
        context -> {
          context.ifPresent(it -> it.reference("PM" + (bench.effects.get() + 1)));
          return bench.created();
        });
  }

  private static HttpRequest identified(String id) {
    return HttpBench.request(
        "POST", "/payments", HttpHeaders.of("Idempotency-Key", "k").with("X-Request-Id", id), "a");
  }

  @Test
  void sourceAndMethods_rawOptionalForPost() {
    create(payments, bare("POST", "a"));
    create(payments, HttpBench.request("PUT", "/", HttpHeaders.of("Idempotency-Key", "k"), "a"));
    assertThat(bench.engine.calls()).isZero();
    create(payments, post("a key;1", "a"));

    assertThat(create(payments, post("a key;1", "a")).status()).isEqualTo(409);
    assertThat(bench.effects).hasValue(3);
  }

  @Test
  void row32_duplicateOfAFinishedCreation_isThisBody() {
    HttpOperation documented =
        bench.operation(GO_CARDLESS.withDocumentation(URI.create("https://api.example/conflicts")));
    create(documented, identified("0AA4-1"));

    assertThat(whole(create(documented, identified("0AA4-2"))))
        .isEqualTo(
            """
            409
            Content-Type: application/json
            Link: <https://api.example/conflicts>; rel="describedby"

            {"error":{"code":409,"type":"invalid_state",\
            "message":"The request was completed once, and is not run again.",\
            "documentation_url":"https://api.example/conflicts","request_id":"0AA4-2",\
            "errors":[{"reason":"idempotent_creation_conflict",\
            "message":"The request was completed once, and is not run again.",\
            "links":{"conflicting_resource_id":"PM1"}}]}}""");
  }

  @Test
  void requestId_thatIsNotPlain_isNotRepeated() {
    create(payments, identified("1"));

    assertThat(whole(create(payments, identified("<script>"))))
        .isEqualTo(
            """
            409
            Content-Type: application/json

            {"error":{"code":409,"type":"invalid_state",\
            "message":"The request was completed once, and is not run again.",\
            "errors":[{"reason":"idempotent_creation_conflict",\
            "message":"The request was completed once, and is not run again.",\
            "links":{"conflicting_resource_id":"PM1"}}]}}""");
  }

  @Test
  void anotherRequestUnderTheKey_getsTheSame409() {
    create(payments, post("k", "a"));

    assertThat(whole(create(payments, post("k", "b"))))
        .isEqualTo(whole(create(payments, post("k", "a"))));
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void inFlight_isThisBody() {
    bench.granted(payments, post("k", "a"));

    assertThat(whole(create(payments, post("k", "a"))))
        .isEqualTo(
            """
            409
            Content-Type: application/json
            Retry-After: 1

            {"error":{"code":409,"type":"invalid_state",\
            "message":"A request with this key is being processed. Retry it unchanged.",\
            "errors":[{"reason":"idempotent_creation_in_progress",\
            "message":"A request with this key is being processed. Retry it unchanged."}]}}""");
  }

  @Test
  void failedCreation_doesNotConsumeTheKey() {
    for (int status : new int[] {400, 401, 404, 409, 422, 429, 500, 503}) {
      bench.send(payments, post("k" + status, "a"), status);
      assertThat(create(payments, post("k" + status, "a")).status()).isEqualTo(201);
    }
    assertThatThrownBy(
            () ->
                bench.send(
                    TENANT,
                    payments,
                    post("thrown", "a"),
                    context -> {
                      throw new IllegalStateException();
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(create(payments, post("thrown", "a")).status()).isEqualTo(201);
  }

  @Test
  void failureOfTheServer_holdsTheKeyWhereTheOperationHolds() {
    HttpOperation hold = bench.operation(HttpPresets.goCardless(OperationPolicy.hold()));
    bench.send(hold, post("k", "a"), 500);

    assertThat(whole(create(hold, post("k", "a"))))
        .startsWith("409\n")
        .contains("\"reason\":\"outcome_unknown\"");
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void largeCreation_isStillPointedTo() {
    bench.send(
        TENANT,
        payments,
        post("k", "a"),
        context -> {
          context.orElseThrow().reference("PM7");
          return HttpResponse.of(201, "text/plain", "x".repeat(3_000));
        });

    assertThat(whole(create(payments, post("k", "a"))))
        .contains("idempotent_creation_conflict", "\"conflicting_resource_id\":\"PM7\"");
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void storeDown_isThisBody() {
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);

    assertThat(whole(create(payments, post("k", "a"))))
        .isEqualTo(
            """
            503
            Content-Type: application/json
            Retry-After: 1

            {"error":{"code":503,"type":"gocardless",\
            "message":"This attempt ran nothing. Retry it unchanged.",\
            "errors":[{"reason":"store_unavailable",\
            "message":"This attempt ran nothing. Retry it unchanged."}]}}""");
  }

  @Test
  void retention_30DaysUnlessNamed() {
    assertThat(payments.policyDocument()).contains("\"retentionSeconds\":2592000,");
    OperationPolicy named = OperationPolicy.hold().withRetention(Duration.ofHours(1));
    assertThat(bench.operation(HttpPresets.goCardless(named)).policyDocument())
        .contains("\"retentionSeconds\":3600,");
  }
}
