package io.idem4j.http;

import static io.idem4j.http.HttpBench.OTHER_TENANT;
import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Fingerprint;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import io.idem4j.http.ResponseClassifier.Disposition;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Single guards of the layer: each shows what would go wrong without one. In virtual time. */
final class HttpGuardsTest {
  private static final OperationPolicy NAMED =
      OperationPolicy.rerun().withRetention(Duration.ofHours(1));

  private final HttpBench bench = new HttpBench();
  private final HttpRequest request = post("k", "body");

  private KeyState state(String value) {
    IdempotencyKey key = IdempotencyKey.of(TENANT, HttpBench.OPERATION, value);
    return bench.engine.record(key).orElseThrow().state();
  }

  /** A body that nobody may read. */
  private static InputStream forbidden() {
    return new InputStream() {
      @Override
      public int read() {
        throw new AssertionError("the body was read");
      }

      @Override
      public int read(byte[] target, int offset, int length) {
        return read();
      }
    };
  }

  private static HttpRequest forbidding(String method, HttpHeaders headers) {
    return HttpRequest.of(method, "/payments", headers, forbidden());
  }

  @Test
  void badKey_costsNoBodyAndNoStore() {
    HttpRequest bad = forbidding("POST", HttpHeaders.of("Idempotency-Key", "a b"));
    assertThat(type(bench.send(bench.operation(RERUN), bad))).isEqualTo("key-malformed");
    HttpOperation required = bench.operation(RERUN.withKeyRequirement(KeyRequirement.REQUIRED));
    HttpRequest none = forbidding("POST", HttpHeaders.none());
    assertThat(type(bench.send(required, none))).isEqualTo("key-missing");
    assertThat(bench.engine.calls()).isZero();
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void unprotectedRequest_keepsItsBodyForTheHandler_andIsCountedWhereAKeyWasPossible() {
    HttpOperation optional = bench.operation(RERUN);
    assertThat(bench.send(optional, forbidding("POST", HttpHeaders.none())).status())
        .isEqualTo(201);
    HttpHeaders keyed = HttpHeaders.of("Idempotency-Key", "k");
    for (String method : List.of("GET", "PUT", "post")) {
      assertThat(bench.send(optional, forbidding(method, keyed)).status()).isEqualTo(201);
    }
    HttpOperation ignoring = bench.operation(RERUN.withKeyRequirement(KeyRequirement.IGNORED));
    assertThat(bench.send(ignoring, forbidding("POST", keyed)).status()).isEqualTo(201);
    assertThat(bench.engine.calls()).isZero();
    assertThat(bench.engine.events()).hasSize(2);
  }

  @Test
  void bodyOverTheLimit_is413_andAskedTwiceItIsStill() throws Exception {
    HttpOperation small = bench.operation(RERUN.withMaximumRequestBody(4));
    assertThat(bench.send(small, post("k", "12345")).status()).isEqualTo(413);
    assertThat(bench.send(small, post("k", "1234")).status()).isEqualTo(201);
    HttpRequest streamed =
        HttpRequest.of(
            "POST",
            "/payments",
            HttpHeaders.of("Idempotency-Key", "s"),
            new java.io.ByteArrayInputStream(new byte[6]));
    assertThatThrownBy(() -> small.key(TENANT, streamed))
        .isInstanceOfSatisfying(
            HttpRefusedException.class, e -> assertThat(e.response().status()).isEqualTo(413));
    assertThat(bench.send(small, streamed).status()).isEqualTo(413);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void otherRequest_isRefusedInEveryState_andOtherTenantsKeyIsAnother() {
    HttpOperation operation = bench.operation(RERUN);
    bench.granted(operation, request);
    assertThat(type(bench.send(operation, post("k", "other")))).isEqualTo("key-reused");
    assertThat(type(bench.send(operation, request))).isEqualTo("in-flight");
    assertThat(bench.send(OTHER_TENANT, operation, request, context -> bench.created()).status())
        .isEqualTo(201);
  }

  @Test
  void dispositions_areWhatTheySay() {
    record Row(HttpPolicy policy, int status, KeyState state) {}
    List<Row> rows =
        List.of(
            new Row(RERUN, 200, KeyState.COMPLETED),
            new Row(RERUN, 422, KeyState.COMPLETED),
            new Row(RERUN, 401, KeyState.FAILED_RETRYABLE),
            new Row(RERUN, 403, KeyState.FAILED_RETRYABLE),
            new Row(RERUN, 408, KeyState.FAILED_RETRYABLE),
            new Row(RERUN, 425, KeyState.FAILED_RETRYABLE),
            new Row(RERUN, 429, KeyState.FAILED_RETRYABLE),
            new Row(RERUN, 500, KeyState.FAILED_RETRYABLE),
            new Row(HttpBench.HOLD, 500, KeyState.FAILED_IN_DOUBT),
            new Row(HttpBench.HOLD, 429, KeyState.FAILED_RETRYABLE),
            new Row(
                RERUN.withClassifier(response -> Disposition.IN_DOUBT),
                200,
                KeyState.FAILED_IN_DOUBT),
            new Row(
                RERUN.withClassifier(response -> Disposition.FINAL), 200, KeyState.FAILED_FINAL));
    for (Row row : rows) {
      String key = "k" + rows.indexOf(row);
      HttpResponse sent = bench.send(bench.operation(row.policy()), post(key, "b"), row.status());
      assertThat(sent.status()).isEqualTo(row.status());
      assertThat(state(key)).as("%s", row.status()).isEqualTo(row.state());
    }
  }

  @Test
  void finalResponse_isReplayedWhole_fromTheFailureRetention() {
    HttpPolicy last =
        HttpPolicy.of(NAMED.withFailureRetention(Duration.ofMinutes(5)))
            .withClassifier(response -> Disposition.FINAL)
            .withMarkers(Markers.standard().withLifetime("Kept"));
    HttpResponse sent = bench.send(bench.operation(last), request, 402);
    HttpResponse replay = bench.send(bench.operation(last), request);
    assertThat(field(sent, "Kept")).isEqualTo("300");
    assertThat(field(replay, "Kept")).isEqualTo("300");
    assertThat(replay.status()).isEqualTo(402);
    assertThat(body(replay)).isEqualTo(body(sent));
    assertThat(field(replay, "Idempotent-Replayed")).isEqualTo("true");
  }

  @Test
  void failingOpen_isForAStoreThatIsKnownToHaveAppliedNothing() {
    HttpOperation open = bench.operation(RERUN.failingOpen());
    bench.engine.onWrites(Fault.REQUEST_LOST, 10_000);
    assertThat(bench.send(open, request).status()).isEqualTo(503);
    bench.engine.clearFaults();
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);
    assertThat(bench.send(bench.operation(RERUN), request).status()).isEqualTo(503);
    assertThat(bench.effects).hasValue(0);
    assertThat(bench.send(open, request).status()).isEqualTo(201);
    assertThat(bench.engine.events()).contains("bypassed " + HttpBench.OPERATION);
  }

  /** A store whose writes all fail like this. */
  private static KeyStore failing(KeyStoreException failure) {
    return new KeyStore() {
      @Override
      public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
        throw failure;
      }

      @Override
      public Optional<StoredRecord> find(KeyId id) {
        return Optional.empty();
      }
    };
  }

  @Test
  void failingOpen_isForUnavailableStoresAlone() {
    Map<KeyStoreException, Integer> rows = new LinkedHashMap<>();
    for (Reason reason : Reason.values()) {
      if (reason != Reason.NO_ANSWER) {
        boolean opens = reason == Reason.UNAVAILABLE;
        int refused = reason == Reason.UNREADABLE ? 500 : 503;
        rows.put(KeyStoreException.notApplied(reason, "down", null), opens ? 201 : refused);
      }
    }
    rows.put(KeyStoreException.unknown("down", null), 503);
    rows.forEach(
        (failure, status) -> {
          HttpOperation open =
              HttpIdempotency.of(bench.engine.idempotencyOn(failing(failure)))
                  .operation(HttpBench.OPERATION, RERUN.failingOpen());
          assertThat(bench.send(open, request).status())
              .as("%s, %s", failure.reason(), failure.certainty())
              .isEqualTo(status);
        });
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void unreadableEnvelope_isNoOutage() {
    HttpOperation operation = bench.operation(RERUN);
    bench.send(operation, request);
    IdempotencyKey key = IdempotencyKey.of(TENANT, HttpBench.OPERATION, "k");
    bench.engine.damage(key, new byte[] {9});
    HttpResponse answer = bench.send(operation, request);
    assertThat(type(answer)).isEqualTo("record-unreadable");
    assertThat(field(answer, "Retry-After")).isEmpty();
  }

  @Test
  void rebuildThatFailsLikeAStore_neverLetsADuplicateRun() {
    KeyStoreException foreign =
        KeyStoreException.notApplied(KeyStoreException.Reason.UNAVAILABLE, "other", null);
    HttpOperation rebuilding =
        bench.operation(
            RERUN
                .failingOpen()
                .rebuilding(
                    (asked, recorded, reference) -> {
                      throw foreign;
                    }));
    bench.send(rebuilding, request);
    assertThatThrownBy(() -> bench.send(rebuilding, request)).isSameAs(foreign);
    assertThatThrownBy(() -> bench.begin(rebuilding, request)).isSameAs(foreign);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void handlersOwnException_isThrownOn_evenIfItIsOneOfCores() {
    HttpOperation open = bench.operation(RERUN.failingOpen());
    KeyStoreException own =
        KeyStoreException.notApplied(KeyStoreException.Reason.UNAVAILABLE, "other", null);
    assertThatThrownBy(
            () ->
                bench.send(
                    TENANT,
                    open,
                    request,
                    context -> {
                      bench.effects.incrementAndGet();
                      throw own;
                    }))
        .isSameAs(own);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void closedEngine_isStopping_butNotForWhatRan() throws Exception {
    HttpOperation odd = bench.operation(RERUN.surfacingLostCompletions());
    bench.engine.onWrites(Fault.NONE, 1);
    bench.engine.onWrites(Fault.REQUEST_LOST, 10_000);
    HttpResponse unrecorded =
        bench.send(
            TENANT,
            odd,
            request,
            context -> {
              bench.idempotency.close();
              return bench.created();
            });
    assertThat(type(unrecorded)).as("never: not processed").isEqualTo("not-recorded");
    HttpResponse stopping = bench.send(odd, post("next", "b"));
    assertThat(type(stopping)).isEqualTo("stopping");
    assertThat(stopping.status()).isEqualTo(503);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void policysOwnMisuse_afterTheHandlerRan_isNeverStopping() {
    MisuseException own = new MisuseException("the policy's own function");
    HttpOperation odd =
        bench.operation(
            RERUN.rebuilding(
                (asked, recorded, reference) -> {
                  throw own;
                }));
    bench.send(odd, request);
    assertThatThrownBy(() -> bench.send(odd, request)).isSameAs(own);
  }

  @Test
  void nestedCall_isMisuse_andNotStopping() {
    HttpOperation operation = bench.operation(RERUN);
    assertThatThrownBy(
            () -> bench.send(TENANT, operation, request, context -> bench.send(operation, request)))
        .isInstanceOf(MisuseException.class);
  }

  @Test
  void seatIsGivenBack_byHandle_howeverItEnds() {
    HttpOperation counted = bench.operation(RERUN.withQuota(1, 1));
    for (int i = 0; i < 3; i++) {
      bench.send(counted, request);
      assertThatThrownBy(
              () ->
                  bench.send(
                      TENANT,
                      counted,
                      post("x", "b"),
                      context -> {
                        throw new IllegalStateException("own");
                      }))
          .isInstanceOf(IllegalStateException.class);
    }
    bench.granted(counted, post("last", "b"));
    HttpResponse refused = bench.send(counted, post("more", "b"));
    assertThat(refused.status()).isEqualTo(429);
    assertThat(field(refused, "Retry-After")).isEqualTo("1");
    assertThat(type(bench.send(bench.operation(RERUN.withQuota(9, 1)), post("last", "b"))))
        .isEqualTo("in-flight");
  }

  @Test
  void sharedKey_atAnotherEndpoint_isRefused_whateverIsCompared() {
    for (RequestFingerprint compared :
        List.of(
            RequestFingerprint.request(), RequestFingerprint.body(), RequestFingerprint.off())) {
      HttpBench own = new HttpBench();
      HttpPolicy shared = RERUN.withEndpointInFingerprint("all").withFingerprint(compared);
      HttpOperation a = own.http.operation("a", shared);
      HttpOperation b = own.http.operation("b", shared);
      assertThat(own.send(a, request).status()).isEqualTo(201);
      assertThat(type(own.send(b, request))).isEqualTo("key-reused");
      assertThat(field(own.send(a, request), "Idempotent-Replayed")).isEqualTo("true");
      assertThat(own.effects).hasValue(1);
    }
  }

  @Test
  void keyOfThePayload_needsAFingerprint_boundToAnEndpointOrNot() {
    for (boolean isShared : new boolean[] {false, true}) {
      HttpPolicy policy =
          HttpPolicy.of(NAMED)
              .withPayloadKeys(asked -> "")
              .withFingerprint(
                  RequestFingerprint.of(
                      "nothing but of the root",
                      asked ->
                          asked.target().equals("/")
                              ? Fingerprint.sha256().part("root", "").build()
                              : Fingerprint.none()));
      HttpOperation operation =
          bench.operation(isShared ? policy.withEndpointInFingerprint("all") : policy);
      assertThatThrownBy(() -> bench.send(operation, post("k", "a")))
          .isInstanceOf(MisuseException.class);
    }
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void textThatIsNoKey_fromAnExtractorOrADiscriminator_is400_beforeTheStore() {
    for (String text : List.of("a\r\nb", "\u00E4", "\uD800", "", " ", "x".repeat(256))) {
      HttpOperation extracting =
          bench.operation(
              RERUN
                  .withKeyExtractor(asked -> Optional.of(text))
                  .withMarkers(Markers.standard().withKeyEcho("Key")));
      assertThat(type(bench.send(extracting, request))).as(text).isEqualTo("key-malformed");
    }
    for (String text : List.of("\uD800", "x".repeat(256))) {
      HttpOperation payload = bench.operation(HttpPolicy.of(NAMED).withPayloadKeys(asked -> text));
      assertThat(type(bench.send(payload, request))).isEqualTo("key-malformed");
    }
    assertThat(bench.engine.calls()).isZero();
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void classifierThatThrows_hasNoSay() throws IOException {
    HttpPolicy broken =
        RERUN
            .withMarkers(Markers.standard().withLifetime("Kept"))
            .withClassifier(
                response -> {
                  throw new StackOverflowError("broken");
                });
    assertThat(field(bench.send(bench.operation(broken), request, 500), "Kept")).isEqualTo("86400");
    assertThat(state("k")).isEqualTo(KeyState.COMPLETED);
  }
}
