package io.idem4j.http;

import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.bare;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.whole;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.OperationPolicy;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The preset of Adyen's API: its column of the HTTP paper's table. */
class AdyenPresetTest {
  private static final HttpPolicy ADYEN = HttpPresets.adyen(OperationPolicy.rerun());

  private final HttpBench bench = new HttpBench();
  private final HttpOperation payments = bench.operation(ADYEN);

  private HttpResponse pay(String key, int status, boolean isTransient) {
    return bench.send(
        TENANT,
        payments,
        post(key, "a"),
        context -> {
          HttpResponse response = bench.answer(status);
          return isTransient ? response.withHeader("Transient-Error", "true") : response;
        });
  }

  @Test
  void sourceAndRequirement_rawOptionalUpTo64() {
    assertThat(pay("k".repeat(64), 200, false).status()).isEqualTo(200);
    assertThat(bench.send(payments, bare("POST", "a")).status()).isEqualTo(201);
    assertThat(whole(pay("k".repeat(65), 200, false)))
        .isEqualTo(
            """
            400
            Content-Type: application/json

            {"status":400,"errorCode":"702","message":"the idempotency-key field \
            is no key of this service: 1 to 64 characters, printable ASCII",\
            "errorType":"validation"}""");
    assertThat(bench.effects).hasValue(2);
  }

  @Test
  void methods_postAlone() {
    HttpRequest patch =
        HttpBench.request("PATCH", "/payments", HttpHeaders.of("idempotency-key", "k"), "a");
    bench.send(payments, patch);
    bench.send(payments, patch);

    assertThat(bench.effects).hasValue(2);
    assertThat(bench.engine.calls()).isZero();
  }

  @Test
  void row31_keyEcho_isOnEachAnswerThatHonouredIt() {
    assertThat(whole(pay("k", 200, false)))
        .isEqualTo("200\nContent-Type: text/plain\nidempotency-key: k\n\nanswer 1");
    assertThat(whole(pay("k", 200, false)))
        .as("and a replay bears no other marker")
        .isEqualTo("200\nContent-Type: text/plain\nidempotency-key: k\n\nanswer 1");
  }

  @Test
  void transientFlag_decidesWhatIsRecorded() {
    for (int status : new int[] {200, 422, 500, 503}) {
      int before = bench.effects.get();
      pay("t" + status, status, true);
      pay("t" + status, status, false);
      pay("t" + status, status, false);
      assertThat(bench.effects).as("%d", status).hasValue(before + 2);
    }
    for (int status : new int[] {401, 403, 408, 425, 429}) {
      int before = bench.effects.get();
      pay("n" + status, status, false);
      pay("n" + status, status, false);
      assertThat(bench.effects).as("%d", status).hasValue(before + 2);
    }
  }

  @Test
  void row31_inFlight_isThisBody() {
    bench.granted(payments, post("k", "a"));

    assertThat(whole(pay("k", 200, false)))
        .isEqualTo(
            """
            409
            Content-Type: application/json
            Retry-After: 1
            idempotency-key: k
            transient-error: true

            {"status":409,"errorCode":"704",\
            "message":"A request with this key is being processed. Retry it unchanged.",\
            "errorType":"validation"}""");
  }

  @Test
  void storeDown_isThisBody() {
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);

    assertThat(whole(pay("k", 200, false)))
        .isEqualTo(
            """
            503
            Content-Type: application/json
            Retry-After: 1
            idempotency-key: k
            transient-error: true

            {"status":503,"errorCode":"703",\
            "message":"This attempt ran nothing. Retry it unchanged.",\
            "errorType":"internal"}""");
  }

  @Test
  void mismatch_isThisBody() {
    pay("k", 200, false);

    assertThat(whole(bench.send(payments, post("k", "b"))))
        .isEqualTo(
            """
            422
            Content-Type: application/json
            idempotency-key: k

            {"status":422,"errorCode":"704",\
            "message":"This key belongs to a request that differs in what is compared: \
            method, target, content-type, body. Use a new key for a new request.",\
            "errorType":"validation"}""");
  }

  @Test
  void retention_7DaysUnlessNamed() {
    assertThat(payments.policyDocument()).contains("\"retentionSeconds\":604800,");
    OperationPolicy named = OperationPolicy.hold().withRetention(Duration.ofDays(14));
    assertThat(bench.operation(HttpPresets.adyen(named)).policyDocument())
        .contains("\"retentionSeconds\":1209600,");
  }
}
