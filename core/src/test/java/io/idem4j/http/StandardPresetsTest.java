package io.idem4j.http;

import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.bare;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.whole;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.OperationPolicy;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The defaults, and the preset of the IETF draft: its column of the HTTP paper's table. */
class StandardPresetsTest {
  private static final HttpPolicy IETF =
      HttpPresets.ietfDraft(OperationPolicy.rerun(), URI.create("https://api.example/d"));

  private final HttpBench bench = new HttpBench();
  private final HttpOperation ietf = bench.operation(IETF);
  private final HttpOperation standard = bench.operation(RERUN);

  @Test
  void ietf_sourceAndRequirement_areStrictAndRequiredForPostAndPatch() {
    assertThat(bench.send(ietf, post("bare", "a")).status()).isEqualTo(400);
    assertThat(bench.send(ietf, bare("PATCH", "a")).status()).isEqualTo(400);
    assertThat(bench.send(ietf, bare("PUT", "a")).status()).isEqualTo(201);
    assertThat(bench.send(ietf, post("\"k\"", "a")).status()).isEqualTo(201);
    assertThat(bench.effects).hasValue(2);
  }

  @Test
  void ietf_missingKey_isThisProblem() {
    assertThat(whole(bench.send(ietf, bare("POST", "a"))))
        .isEqualTo(
            """
            400
            Content-Language: en
            Content-Type: application/problem+json
            Link: <https://api.example/d>; rel="describedby"

            {"type":"urn:idem4j:problem:key-missing","title":"Idempotency-Key is missing",\
            "status":400,"detail":"This operation requires a key in Idempotency-Key: \
            a new one for each new operation, the same one for each retry."}""");
  }

  @Test
  void ietf_replay_bearsNoMarker() {
    HttpResponse first = bench.send(ietf, post("\"k\"", "a"));

    assertThat(bench.send(ietf, post("\"k\"", "a"))).isEqualTo(first);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void ietf_mismatchAndInFlight_are422And409WithALink() {
    HttpLease lease = bench.granted(ietf, post("\"k\"", "a"));
    for (HttpResponse response :
        List.of(bench.send(ietf, post("\"k\"", "a")), bench.send(ietf, post("\"k\"", "b")))) {
      assertThat(HttpBench.field(response, "Link"))
          .isEqualTo("<https://api.example/d>; rel=\"describedby\"");
    }
    assertThat(bench.send(ietf, post("\"k\"", "b")).status()).isEqualTo(422);
    assertThat(whole(bench.send(ietf, post("\"k\"", "a"))))
        .isEqualTo(
            """
            409
            Content-Language: en
            Content-Type: application/problem+json
            Link: <https://api.example/d>; rel="describedby"
            Retry-After: 1

            {"type":"urn:idem4j:problem:in-flight","title":"The first request is still running",\
            "status":409,\
            "detail":"A request with this key is being processed. Retry it unchanged."}""");
    lease.close();
  }

  @Test
  void ietf_serverErrors_followThePolicyAndLiterallyAreReplayed() {
    bench.send(ietf, post("\"k\"", "a"), 500);
    assertThat(bench.send(ietf, post("\"k\"", "a")).status()).isEqualTo(201);
    HttpOperation literal = bench.operation(HttpPresets.replayingServerErrors(IETF));
    bench.send(literal, post("\"k-2\"", "a"), 500);

    assertThat(bench.send(literal, post("\"k-2\"", "a")).status()).isEqualTo(500);
    assertThat(literal.policyDocument()).contains("430-599\":\"recorded\"");
    assertThat(bench.effects).hasValue(3);
  }

  @Test
  void default_storeDown_isThisProblem() {
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);

    assertThat(whole(bench.send(standard, post("k", "a"))))
        .isEqualTo(
            """
            503
            Content-Language: en
            Content-Type: application/problem+json
            Retry-After: 1

            {"type":"urn:idem4j:problem:store-unavailable",\
            "title":"The key store cannot be asked",\
            "status":503,"detail":"This attempt ran nothing. Retry it unchanged."}""");
  }

  @Test
  void default_retentionAndRequirement() {
    assertThat(standard.policyDocument())
        .contains(
            "\"retentionSeconds\":86400,",
            "\"requirement\":\"optional",
            "\"methods\":[\"PATCH\",\"POST\"]",
            "\"markers\":{\"replay\":\"Idempotent-Replayed: true\"}");
  }
}
