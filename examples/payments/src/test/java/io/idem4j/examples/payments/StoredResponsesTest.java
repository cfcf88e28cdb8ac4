package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Codec;
import io.idem4j.EncryptingCodec;
import io.idem4j.KeyId;
import io.idem4j.OperationPolicy;
import io.idem4j.VersionedKey;
import io.idem4j.http.HttpPolicy;
import io.idem4j.http.HttpResponse;
import io.idem4j.http.Oversize;
import io.idem4j.memory.MemoryKeyStore;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** What is kept of a response, and what comes back of it: bad-inputs.md, rows 27 to 32. */
class StoredResponsesTest {
  private static final HttpPolicy POLICY = HttpPolicy.of(OperationPolicy.rerun());

  private final MemoryKeyStore keys = new MemoryKeyStore(100);
  private final AtomicInteger runs = new AtomicInteger();

  private SmallService service(HttpPolicy policy, HttpResponse response) throws Exception {
    return new SmallService(
        keys,
        policy,
        context -> {
          runs.incrementAndGet();
          return response;
        });
  }

  @Test
  void bad_27_credentials_reachTheFirstCallerAlone() throws Exception {
    String[] secret = {
      "Set-Cookie", "WWW-Authenticate", "Authorization", "Authentication-Info", "Keep-Alive", "Age"
    };
    HttpResponse response = HttpResponse.of(200, "text/plain", "x");
    for (String name : secret) {
      response = response.withHeader(name, "canary=1");
    }
    try (SmallService service = service(POLICY, response.withHeader("X-Own", "canary=2"))) {
      Received first = service.post("k");
      Received retry = service.post("k");
      assertThat(retry.isReplay()).isTrue();
      for (String name : secret) {
        assertThat(first.header(name)).isEqualTo("canary=1");
        assertThat(retry.header(name)).isEmpty();
      }
      assertThat(retry.body() + retry.headers()).doesNotContain("canary");
    }
  }

  @Test
  void bad_27_body_thatIsNotToBeKept_isNotReplayed() throws Exception {
    HttpResponse response = HttpResponse.of(201, "text/plain", "canary");
    try (SmallService service = service(POLICY.withMaximumRecordedBody(0), response)) {
      assertThat(service.post("k").body()).isEqualTo("canary");
      Received retry = service.post("k");
      assertThat(retry.status()).isEqualTo(201);
      assertThat(retry.body()).isEmpty();
      assertThat(retry.header("Idempotent-Body-Omitted")).isEqualTo("true");
      assertThat(runs).hasValue(1);
    }
  }

  @Test
  void bad_27_encrypted_isReplayedAndReadableByNobodyElse() throws Exception {
    VersionedKey key = new VersionedKey("1", new SecretKeySpec(new byte[32], "AES"));
    HttpResponse response = HttpResponse.of(201, "text/plain", "canary");
    HttpPolicy sealed = POLICY.withCodec(codec -> EncryptingCodec.of(codec, key));
    try (SmallService service = service(sealed, response)) {
      assertThat(service.post("k").body()).isEqualTo("canary");
      assertThat(service.post("k").body()).isEqualTo("canary");
    }
    VersionedKey wrong = new VersionedKey("2", new SecretKeySpec(new byte[32], "AES"));
    HttpPolicy without = POLICY.withCodec(codec -> EncryptingCodec.of(codec, wrong));
    try (SmallService service = service(without, response)) {
      Received refused = service.post("k");
      assertThat(refused.status()).isEqualTo(500);
      assertThat(refused.body()).contains("record-unreadable").doesNotContain("canary");
    }
    assertThat(runs).hasValue(1);
  }

  @Test
  void bad_28_lineBreakInAHeader_isNoResponse() throws Exception {
    try (SmallService service =
        new SmallService(
            keys,
            POLICY,
            context -> HttpResponse.of(200).withHeader("X-Name", "a\r\nSet-Cookie: b=c"))) {
      Received failed = service.post("k");
      assertThat(failed.status()).isEqualTo(500);
      assertThat(failed.header("Set-Cookie")).isEmpty();
    }
  }

  /** Bytes that another hand has changed in the store. */
  @Test
  void bad_28_lineBreakInARecord_isNotSent() throws Exception {
    HttpResponse response = HttpResponse.of(200).withHeader("Location", "/x SPLIT y");
    HttpPolicy damaged = POLICY.withCodec(Damaging::new);
    try (SmallService service = service(damaged, response)) {
      assertThat(service.post("k").status()).isEqualTo(200);
      try (Socket socket = service.send("k")) {
        byte[] start = socket.getInputStream().readNBytes(12);
        assertThat(new String(start, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 500");
      }
      assertThat(service.post("k").header("Set-Cookie")).isEmpty();
      assertThat(runs).hasValue(1);
    }
  }

  private record Damaging(Codec<HttpResponse> codec) implements Codec<HttpResponse> {
    @Override
    public String type() {
      return codec.type();
    }

    @Override
    public byte[] encode(HttpResponse value, KeyId keyId) throws Exception {
      return codec.encode(value, keyId);
    }

    @Override
    public HttpResponse decode(byte[] bytes, KeyId keyId) throws Exception {
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      return codec.decode(
          text.replace(" SPLIT ", "\r\na: b=c").getBytes(StandardCharsets.ISO_8859_1), keyId);
    }
  }

  @Test
  void bad_29_cacheDirectives_areThoseOfTheFirst() throws Exception {
    HttpResponse response = HttpResponse.of(200, "text/plain", "x");
    try (SmallService service =
        service(
            POLICY,
            response.withHeader("Cache-Control", "no-store").withHeader("Vary", "Authorization"))) {
      service.post("k");
      Received retry = service.post("k");
      assertThat(retry.header("Cache-Control")).isEqualTo("no-store");
      assertThat(retry.header("Vary")).isEqualTo("Authorization");
    }
    try (SmallService service = service(POLICY, response)) {
      service.post("k2");
      assertThat(service.post("k2").headers().map().keySet())
          .doesNotContain("cache-control", "expires", "age", "vary", "etag");
    }
  }

  @Test
  void bad_31_bodies_ofAllLengths_comeBackByteForByte() throws Exception {
    Random random = new Random(31);
    for (int length : new int[] {0, 1, 8_192, 60_000}) {
      byte[] body = new byte[length];
      random.nextBytes(body);
      HttpResponse response =
          HttpResponse.of(200, io.idem4j.http.HttpHeaders.of("Content-Type", "x/y"), body);
      try (SmallService service = service(POLICY, response)) {
        byte[] sent = new byte[length];
        assertThat(service.post("k" + length, sent).body()).isEqualTo(body);
        var retry = service.post("k" + length, sent);
        assertThat(retry.body()).isEqualTo(body);
        assertThat(Received.of(retry).isReplay()).isTrue();
        assertThat(Received.of(retry).header("Content-Type")).isEqualTo("x/y");
      }
    }
  }

  @Test
  void bad_31_oversize_hasOneAnswerForEachSwitch() throws Exception {
    HttpResponse response = HttpResponse.of(201, "text/plain", "x".repeat(100));
    HttpPolicy small = POLICY.withMaximumRecordedBody(99);
    for (Oversize oversize : Oversize.values()) {
      runs.set(0);
      try (SmallService service = service(small.onOversize(oversize), response)) {
        String key = oversize.name();
        assertThat(service.post(key).body()).hasSize(100);
        Received retry = service.post(key);
        if (oversize == Oversize.OMIT_BODY) {
          assertThat(retry.status()).isEqualTo(201);
          assertThat(retry.body()).isEmpty();
        } else {
          assertThat(retry.status()).isEqualTo(409);
          assertThat(retry.body()).contains("answer-not-kept");
        }
        assertThat(runs).hasValue(1);
      }
    }
  }

  /** Neither the handler nor the client decides what the marker says. */
  @Test
  void bad_32_marker_isTheLayersOwn() throws Exception {
    HttpPolicy all = POLICY.withReplayHeaders(io.idem4j.http.ReplayHeaders.allExcept("x-none"));
    HttpResponse response = HttpResponse.of(200).withHeader("Idempotent-Replayed", "false");
    try (SmallService service = service(all, response)) {
      service.post("k");
      assertThat(service.post("k").headers().allValues("Idempotent-Replayed"))
          .containsExactly("true");
    }
  }

  /** The client is gone before the answer; or reads none of it. Either way it is recorded. */
  @Test
  void bad_31_clientGone_beforeOrAfterTheAnswer_isReplayed() throws Exception {
    CountDownLatch began = new CountDownLatch(1);
    CountDownLatch gone = new CountDownLatch(1);
    HttpResponse response = HttpResponse.of(201, "text/plain", "x".repeat(50_000));
    try (SmallService service =
        new SmallService(
            keys,
            POLICY,
            context -> {
              runs.incrementAndGet();
              began.countDown();
              gone.await(10, TimeUnit.SECONDS);
              return response;
            })) {
      try (Socket socket = service.send("k")) {
        assertThat(began.await(10, TimeUnit.SECONDS)).isTrue();
        // Closed with a reset: what the server sends meets no one.
        socket.setSoLinger(true, 0);
      }
      gone.countDown();
      assertReplayed(service, "k", response);
      try (Socket socket = service.send("k2")) {
        // The first byte says that it is recorded; the rest is never read.
        assertThat(socket.getInputStream().read()).isEqualTo('H');
        socket.setSoLinger(true, 0);
      }
      assertReplayed(service, "k2", response);
      assertThat(runs).hasValue(2);
    }
  }

  private static void assertReplayed(SmallService service, String key, HttpResponse response)
      throws Exception {
    Received retry = service.post(key);
    for (int i = 0; i < 100 && retry.status() == 409; i++) {
      Thread.sleep(50);
      retry = service.post(key);
    }
    assertThat(retry.status()).isEqualTo(201);
    assertThat(retry.isReplay()).isTrue();
    assertThat(retry.body()).isEqualTo(new String(response.body(), StandardCharsets.US_ASCII));
  }
}
