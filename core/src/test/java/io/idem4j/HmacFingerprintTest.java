package io.idem4j;

import static io.idem4j.Bench.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.stream.IntStream;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** Fingerprints that cannot be guessed without a key, and the change of that key. */
final class HmacFingerprintTest {
  private static final VersionedKey OLD = secret("2025", 0);
  private static final VersionedKey NEW = secret("2026", 1);

  private static VersionedKey secret(String id, int first) {
    byte[] bytes = new byte[32];
    IntStream.range(0, 32).forEach(i -> bytes[i] = (byte) (first + i));
    return new VersionedKey(id, new SecretKeySpec(bytes, "HmacSHA256"));
  }

  private static Fingerprint body(String body, VersionedKey first, VersionedKey... others) {
    return Fingerprint.hmacSha256(first, others).part("body", body).build();
  }

  /** Computed by another implementation, over the encoding that the builder documents. */
  @Test
  void hmac_isThatOfTheDocumentedEncoding() {
    Fingerprint fingerprint =
        Fingerprint.hmacSha256(OLD)
            .part("method", "POST")
            .part("body", "{\"amount\":\"1,00 €\"}")
            .build();
    assertThat(fingerprint.digests())
        .singleElement()
        .satisfies(
            digest -> {
              assertThat(digest.algorithm()).isEqualTo("hmac-sha256/1:2025");
              assertThat(HexFormat.of().formatHex(digest.digest()))
                  .isEqualTo("2a3c87bedaa9429e19f1ded1fd04853efe8f0dff52965a54718d2d4a20429367");
            });
    assertThat(
            Fingerprint.hmacSha256("v2", OLD).part("a", "b").build().digests().get(0).algorithm())
        .isEqualTo("hmac-sha256/1:2025:v2");
  }

  @Test
  void bad_19_anotherKey_givesAnotherDigest() {
    VersionedKey impostor = new VersionedKey("2025", NEW.key());
    assertThat(body("a", impostor)).isNotEqualTo(body("a", OLD));
    assertThat(body("a", OLD)).isEqualTo(body("a", OLD)).isNotEqualTo(body("b", OLD));
  }

  @Test
  void severalKeys_readAStreamOnce() throws IOException {
    byte[] content = "content".repeat(10_000).getBytes(StandardCharsets.UTF_8);
    Fingerprint both =
        Fingerprint.hmacSha256(OLD, NEW)
            .part("body", new ByteArrayInputStream(content), 1_000_000)
            .build();
    assertThat(both)
        .isEqualTo(
            Fingerprint.hmacSha256(OLD)
                .part("body", content)
                .build()
                .or(Fingerprint.hmacSha256(NEW).part("body", content).build()));
  }

  /** The three steps of the Javadoc, on nodes that take each step at different times. */
  @Test
  void rotation_inThreeSteps_refusesNobodyAndForgetsNothing() {
    Bench bench = new Bench();
    Operation<String> operation = bench.operation(OperationPolicy.rerun());
    String before = run(bench, operation, "before", body("a", OLD));

    assertThat(run(bench, operation, "before", body("a", OLD, NEW))).isEqualTo(before);
    String during = run(bench, operation, "during", body("a", OLD, NEW));
    assertThat(run(bench, operation, "during", body("a", OLD)))
        .as("a node that has not begun")
        .isEqualTo(during);

    assertThat(run(bench, operation, "before", body("a", NEW, OLD))).isEqualTo(before);
    String after = run(bench, operation, "after", body("a", NEW, OLD));
    assertThat(run(bench, operation, "after", body("a", OLD, NEW)))
        .as("a node one step behind")
        .isEqualTo(after);
    assertThat(run(bench, operation, "after", body("a", NEW))).isEqualTo(after);

    assertThat(bench.effects).hasValue(3);
    assertThat(operation.execute(key("before"), body("b", NEW, OLD), bench.effect()))
        .as("another body is still told apart")
        .isInstanceOf(Outcome.KeyReused.class);
    assertThatThrownBy(() -> run(bench, operation, "before", body("a", NEW)))
        .as("too early")
        .isInstanceOf(IncomparableFingerprintException.class);
    assertThat(bench.effects).hasValue(3);
  }

  private static String run(
      Bench bench, Operation<String> operation, String key, Fingerprint fingerprint) {
    return operation.execute(key(key), fingerprint, bench.effect()).orElseThrow();
  }

  @Test
  void ofPayload_severalFingerprints_isRefused() {
    assertThatThrownBy(
            () ->
                IdempotencyKey.ofPayload(Bench.TENANT, "charge", body("a", OLD, NEW), "2026-01-01"))
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("one fingerprint");
    assertThat(IdempotencyKey.ofPayload(Bench.TENANT, "charge", body("a", OLD), "d").id())
        .isNotEqualTo(IdempotencyKey.ofPayload(Bench.TENANT, "charge", body("a", NEW), "d").id());
  }

  @Test
  void keys_thatCannotBeUsed_areRefused() {
    SecretKey shortKey = new SecretKeySpec(new byte[31], "HmacSHA256");
    assertThatThrownBy(() -> Fingerprint.hmacSha256(new VersionedKey("k", shortKey)))
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("31 bytes");
    assertThatThrownBy(() -> Fingerprint.hmacSha256(OLD, new VersionedKey("2025", NEW.key())))
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("2025");
    for (String id : new String[] {"", " ", "a:b", "ä", "a\n", "x".repeat(33)}) {
      assertThatThrownBy(() -> new VersionedKey(id, OLD.key())).isInstanceOf(MisuseException.class);
    }
    assertThatThrownBy(() -> new VersionedKey("k", null)).isInstanceOf(MisuseException.class);
    assertThat(new VersionedKey("x".repeat(32), OLD.key()).id()).hasSize(32);
  }

  /** A key that stays in its module has no bytes to be measured. */
  @Test
  void key_thatIsNotShown_isTheProvidersToJudge() {
    SecretKey hidden =
        new SecretKey() {
          private static final long serialVersionUID = 1L;

          @Override
          public String getAlgorithm() {
            return "HmacSHA256";
          }

          @Override
          public String getFormat() {
            return null;
          }

          @Override
          public byte[] getEncoded() {
            return null;
          }
        };
    assertThatThrownBy(() -> Fingerprint.hmacSha256(new VersionedKey("hsm", hidden)))
        .as("the JDK's own provider cannot use it")
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("hsm");
  }

  @Test
  void i45_toString_showsNoKeyAndNoDigest() {
    assertThat(OLD).hasToString("VersionedKey[2025]");
    assertThat(body("a", OLD, NEW))
        .hasToString("Fingerprint[hmac-sha256/1:2025, hmac-sha256/1:2026]");
  }
}
