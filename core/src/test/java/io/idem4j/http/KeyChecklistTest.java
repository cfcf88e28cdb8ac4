package io.idem4j.http;

import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.bare;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Fingerprint;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Items 10 to 16 and 24 to 28: what a key means, a missing one, and the bodies of errors. */
class KeyChecklistTest {
  private static final URI POLICY = URI.create("https://api.example/idempotency");

  private final HttpBench bench = new HttpBench();
  private final HttpOperation operation = bench.operation(RERUN.withDocumentation(POLICY));

  // S
  @Test
  void h10_sameKeyWithAnotherPayload_is422AndRunsNothing() {
    bench.send(operation, post("k", "a"));

    HttpResponse other = bench.send(operation, post("k", "b"));

    assertThat(other.status()).isEqualTo(422);
    assertThat(type(other)).isEqualTo("key-reused");
    assertThat(bench.effects).hasValue(1);
  }

  // S
  @Test
  void h11_mismatch_linksTheDocumentation() {
    bench.send(operation, post("k", "a"));

    HttpResponse other = bench.send(operation, post("k", "b"));

    assertThat(field(other, "Link"))
        .isEqualTo("<https://api.example/idempotency>; rel=\"describedby\"");
  }

  // P
  @Test
  void h12_mismatch_leavesTheRecordAsItWas() {
    HttpResponse first = bench.send(operation, post("k", "a"));
    var key = io.idem4j.IdempotencyKey.of(HttpBench.TENANT, HttpBench.OPERATION, "k");
    var before = bench.engine.record(key);
    bench.send(operation, post("k", "b"));

    assertThat(bench.engine.record(key)).isEqualTo(before);
    assertThat(body(bench.send(operation, post("k", "a")))).isEqualTo(body(first));
  }

  // M
  @Test
  void h13_mismatchingRequest_keepsFailing() {
    bench.send(operation, post("k", "a"));
    for (int i = 0; i < 3; i++) {
      assertThat(bench.send(operation, post("k", "b")).status()).isEqualTo(422);
    }
    assertThat(bench.effects).hasValue(1);
  }

  // P: may
  @Test
  void h14_withoutFingerprint_theKeyAloneIsTheRequest() {
    HttpOperation off = bench.operation(RERUN.withFingerprint(RequestFingerprint.off()));
    bench.send(off, post("k", "a"));

    assertThat(field(bench.send(off, post("k", "b")), "Idempotent-Replayed")).isEqualTo("true");
    assertThat(bench.effects).hasValue(1);
  }

  // P: may; each algorithm that the draft lists (2.4)
  @Test
  void h14_eachListedAlgorithm_isExpressible() {
    RequestFingerprint field =
        RequestFingerprint.of(
            "the first three characters",
            request ->
                Fingerprint.sha256("word/1").part("word", body(request).substring(0, 3)).build());
    RequestFingerprint signature =
        RequestFingerprint.of(
            "the request's digest",
            request ->
                Fingerprint.sha256("digest/1")
                    .part("digest", request.headers().first("Content-Digest").orElse(""))
                    .build());
    for (var each :
        Map.of(
                "checksum of the body",
                RequestFingerprint.body(),
                "all fields",
                RequestFingerprint.request(),
                "selected fields",
                field,
                "digest or signature",
                signature)
            .entrySet()) {
      HttpOperation with = bench.operation(RERUN.withFingerprint(each.getValue()));
      int effects = bench.effects.get();
      bench.send(with, signed(each.getKey(), "pay 1"));
      assertThat(bench.send(with, signed(each.getKey(), "pay 1")).status())
          .as(each.getKey())
          .isEqualTo(201);
      assertThat(bench.send(with, signed(each.getKey(), "refund 1")).status())
          .as(each.getKey())
          .isEqualTo(422);
      assertThat(bench.effects).as(each.getKey()).hasValue(effects + 1);
    }
  }

  private static HttpRequest signed(String key, String body) {
    HttpHeaders headers =
        HttpHeaders.of("Idempotency-Key", '"' + key + '"').with("Content-Digest", body);
    return HttpBench.request("POST", "/payments", headers, body);
  }

  // P
  @Test
  void h15_mismatchWhileTheFirstRuns_is422Not409() {
    HttpLease lease = bench.granted(operation, post("k", "a"));

    assertThat(bench.send(operation, post("k", "b")).status()).isEqualTo(422);
    assertThat(bench.send(operation, post("k", "a")).status()).isEqualTo(409);
    lease.finish(bench.created());
    assertThat(bench.effects).hasValue(1);
  }

  // M
  @Test
  void h16_twoKeysWithOnePayload_areTwoExecutions() {
    bench.send(operation, post("k-1", "a"));
    bench.send(operation, post("k-2", "a"));

    assertThat(bench.effects).hasValue(2);
  }

  // S
  @Test
  void h24_requiredAndAbsent_is400WithALinkAndRunsNothing() {
    HttpOperation required =
        bench.operation(
            RERUN.withKeyRequirement(KeyRequirement.REQUIRED).withDocumentation(POLICY));

    HttpResponse response = bench.send(required, bare("POST", "a"));

    assertThat(response.status()).isEqualTo(400);
    assertThat(type(response)).isEqualTo("key-missing");
    assertThat(field(response, "Link")).contains("rel=\"describedby\"");
    assertThat(bench.effects).hasValue(0);
    assertThat(bench.engine.calls()).isZero();
  }

  // S
  @Test
  void h25_optionalAndAbsent_runsAndStoresNothing() {
    bench.send(operation, bare("POST", "a"));
    HttpResponse second = bench.send(operation, bare("POST", "a"));

    assertThat(second.status()).isEqualTo(201);
    assertThat(bench.effects).hasValue(2);
    assertThat(bench.engine.calls()).isZero();
    assertThat(bench.engine.events())
        .containsExactly("bypassed POST /payments", "bypassed POST /payments");
  }

  // P
  @Test
  void h26_keyOnASafeMethod_isIgnored() {
    HttpOperation puts = bench.operation(RERUN.withMethods("PUT", "DELETE"));
    for (String method : List.of("GET", "HEAD", "OPTIONS", "TRACE")) {
      HttpRequest request =
          HttpBench.request(
              method, "/payments", HttpHeaders.of("Idempotency-Key", "not, a key"), "");
      assertThat(bench.send(operation, request).status()).as(method).isEqualTo(201);
      assertThat(bench.send(puts, request).status()).as(method).isEqualTo(201);
    }
    assertThat(bench.engine.calls()).isZero();
    for (String method : List.of("PUT", "DELETE")) {
      HttpRequest request =
          HttpBench.request(method, "/payments/1", HttpHeaders.of("Idempotency-Key", method), "");
      int before = bench.effects.get();
      bench.send(puts, request);
      bench.send(puts, request);
      assertThat(bench.effects).as("%s where the policy names it", method).hasValue(before + 1);
      bench.send(operation, request);
      assertThat(bench.effects).as("%s where it does not", method).hasValue(before + 2);
    }
  }

  // S
  @Test
  void h27_errors_areProblemsWithTypeTitleDetailLanguageAndLink() {
    HttpLease lease = bench.granted(operation, post("k", "a"));
    for (HttpResponse response :
        List.of(
            bench.send(operation, post("k", "a")),
            bench.send(operation, post("k", "b")),
            bench.send(operation, post("a, b", "a")))) {
      assertThat(field(response, "Content-Type")).isEqualTo("application/problem+json");
      assertThat(field(response, "Content-Language")).isEqualTo("en");
      assertThat(field(response, "Link")).contains(POLICY.toString());
      assertThat(body(response)).contains("\"type\":", "\"title\":", "\"detail\":");
    }
    lease.close();
  }

  // P
  @Test
  void h28_problem_isExactlyThisJsonWithAStableType() {
    bench.send(operation, post("k", "a"));

    assertThat(HttpBench.whole(bench.send(operation, post("k", "b"))))
        .isEqualTo(
            """
            422
            Content-Language: en
            Content-Type: application/problem+json
            Link: <https://api.example/idempotency>; rel="describedby"

            {"type":"urn:idem4j:problem:key-reused",\
            "title":"Idempotency-Key was used for another request",\
            "status":422,\
            "detail":"This key belongs to a request that differs in what is compared: \
            method, target, content-type, body. Use a new key for a new request."}""");
  }
}
