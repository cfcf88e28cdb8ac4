package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.idem4j.Fingerprint;
import io.idem4j.VersionedKey;
import io.idem4j.http.RequestFingerprint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.zip.GZIPOutputStream;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** Requests that differ under one key: bad-inputs.md, rows 15 to 23. */
class BadFingerprintsTest extends OverTheWire {
  private static final byte[] KEY =
      "a key of thirty-two bytes, to try".getBytes(StandardCharsets.US_ASCII);

  @Test
  void bad_21_body_deeplyNested_is400() throws Exception {
    String body = "{\"amount\":" + "[".repeat(400_000);
    assertProblem(client.send(Call.pay(TENANT, "1").withBody(body)), 400, "bad-request");
  }

  @Test
  void bad_20_body_tooLarge_is413() throws Exception {
    Call call = Call.pay(TENANT, "1");
    String padding = " ".repeat(Body.MAXIMUM);
    assertProblem(client.send(call.withBody(call.body() + padding)), 413, "body-too-large");
    assertNoEffect();
    String fits = call.body() + padding.substring(call.body().length());
    assertThat(client.send(call.withBody(fits)).status()).isEqualTo(201);
  }

  @Test
  void bad_15_17_fingerprint_coversMethodPathQueryContentTypeAndBody() throws Exception {
    Call call = Call.increment(TENANT, "a", 1);
    client.send(call.withTarget("/accounts/a?x=1&fail=after&y=2"));
    assertThat(client.send(call.withTarget("/accounts/a?x=1&y=2&delay=1ms")).status())
        .isEqualTo(200);
    assertProblem(client.send(call.withTarget("/accounts/a?x=1")), 422, "key-reused");
    assertProblem(client.send(call.withTarget("/accounts/a?y=2&x=1")), 422, "key-reused");
    assertProblem(client.send(call.withTarget("/accounts/b?x=1&y=2")), 422, "key-reused");
    Call spaced = call.withTarget("/accounts/a?x=1&y=2").withBody("{\"incrementBy\": 1}");
    assertProblem(client.send(spaced), 422, "key-reused");
    assertThat(client.effects(TENANT).increments()).isEqualTo(1);
  }

  @Test
  void bad_15_fingerprint_contentType_counts() throws Exception {
    Call call = Call.pay(TENANT, "1");
    client.send(call);
    var http = java.net.http.HttpClient.newHttpClient();
    var other =
        client.request(call).setHeader("Content-Type", "application/json;charset=utf-8").build();
    assertProblem(Received.of(http.send(other, BodyHandlers.ofByteArray())), 422, "key-reused");
  }

  @Test
  void bad_15_refusal_namesWhatIsCompared() throws Exception {
    Call call = Call.pay(TENANT, "1");
    client.send(call);
    Received reused = client.send(call.withBody("{\"amount\":2,\"currency\":\"EUR\"}"));
    assertThat(reused.json().path("detail").asText()).contains("target, content-type, body");
  }

  private static Call keyed(String body) {
    return Call.pay(TENANT, "1").withBody(body);
  }

  @Test
  void bad_15_mismatch_inEachState_is422AndLeaksNothing() throws Exception {
    Call call = Call.pay(TENANT, "1");
    var slow = client.start(call.asking("delay=1s"));
    assertThat(client.awaitPayments(TENANT, 1)).isTrue();
    Call sameAmount = call.withTarget("/payments?x=1");
    for (int state = 0; state < 2; state++) {
      for (Call other :
          new Call[] {sameAmount, call.withBody("{\"amount\":2,\"currency\":\"EUR\"}")}) {
        Received refused = client.send(other);
        assertProblem(refused, 422, "key-reused");
        assertThat(refused.header("Location") + refused.header("Idempotent-Replayed")).isEmpty();
        assertThat(refused.body()).doesNotContain("EUR", "amount");
      }
      assertThat(slow.get(10, TimeUnit.SECONDS).status()).isEqualTo(201);
    }
    Call failed = Call.pay(TENANT, "3");
    client.send(failed.asking("status=404"));
    assertProblem(client.send(failed.withTarget("/payments?x=1")), 422, "key-reused");
    assertThat(client.send(call).isReplay()).isTrue();
    assertThat(client.effects(TENANT).payments()).isEqualTo(1);
  }

  @Test
  void bad_16_otherBytesOfTheSameMeaning_areARetryOnlyInACanonicalForm() throws Exception {
    Call call = keyed("{\"amount\":1,\"currency\":\"EUR\"}");
    Call turned = call.withBody("{ \"currency\":\"EUR\", \"amount\":1}");
    client.send(call);
    assertProblem(client.send(turned), 422, "key-reused");
    restart(
        false,
        policy ->
            policy.withFingerprint(
                RequestFingerprint.canonical("json/1", BadFingerprintsTest::canonical)));
    client.send(call);
    assertThat(client.send(turned).isReplay()).isTrue();
    assertProblem(
        client.send(call.withBody("{\"amount\":2,\"currency\":\"EUR\"}")), 422, "key-reused");
  }

  private static byte[] canonical(InputStream body, String contentType) throws IOException {
    JsonMapper mapper =
        JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();
    return mapper.writeValueAsBytes(mapper.readValue(body, TreeMap.class));
  }

  /** What ends one part begins the next one in the other request. */
  @Test
  void bad_17_partsThatJoinToTheSame_areDifferent() throws Exception {
    String head = "Authorization: Bearer t\r\nIdempotency-Key: k\r\n";
    String first = post(head + "Content-Type: c\r\n").replace("/payments", "/payments?a=b");
    String second = post(head + "Content-Type: bc\r\n").replace("/payments", "/payments?a=");
    assertThat(raw(first)).startsWith("HTTP/1.1 201 ");
    assertThat(raw(second)).startsWith("HTTP/1.1 422 ");
    assertThat(raw(first)).contains("eplayed: true");
  }

  /** These two have one hashCode(). */
  @Test
  void bad_18_collisionsOfWeakDigests_areDifferent() throws Exception {
    Call call = keyed("{\"amount\":1,\"currency\":\"EUR\",\"x\":\"Aa\"}");
    client.send(call);
    Call other = call.withBody("{\"amount\":1,\"currency\":\"EUR\",\"x\":\"BB\"}");
    assertThat(other.body().hashCode()).isEqualTo(call.body().hashCode());
    assertProblem(client.send(other), 422, "key-reused");
  }

  @Test
  void bad_19_keyedDigest_survivesItsRotation() throws Exception {
    VersionedKey older = new VersionedKey("2025", new SecretKeySpec(new byte[32], "HmacSHA256"));
    VersionedKey newer = new VersionedKey("2026", new SecretKeySpec(KEY, "HmacSHA256"));
    AtomicReference<Supplier<Fingerprint.Builder>> digest =
        new AtomicReference<>(() -> Fingerprint.hmacSha256(older));
    restart(
        false, policy -> policy.withFingerprint(RequestFingerprint.by(() -> digest.get().get())));
    Call call = Call.pay(TENANT, "1");
    client.send(call);
    digest.set(() -> Fingerprint.hmacSha256(newer, older));
    assertThat(client.send(call).isReplay()).isTrue();
    assertProblem(client.send(call.withTarget("/payments?x=1")), 422, "key-reused");
    digest.set(() -> Fingerprint.hmacSha256(newer));
    // Too early: the record is of a key that is offered no more, and cannot be compared.
    assertProblem(client.send(call), 500, "record-unreadable");
    assertThat(client.effects(TENANT).payments()).isEqualTo(1);
  }

  @Test
  void bad_20_body_endless_is413() throws Exception {
    String fields = "Authorization: Bearer t\r\nIdempotency-Key: k\r\n";
    String head =
        "POST /payments HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: x\r\n" + fields + "\r\n";
    String chunk = "10000\r\n" + "x".repeat(0x10000) + "\r\n";
    // No chunk of length 0: the body never ends, and is answered all the same.
    String response = raw(head + chunk.repeat(17));
    assertThat(response).startsWith("HTTP/1.1 413 ").contains("body-too-large");
    assertNoTrace();
  }

  /** The digest is of the bytes as they came: nothing is unpacked for it. */
  @Test
  void bad_20_body_compressed_isNotUnpacked() throws Exception {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(new byte[8 << 20]);
    }
    String head = "Authorization: Bearer t\r\nIdempotency-Key: k\r\nContent-Encoding: gzip\r\n";
    assertThat(raw(post(head, packed.toString(StandardCharsets.ISO_8859_1))))
        .startsWith("HTTP/1.1 400 ")
        .contains("bad-request");
    assertNoTrace();
  }

  @Test
  void bad_21_canonicalForm_thatFails_is400() throws Exception {
    restart(
        false,
        policy ->
            policy.withFingerprint(
                RequestFingerprint.canonical("deep/1", (body, type) -> deeper(body.read()))));
    assertProblem(client.send(Call.pay(TENANT, "1")), 400, "request-malformed");
    assertNoTrace();
  }

  private static byte[] deeper(int level) {
    return level < 0 ? new byte[0] : Arrays.copyOf(deeper(level + 1), level & 1);
  }

  @Test
  void bad_22_boundary_ofEachAttempt_isAMismatch() throws Exception {
    String head = "Authorization: Bearer t\r\nIdempotency-Key: k\r\n";
    assertThat(raw(post(head + "Content-Type: multipart/form-data; boundary=a\r\n")))
        .startsWith("HTTP/1.1 201 ");
    assertThat(raw(post(head + "Content-Type: multipart/form-data; boundary=b\r\n")))
        .startsWith("HTTP/1.1 422 ");
  }

  @Test
  void bad_23_headers_countOnlyIfTheyAreNamed() throws Exception {
    String head = "Authorization: Bearer t\r\nIdempotency-Key: k\r\n";
    assertThat(raw(post(head + "X-Version: 1\r\n"))).startsWith("HTTP/1.1 201 ");
    assertThat(raw(post(head + "X-Version: 2\r\nX-Other: 1\r\n"))).contains("eplayed: true");
    restart(
        false,
        policy -> policy.withFingerprint(RequestFingerprint.requestAnd("version/1", "X-Version")));
    assertThat(raw(post(head + "X-Version: 1\r\n"))).startsWith("HTTP/1.1 201 ");
    assertThat(raw(post(head + "x-version:   1  \r\nX-Other: 1\r\n"))).contains("eplayed: true");
    assertThat(raw(post(head + "X-Version: 2\r\n"))).startsWith("HTTP/1.1 422 ");
    assertThat(raw(post(head + "X-Version: 1\r\nX-Version: 2\r\n"))).startsWith("HTTP/1.1 422 ");
    assertThat(raw(post(head))).startsWith("HTTP/1.1 422 ");
  }
}
