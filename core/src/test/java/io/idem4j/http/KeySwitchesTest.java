package io.idem4j.http;

import static io.idem4j.http.HttpBench.OPERATION;
import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.bare;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.request;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.IdempotencyKey;
import io.idem4j.OperationPolicy;
import io.idem4j.http.IdempotencyKeyHeader.Syntax;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The switches keySource, keySyntax, keyFormat, keyRequirement, methods and scope. */
class KeySwitchesTest {
  private static final HttpPolicy TWO_FIELDS =
      RERUN.withKeyHeaders("Idempotency-Key", "tracking-id");

  private final HttpBench bench = new HttpBench();

  private static HttpRequest with(HttpHeaders headers, String body) {
    return request("POST", "/payments", headers, body);
  }

  private void replays(HttpOperation operation, HttpRequest request) {
    assertThat(field(bench.send(operation, request), "Idempotent-Replayed")).isEqualTo("true");
  }

  private void refuses(HttpOperation operation, HttpRequest request) {
    int calls = bench.engine.calls();
    assertThat(type(bench.send(operation, request))).isEqualTo("key-malformed");
    assertThat(bench.engine.calls()).isEqualTo(calls);
  }

  @Test
  void keySource_eitherField_isTheSameKey() {
    HttpOperation operation = bench.operation(TWO_FIELDS);
    bench.send(operation, post("k", "a"));

    replays(operation, with(HttpHeaders.of("Tracking-ID", "\"k\""), "a"));
    replays(
        operation, with(HttpHeaders.of("tracking-id", "k").with("idempotency-key", "\"k\""), "a"));
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void keySource_conflictingOrMalformedFields_areRefusedInEitherOrder() {
    HttpOperation operation = bench.operation(TWO_FIELDS);

    refuses(operation, with(HttpHeaders.of("Idempotency-Key", "a").with("tracking-id", "b"), ""));
    refuses(
        operation, with(HttpHeaders.of("Idempotency-Key", "a").with("tracking-id", "x, y"), ""));
    refuses(
        operation, with(HttpHeaders.of("Idempotency-Key", "x, y").with("tracking-id", "a"), ""));
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void keySource_fieldThatIsNotNamed_isNoKey() {
    HttpOperation operation = bench.operation(RERUN.withKeyHeaders("tracking-id"));

    bench.send(operation, post("k", "a"));

    assertThat(bench.engine.calls()).isZero();
  }

  @Test
  void keySource_extractor_takesTheKeyFromTheBodyWhichTheHandlerStillReads() throws IOException {
    HttpOperation operation =
        bench.operation(RERUN.withKeyExtractor(it -> Optional.of(body(it).substring(0, 3))));
    InputStream stream = new ByteArrayInputStream("abcdef".getBytes(StandardCharsets.UTF_8));
    HttpRequest request = HttpRequest.of("POST", "/payments", HttpHeaders.none(), stream);

    operation.handle(
        TENANT,
        request,
        context -> {
          assertThat(body(request)).isEqualTo("abcdef");
          return bench.created();
        });

    replays(operation, bare("POST", "abcdef"));
    assertThat(bench.send(operation, bare("POST", "abcxyz")).status()).isEqualTo(422);
    assertThat(operation.policyDocument()).contains("\"source\":\"the request, as the service");
  }

  @Test
  void keySource_extractorThatFindsNone_followsTheRequirement() {
    HttpPolicy none = RERUN.withKeyExtractor(it -> Optional.empty());

    assertThat(bench.send(bench.operation(none), bare("POST", "a")).status()).isEqualTo(201);
    assertThat(
            type(
                bench.send(
                    bench.operation(none.withKeyRequirement(KeyRequirement.REQUIRED)),
                    bare("POST", "a"))))
        .isEqualTo("key-missing");
    assertThat(bench.engine.calls()).isZero();
  }

  @Test
  void keySource_payloadHash_makesIdenticalRequestsOneForTheRetention() {
    OperationPolicy window = OperationPolicy.rerun().withRetention(Duration.ofMinutes(5));
    HttpOperation operation =
        bench.operation(
            HttpPolicy.of(window).withPayloadKeys(it -> it.headers().first("Batch").orElse("")));
    bench.send(operation, bare("POST", "a"));

    replays(operation, bare("POST", "a"));
    replays(operation, post("a key means nothing", "a"));
    bench.send(operation, bare("POST", "b"));
    bench.send(operation, with(HttpHeaders.of("Batch", "2"), "a"));
    assertThat(bench.effects).hasValue(3);
    bench.pass(301);
    bench.send(operation, bare("POST", "a"));
    assertThat(bench.effects).hasValue(4);
    assertThat(operation.policyDocument()).contains("\"key\":{\"source\":\"the request itself:");
  }

  @Test
  void keySyntax_strict_refusesWhatIsBare() {
    HttpOperation operation = bench.operation(RERUN.withKeySyntax(Syntax.STRICT));
    bench.send(operation, post("\"k\"", "a"));
    replays(operation, post("\"k\"", "a"));
    refuses(operation, post("k", "a"));
  }

  @Test
  void keySyntax_lenient_takesBothForOne() {
    HttpOperation operation = bench.operation(RERUN.withKeySyntax(Syntax.LENIENT));
    bench.send(operation, post("\"k\"", "a"));
    replays(operation, post("k", "a"));
    refuses(operation, post("k;x", "a"));
  }

  @Test
  void keySyntax_raw_takesTheTextAndRefusesQuotes() {
    HttpOperation operation = bench.operation(RERUN.withKeySyntax(Syntax.RAW));
    bench.send(operation, post("k;x y", "a"));
    replays(operation, post("  k;x y ", "a"));
    refuses(operation, post("\"k\"", "a"));
    refuses(operation, post("a,b", "a"));
  }

  @Test
  void keyFormat_lengthAlphabetAndVersions_areKeptToTheLastCharacter() {
    HttpOperation lengths = bench.operation(RERUN.withKeyFormat(KeyFormat.any().withLength(3, 5)));
    HttpOperation digits =
        bench.operation(
            RERUN.withKeyFormat(KeyFormat.any().withAlphabet("digits", c -> c >= '0' && c <= '9')));
    HttpOperation sevens = bench.operation(RERUN.withKeyFormat(KeyFormat.uuid(7)));

    refuses(lengths, post("ab", "a"));
    refuses(lengths, post("abcdef", "a"));
    assertThat(bench.send(lengths, post("abc", "a")).status()).isEqualTo(201);
    assertThat(bench.send(lengths, post("abcde", "a")).status()).isEqualTo(201);
    refuses(digits, post("12345a", "a"));
    assertThat(bench.send(digits, post("123456", "a")).status()).isEqualTo(201);
    refuses(sevens, post("8e03978e-40d5-43dd-bc93-6894a57f9324", "a"));
    refuses(sevens, post("018f4e5e-7b4a-7cc2-c8c4-9c3a1f2b3d4e", "a"));
    assertThat(bench.send(sevens, post("018f4e5e-7b4a-7cc2-98c4-9c3a1f2b3d4e", "a")).status())
        .isEqualTo(201);
  }

  @Test
  void keyRequirement_optionalAndRequired_differForAMissingKeyAlone() {
    HttpOperation required = bench.operation(RERUN.withKeyRequirement(KeyRequirement.REQUIRED));
    HttpOperation optional = bench.operation(RERUN.withKeyRequirement(KeyRequirement.OPTIONAL));

    assertThat(bench.send(required, bare("POST", "a")).status()).isEqualTo(400);
    assertThat(bench.send(optional, bare("POST", "a")).status()).isEqualTo(201);
    refuses(optional, post("", "a"));
    bench.send(required, post("k", "a"));
    replays(optional, post("k", "a"));
  }

  @Test
  void keyRequirement_ignored_runsWhateverTheKeyIs() {
    HttpOperation ignored = bench.operation(RERUN.withKeyRequirement(KeyRequirement.IGNORED));

    bench.send(ignored, post("k", "a"));
    bench.send(ignored, post("k", "a"));
    bench.send(ignored, post("not, a key", "a"));

    assertThat(bench.effects).hasValue(3);
    assertThat(bench.engine.calls()).isZero();
    assertThat(bench.engine.events()).hasSize(3).containsOnly("bypassed " + OPERATION);
  }

  @Test
  void keyRequirement_generate_makesAKeyAndTellsIt() {
    HttpOperation generate = bench.operation(RERUN.withKeyRequirement(KeyRequirement.GENERATE));

    HttpResponse first = bench.send(generate, bare("POST", "a"));

    String key = field(first, "Idempotency-Key");
    assertThat(key).matches("[0-9a-f-]{36}");
    assertThat(bench.engine.record(IdempotencyKey.of(TENANT, OPERATION, key))).isPresent();
    replays(generate, post(key, "a"));
    assertThat(field(bench.send(generate, bare("POST", "a")), "Idempotency-Key")).isNotEqualTo(key);
    assertThat(bench.send(generate, post("own", "a")).headers().all("Idempotency-Key"))
        .as("the client knows its own")
        .isEmpty();
    assertThat(bench.effects).hasValue(3);
  }

  @Test
  void methods_exactlyTheNamedOnes_areProtected() {
    HttpOperation operation = bench.operation(RERUN.withMethods("PUT", "PURGE"));
    for (String method : new String[] {"PUT", "PURGE"}) {
      HttpRequest request = request(method, "/", HttpHeaders.of("Idempotency-Key", method), "");
      bench.send(operation, request);
      replays(operation, request);
    }
    int calls = bench.engine.calls();
    bench.send(operation, post("PUT", ""));
    bench.send(operation, request("put", "/", HttpHeaders.of("Idempotency-Key", "PUT"), ""));
    assertThat(bench.engine.calls()).as("methods are compared by case").isEqualTo(calls);
    assertThat(bench.engine.events())
        .as("not meant to have keys")
        .doesNotContain("bypassed " + OPERATION);
  }

  @Test
  void endpointIn_scope_makesTheKeyOfAnotherOperationANewOne() {
    HttpOperation payments = bench.http.operation("POST /payments", RERUN);
    HttpOperation refunds = bench.http.operation("POST /refunds", RERUN);
    bench.send(payments, post("k", "a"));

    assertThat(body(bench.send(refunds, post("k", "a")))).isEqualTo("{\"payment\":2}");
  }

  @Test
  void endpointIn_fingerprint_refusesTheKeyOfAnotherOperation() {
    HttpPolicy shared = RERUN.withEndpointInFingerprint("api");
    for (RequestFingerprint each :
        new RequestFingerprint[] {
          RequestFingerprint.request(),
          RequestFingerprint.off(),
          RequestFingerprint.body(),
          RequestFingerprint.requestAnd("2", "Accept").or(RequestFingerprint.request())
        }) {
      HttpPolicy policy = shared.withFingerprint(each);
      HttpOperation payments = bench.http.operation("POST /payments", policy);
      HttpOperation refunds = bench.http.operation("POST /refunds", policy);
      int before = bench.effects.get();
      HttpRequest request = post('"' + each.toString() + '"', "a");
      bench.send(payments, request);

      assertThat(bench.send(refunds, request).status()).as("%s", each).isEqualTo(422);
      replays(payments, request);
      assertThat(bench.effects).hasValue(before + 1);
    }
  }

  @Test
  void key_tellsTheKeyWithoutAskingTheStore() throws IOException {
    HttpOperation operation = bench.operation(RERUN);

    assertThat(operation.key(TENANT, post("k", "a")).map(IdempotencyKey::id))
        .contains(IdempotencyKey.of(TENANT, OPERATION, "k").id());
    assertThat(operation.key(TENANT, bare("POST", "a"))).isEmpty();
    assertThatThrownBy(() -> operation.key(TENANT, post("a, b", "a")))
        .isInstanceOfSatisfying(
            HttpRefusedException.class, e -> assertThat(e.response().status()).isEqualTo(400));
    assertThat(bench.engine.calls()).isZero();
  }
}
