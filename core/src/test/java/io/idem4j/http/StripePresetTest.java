package io.idem4j.http;

import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.bare;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.whole;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.OperationPolicy;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The preset of Stripe's API, version 1: its column of the HTTP paper's table. */
class StripePresetTest {
  private static final HttpPolicy STRIPE = HttpPresets.stripe(OperationPolicy.hold());

  private final HttpBench bench = new HttpBench();
  private final HttpOperation charges = bench.http.operation("POST /v1/charges", STRIPE);
  private final HttpOperation refunds = bench.http.operation("POST /v1/refunds", STRIPE);

  private HttpResponse charge(String key, String body, int status) {
    return bench.send(
        TENANT,
        charges,
        post(key, body),
        context -> {
          int number = bench.effects.incrementAndGet();
          return HttpResponse.of(status, "application/json", "{\"id\":\"ch_" + number + "\"}")
              .withHeader("Request-Id", "req_" + number);
        });
  }

  @Test
  void sourceAndRequirement_rawOptionalUpTo255() {
    assertThat(charge("k;1", "a", 200).status()).isEqualTo(200);
    assertThat(charge("k;1", "a", 200).headers().all("Idempotent-Replayed")).isNotEmpty();
    assertThat(charge("k".repeat(255), "a", 200).status()).isEqualTo(200);
    assertThat(charge("k".repeat(256), "a", 200).status()).isEqualTo(400);
    assertThat(bench.send(charges, bare("POST", "a")).status()).isEqualTo(201);
    assertThat(bench.effects).hasValue(3);
  }

  @Test
  void methods_postAlone() {
    int calls = bench.engine.calls();
    HttpRequest patch =
        HttpBench.request("PATCH", "/v1/charges", HttpHeaders.of("Idempotency-Key", "k"), "a");
    bench.send(charges, patch);
    bench.send(charges, patch);

    assertThat(bench.effects).hasValue(2);
    assertThat(bench.engine.calls()).isEqualTo(calls);
  }

  @Test
  void scope_oneKeyForAllEndpointsOfAnAccount() {
    charge("k", "a", 200);

    assertThat(bench.send(refunds, post("k", "a")).status()).isEqualTo(400);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void replay_namesTheOriginalRequest() {
    HttpResponse first = charge("k", "a", 200);

    assertThat(whole(first))
        .isEqualTo("200\nContent-Type: application/json\nRequest-Id: req_1\n\n{\"id\":\"ch_1\"}");
    assertThat(whole(charge("k", "a", 200)))
        .isEqualTo(
            "200\nContent-Type: application/json\nIdempotent-Replayed: true\n"
                + "Original-Request: req_1\n\n{\"id\":\"ch_1\"}");
  }

  @Test
  void everyStatusOnceExecutionBegan_isReplayedBut401And409And429() {
    for (int status : new int[] {200, 303, 400, 402, 403, 404, 422, 500, 503}) {
      charge("k" + status, "a", status);
      HttpResponse retry = charge("k" + status, "a", 200);
      assertThat(retry.status()).isEqualTo(status);
      assertThat(field(retry, "Original-Request")).startsWith("req_");
    }
    for (int status : new int[] {401, 409, 429}) {
      charge("k" + status, "a", status);
      assertThat(charge("k" + status, "a", 200).headers().all("Idempotent-Replayed")).isEmpty();
    }
  }

  @Test
  void mismatch_isThisBody() {
    charge("k", "a", 200);

    assertThat(whole(charge("k", "b", 200)))
        .isEqualTo(
            """
            400
            Content-Type: application/json
            Stripe-Should-Retry: false

            {"error":{"type":"idempotency_error","code":"key_reused",\
            "message":"This key belongs to a request that differs in what is compared: \
            method, target, content-type, body. Use a new key for a new request."}}""");
  }

  @Test
  void inFlight_isThisBody() {
    bench.granted(charges, post("k", "a"));

    assertThat(whole(charge("k", "a", 200)))
        .isEqualTo(
            """
            409
            Content-Type: application/json
            Retry-After: 1
            Stripe-Should-Retry: true

            {"error":{"type":"invalid_request_error","code":"idempotency_key_in_use",\
            "message":"A request with this key is being processed. Retry it unchanged."}}""");
  }

  @Test
  void storeDown_isThisBody() {
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);

    assertThat(whole(charge("k", "a", 200)))
        .isEqualTo(
            """
            503
            Content-Type: application/json
            Retry-After: 1
            Stripe-Should-Retry: true

            {"error":{"type":"api_error","code":"store_unavailable",\
            "message":"This attempt ran nothing. Retry it unchanged."}}""");
  }

  @Test
  void malformedKey_isThisBodyWithTheDocumentationWhereThereIsOne() {
    HttpOperation documented =
        bench.operation(STRIPE.withDocumentation(URI.create("https://api.example/d")));

    assertThat(whole(bench.send(documented, post("a,b", "a"))))
        .isEqualTo(
            """
            400
            Content-Type: application/json
            Link: <https://api.example/d>; rel="describedby"
            Stripe-Should-Retry: false

            {"error":{"type":"invalid_request_error","code":"key_malformed",\
            "message":"the Idempotency-Key field has a quote or a comma",\
            "doc_url":"https://api.example/d"}}""");
  }

  @Test
  void tooManyUnderWay_isTheRateLimit() {
    HttpOperation one = bench.operation(STRIPE.withQuota(1, 1));
    bench.granted(one, post("k", "a"));

    assertThat(whole(bench.send(one, post("k-2", "a"))))
        .isEqualTo(
            """
            429
            Content-Type: application/json
            Retry-After: 1
            Stripe-Should-Retry: true

            {"error":{"type":"invalid_request_error","code":"rate_limit",\
            "message":"Too many requests of this caller are being processed. \
            Retry it unchanged, later."}}""");
  }

  @Test
  void retention_24HoursUnlessNamed() {
    assertThat(charges.policyDocument()).contains("\"retentionSeconds\":86400,");
    OperationPolicy named = OperationPolicy.hold().withRetention(Duration.ofHours(1));
    assertThat(bench.operation(HttpPresets.stripe(named)).policyDocument())
        .contains("\"retentionSeconds\":3600,");
  }
}
