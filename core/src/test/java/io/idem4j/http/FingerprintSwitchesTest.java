package io.idem4j.http;

import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.request;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Fingerprint;
import io.idem4j.MisuseException;
import io.idem4j.VersionedKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** The switch fingerprint: what is compared, and what is not. */
class FingerprintSwitchesTest {
  private static final HttpHeaders JSON =
      HttpHeaders.of("Idempotency-Key", "k").with("Content-Type", "application/json");
  private static final HttpRequest FIRST = request("POST", "/payments?a=1", JSON, "{\"a\": 1}");

  private final HttpBench bench = new HttpBench();

  private static HttpRequest of(String method, String target, HttpHeaders headers, String body) {
    return request(method, target, headers, body);
  }

  /** Sends the first request, then this one, and says whether the two were the same. */
  private boolean isSame(RequestFingerprint fingerprint, HttpRequest second) {
    HttpBench fresh = new HttpBench();
    HttpOperation operation = fresh.operation(RERUN.withFingerprint(fingerprint));
    fresh.send(operation, FIRST);
    int status = fresh.send(operation, second).status();
    assertThat(status).isIn(201, 422);
    assertThat(fresh.effects).hasValue(1);
    return status == 201;
  }

  @Test
  void fingerprint_default_comparesMethodTargetContentTypeAndBytes() {
    RequestFingerprint standard = RequestFingerprint.request();
    HttpHeaders xml = JSON.with("Content-Type", "application/xml");

    assertThat(isSame(standard, FIRST)).isTrue();
    assertThat(isSame(standard, of("PATCH", "/payments?a=1", JSON, "{\"a\": 1}"))).isFalse();
    assertThat(isSame(standard, of("POST", "/payments?a=2", JSON, "{\"a\": 1}"))).isFalse();
    assertThat(isSame(standard, of("POST", "/refunds?a=1", JSON, "{\"a\": 1}"))).isFalse();
    assertThat(isSame(standard, of("POST", "/payments?a=1", xml, "{\"a\": 1}"))).isFalse();
    assertThat(isSame(standard, of("POST", "/payments?a=1", JSON, "{\"a\":1}"))).isFalse();
    HttpHeaders others = JSON.with("User-Agent", "other").with("X-Attempt", "2");
    assertThat(isSame(standard, of("POST", "/payments?a=1", others, "{\"a\": 1}")))
        .as("no other field")
        .isTrue();
  }

  @Test
  void fingerprint_off_comparesNothing() {
    assertThat(isSame(RequestFingerprint.off(), of("PATCH", "/x", JSON, "other"))).isTrue();
  }

  @Test
  void fingerprint_body_comparesTheBytesAlone() {
    assertThat(isSame(RequestFingerprint.body(), of("PATCH", "/x", JSON, "{\"a\": 1}"))).isTrue();
    assertThat(isSame(RequestFingerprint.body(), of("POST", "/payments?a=1", JSON, "{\"a\": 2}")))
        .isFalse();
  }

  @Test
  void fingerprint_requestAndFields_comparesTheNamedOnesToo() {
    RequestFingerprint version = RequestFingerprint.requestAnd("v2", "API-Version");
    HttpHeaders one = JSON.with("api-version", "1");

    assertThat(isSame(version, of("POST", "/payments?a=1", one, "{\"a\": 1}"))).isFalse();
    assertThat(isSame(version, of("POST", "/payments?a=1", JSON.with("X", "1"), "{\"a\": 1}")))
        .isTrue();
  }

  @Test
  void fingerprint_selected_comparesWhatTheFunctionTakes() {
    RequestFingerprint length =
        RequestFingerprint.of(
            "the length",
            it ->
                Fingerprint.sha256("length/1")
                    .part("length", Integer.toString(it.body().readAllBytes().length))
                    .build());

    assertThat(isSame(length, of("PATCH", "/x", JSON, "12345678"))).isTrue();
    assertThat(isSame(length, of("PATCH", "/x", JSON, "123456789"))).isFalse();
    assertThat(length.describe()).isEqualTo("the length");
  }

  @Test
  void fingerprint_canonical_comparesTheForm() {
    RequestFingerprint form =
        RequestFingerprint.canonical(
            "form/1",
            (body, type) -> {
              assertThat(type).isEqualTo("application/json");
              return new String(body.readAllBytes(), StandardCharsets.UTF_8)
                  .replace(" ", "")
                  .toLowerCase(Locale.ROOT)
                  .getBytes(StandardCharsets.UTF_8);
            });

    assertThat(isSame(form, of("POST", "/payments?a=1", JSON, "{\"A\":1}"))).isTrue();
    assertThat(isSame(form, of("POST", "/payments?a=1", JSON, "{\"a\":2}"))).isFalse();
    assertThat(isSame(form, of("POST", "/payments?a=2", JSON, "{\"a\": 1}"))).isFalse();
  }

  @Test
  void fingerprint_canonicalOfAHostileBody_is400WhateverItThrows() {
    Throwable[] thrown = {
      new IllegalArgumentException("secret"),
      new IOException("secret"),
      new IndexOutOfBoundsException("secret"),
      new StackOverflowError()
    };
    for (Throwable each : thrown) {
      RequestFingerprint hostile =
          RequestFingerprint.canonical("form/1", (body, type) -> raise(each));
      HttpResponse response =
          bench.send(bench.operation(RERUN.withFingerprint(hostile)), post("k", "a"));

      assertThat(response.status()).isEqualTo(400);
      assertThat(type(response)).isEqualTo("request-malformed");
      assertThat(HttpBench.whole(response)).doesNotContain("secret");
    }
    assertThat(bench.effects).hasValue(0);
    assertThat(bench.engine.calls()).isZero();
  }

  private static byte[] raise(Throwable thrown) throws IOException {
    if (thrown instanceof IOException e) {
      throw e;
    } else if (thrown instanceof Error e) {
      throw e;
    }
    throw (RuntimeException) thrown;
  }

  private static VersionedKey secret(String id, int fill) {
    byte[] key = new byte[32];
    java.util.Arrays.fill(key, (byte) fill);
    return new VersionedKey(id, new SecretKeySpec(key, "HmacSHA256"));
  }

  @Test
  void fingerprint_hmac_comparesTheSameAndBindsTheKeyedDigest() {
    RequestFingerprint keyed =
        RequestFingerprint.by(() -> Fingerprint.hmacSha256(secret("2026", 1)));
    assertThat(isSame(keyed, FIRST)).isTrue();
    assertThat(isSame(keyed, of("POST", "/payments?a=1", JSON, "{\"a\": 2}"))).isFalse();

    HttpOperation operation = bench.operation(RERUN.withFingerprint(keyed));
    bench.send(operation, post("k", "a"));
    var key = io.idem4j.IdempotencyKey.of(HttpBench.TENANT, HttpBench.OPERATION, "k");
    assertThat(bench.engine.record(key).orElseThrow().fingerprint().algorithm())
        .isEqualTo("hmac-sha256/1:2026");
  }

  @Test
  void fingerprint_or_letsAChangeMeetOlderRecords() {
    RequestFingerprint old = RequestFingerprint.request();
    RequestFingerprint changed = RequestFingerprint.requestAnd("v2", "API-Version");
    HttpOperation before = bench.operation(RERUN.withFingerprint(old));
    HttpOperation during = bench.operation(RERUN.withFingerprint(changed.or(old)));
    HttpOperation after = bench.operation(RERUN.withFingerprint(changed));
    bench.send(before, post("older", "a"));
    bench.send(during, post("newer", "a"));

    assertThat(bench.send(during, post("older", "a")).status()).isEqualTo(201);
    assertThat(bench.send(during, post("older", "b")).status()).isEqualTo(422);
    assertThat(bench.send(after, post("newer", "a")).status()).isEqualTo(201);
    assertThat(type(bench.send(after, post("older", "a"))))
        .as("incomparable is not different")
        .isEqualTo("record-unreadable");
    assertThat(bench.effects).hasValue(2);
  }

  @Test
  void fingerprint_orOfOneVersionTwice_isRefusedWhenTheOperationIsMade() {
    assertThatThrownBy(
            () ->
                bench.operation(
                    RERUN.withFingerprint(RequestFingerprint.body().or(RequestFingerprint.body()))))
        .isInstanceOf(MisuseException.class);
    for (String taken : new String[] {"http/1", "http-body/1"}) {
      assertThatThrownBy(() -> RequestFingerprint.requestAnd(taken, "Accept"))
          .isInstanceOf(MisuseException.class);
      assertThatThrownBy(() -> RequestFingerprint.canonical(taken, (body, type) -> new byte[0]))
          .isInstanceOf(MisuseException.class);
    }
  }
}
