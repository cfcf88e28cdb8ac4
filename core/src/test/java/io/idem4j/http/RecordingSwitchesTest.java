package io.idem4j.http;

import static io.idem4j.http.HttpBench.OPERATION;
import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Codec;
import io.idem4j.EncryptingCodec;
import io.idem4j.IdempotencyKey;
import io.idem4j.VersionedKey;
import io.idem4j.http.ResponseClassifier.Disposition;
import java.nio.charset.StandardCharsets;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** The switches oversize and codec: what is kept of a response. */
class RecordingSwitchesTest {
  /** Over the 2,000 bytes that the bench's engine records. */
  private static final String LARGE = "x".repeat(3_000);

  private final HttpBench bench = new HttpBench();

  private HttpResponse first(HttpOperation operation, String text) {
    return bench.send(
        TENANT,
        operation,
        post("k", "a"),
        context -> {
          context.orElseThrow().reference("pay_1");
          bench.effects.incrementAndGet();
          return HttpResponse.of(201, "text/plain", text).withHeader("Content-Encoding", "gzip");
        });
  }

  @Test
  void oversize_omitBody_replaysStatusAndFieldsAndSaysSo() {
    HttpOperation operation = bench.operation(RERUN.onOversize(Oversize.OMIT_BODY));
    assertThat(body(first(operation, LARGE))).as("the first caller gets all").isEqualTo(LARGE);

    HttpResponse retry = bench.send(operation, post("k", "a"));

    assertThat(HttpBench.whole(retry))
        .isEqualTo(
            """
            201
            Content-Type: text/plain
            Idempotent-Body-Omitted: true
            Idempotent-Replayed: true

            """);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void oversize_referenceOnly_is409WithTheReference() {
    HttpOperation operation = bench.operation(RERUN.onOversize(Oversize.REFERENCE_ONLY));
    first(operation, LARGE);

    HttpResponse retry = bench.send(operation, post("k", "a"));

    assertThat(retry.status()).isEqualTo(409);
    assertThat(type(retry)).isEqualTo("answer-not-kept");
    assertThat(body(retry)).contains("\"reference\":\"pay_1\"");
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void oversize_rejectReplay_is409WithoutIt() {
    HttpOperation operation = bench.operation(RERUN.onOversize(Oversize.REJECT_REPLAY));
    first(operation, LARGE);

    HttpResponse retry = bench.send(operation, post("k", "a"));

    assertThat(retry.status()).isEqualTo(409);
    assertThat(type(retry)).isEqualTo("answer-not-kept");
    assertThat(body(retry)).doesNotContain("reference");
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void oversize_maximumRecordedBody_isKeptToTheLastByte() {
    HttpOperation operation = bench.operation(RERUN.withMaximumRecordedBody(5));
    first(operation, "12345");
    assertThat(body(bench.send(operation, post("k", "a")))).isEqualTo("12345");

    HttpBench fresh = new HttpBench();
    HttpOperation next = fresh.operation(RERUN.withMaximumRecordedBody(5));
    fresh.send(TENANT, next, post("k", "a"), context -> HttpResponse.of(201, "a/b", "123456"));
    HttpResponse retry = fresh.send(next, post("k", "a"));
    assertThat(field(retry, "Idempotent-Body-Omitted")).isEqualTo("true");
    assertThat(retry.body()).isEmpty();
  }

  @Test
  void oversize_noBodyAtAll_isKeptAsNone() {
    HttpOperation operation = bench.operation(RERUN.withMaximumRecordedBody(0));
    bench.send(TENANT, operation, post("k", "a"), context -> HttpResponse.of(204));

    assertThat(HttpBench.whole(bench.send(operation, post("k", "a"))))
        .isEqualTo("204\nIdempotent-Replayed: true\n\n");
  }

  @Test
  void oversize_evenTheFields_leaveATombstoneAndNoSecondRun() {
    HttpOperation operation = bench.operation(RERUN);
    bench.send(
        TENANT,
        operation,
        post("k", "a"),
        context -> bench.created().withHeader("Location", "/" + "p".repeat(3_000)));

    HttpResponse retry = bench.send(operation, post("k", "a"));

    assertThat(retry.status()).isEqualTo(409);
    assertThat(type(retry)).isEqualTo("answer-not-kept");
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void oversize_ofAFailureThatIsFinal_keepsItsStatus() {
    HttpOperation operation = bench.operation(RERUN.withClassifier(response -> Disposition.FINAL));
    bench.send(
        TENANT,
        operation,
        post("k", "a"),
        context -> {
          bench.effects.incrementAndGet();
          return HttpResponse.of(402, "text/plain", LARGE);
        });

    HttpResponse retry = bench.send(operation, post("k", "a"));

    assertThat(retry.status()).isEqualTo(402);
    assertThat(field(retry, "Idempotent-Body-Omitted")).isEqualTo("true");
    assertThat(bench.effects).hasValue(1);
  }

  private static VersionedKey secret(int fill) {
    byte[] key = new byte[32];
    java.util.Arrays.fill(key, (byte) fill);
    return new VersionedKey("key-" + fill, new SecretKeySpec(key, "AES"));
  }

  private static HttpPolicy encrypted(HttpPolicy policy, int fill) {
    return policy.withCodec(codec -> EncryptingCodec.of(codec, secret(fill)));
  }

  private String stored() {
    return new String(
        bench
            .engine
            .record(IdempotencyKey.of(TENANT, OPERATION, "k"))
            .orElseThrow()
            .slots()
            .payload(),
        StandardCharsets.ISO_8859_1);
  }

  @Test
  void codec_encrypting_storesNothingReadableAndReplays() {
    for (Disposition each : new Disposition[] {Disposition.RECORD, Disposition.FINAL}) {
      HttpBench fresh = new HttpBench();
      HttpPolicy policy = encrypted(RERUN.withClassifier(response -> each), 1);
      HttpOperation operation = fresh.operation(policy);
      fresh.send(operation, post("k", "a"));
      IdempotencyKey key = IdempotencyKey.of(TENANT, OPERATION, "k");

      assertThat(
              new String(
                  fresh.engine.record(key).orElseThrow().slots().payload(),
                  StandardCharsets.ISO_8859_1))
          .as("%s", each)
          .doesNotContain("payment");
      HttpResponse retry = fresh.send(operation, post("k", "a"));
      assertThat(retry.status()).isEqualTo(201);
      assertThat(body(retry)).isEqualTo("{\"payment\":1}");
    }
  }

  @Test
  void codec_encrypting_keepsFieldsOfWhatIsTooLarge() {
    HttpOperation operation = bench.operation(encrypted(RERUN, 1));
    first(operation, LARGE);

    HttpResponse retry = bench.send(operation, post("k", "a"));

    assertThat(retry.status()).isEqualTo(201);
    assertThat(field(retry, "Idempotent-Body-Omitted")).isEqualTo("true");
    assertThat(stored()).doesNotContain("text/plain");
  }

  @Test
  void codec_withAnotherKey_isUnreadableAndRunsNothing() {
    for (Disposition each : new Disposition[] {Disposition.RECORD, Disposition.FINAL}) {
      HttpPolicy policy = RERUN.withClassifier(response -> each);
      bench.send(bench.operation(encrypted(policy, 1)), post("\"" + each + "\"", "a"));

      HttpResponse retry =
          bench.send(bench.operation(encrypted(policy, 2)), post("\"" + each + "\"", "a"));

      assertThat(retry.status()).isEqualTo(500);
      assertThat(type(retry)).isEqualTo("record-unreadable");
    }
    assertThat(bench.effects).hasValue(2);
  }

  @Test
  void codec_withoutFormForWhatIsTooLarge_leavesATombstone() {
    HttpOperation operation =
        bench.operation(
            RERUN.withCodec(
                codec ->
                    Codec.of(
                        "own",
                        response -> response.body(),
                        bytes -> HttpResponse.of(200, HttpHeaders.none(), bytes))));
    first(operation, LARGE);

    assertThat(type(bench.send(operation, post("k", "a")))).isEqualTo("answer-not-kept");
    assertThat(bench.effects).hasValue(1);
  }
}
