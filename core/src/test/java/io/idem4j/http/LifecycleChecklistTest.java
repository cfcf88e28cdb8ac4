package io.idem4j.http;

import static io.idem4j.http.HttpBench.HOLD;
import static io.idem4j.http.HttpBench.OTHER_TENANT;
import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Items 29 to 37: what is published, the lifecycle of records, and security. Items 38 and 39 are
 * the client's, and tests of {@code RetryingClient} in examples/client.
 */
class LifecycleChecklistTest {
  private final HttpBench bench = new HttpBench();
  private final HttpOperation operation = bench.operation(RERUN);

  // P: each of the layer's own statuses is in the document
  @Test
  void h29_eachStatusOfTheLayerItself_isInThePolicyDocument() {
    String document =
        bench
            .operation(RERUN.onMismatch(400, false).onInFlight(423, Duration.ofSeconds(1)))
            .policyDocument();

    for (HttpProblem.Kind kind : HttpProblem.Kind.values()) {
      int status =
          switch (kind) {
            case KEY_REUSED -> 400;
            case IN_FLIGHT -> 423;
            default -> kind.status();
          };
      assertThat(document)
          .contains(
              "\"%s\":{\"status\":%d,\"contentType\":\"application/problem+json\",\"retryUnchanged\":%s}"
                  .formatted(kind.code(), status, kind.isTransient()));
    }
    assertThat(HttpProblem.Kind.values()).hasSize(15);
  }

  // M: generated from the configuration
  @Test
  void h30_policyDocument_saysAllThatTheDraftAsksFor() {
    OperationPolicy times =
        OperationPolicy.hold()
            .withRetention(Duration.ofHours(2))
            .withFailureRetention(Duration.ofHours(1));
    HttpPolicy policy =
        HttpPolicy.of(times)
            .withKeyHeaders("Idempotency-Key", "tracking-id")
            .withKeyFormat(KeyFormat.uuid(4, 7))
            .withKeyRequirement(KeyRequirement.REQUIRED)
            .withMaximumRequestBody(1000)
            .withMarkers(Markers.standard().withLifetime("Idempotency-Lifetime"))
            .withDocumentation(URI.create("https://api.example/idempotency"));

    assertThat(bench.operation(policy).policyDocument())
        .startsWith(
            "{\"operation\":\"POST /payments\",\"methods\":[\"PATCH\",\"POST\"],"
                + "\"key\":{\"headerFields\":[\"Idempotency-Key\",\"tracking-id\"],"
                + "\"syntax\":\"a String of RFC 9651, in double quotes, or the same text bare\","
                + "\"format\":\"36 characters, a UUID of version 4 7\",\"requirement\":\"required\"},"
                + "\"uniqueness\":\"one key per caller and operation\","
                + "\"fingerprint\":\"method, target, content-type, body\","
                + "\"maximumRequestBodyBytes\":1000,\"retentionSeconds\":7200,"
                + "\"failureRetentionSeconds\":3600,"
                + "\"expiredKey\":\"the request runs as a first one\","
                + "\"outcomes\":{\"200-400, 402, 404-407, 409-424, 426-428, 430-499\":\"recorded\","
                + "\"401, 403, 425, 429\":\"not recorded, a retry runs again\","
                + "\"408, 500-599\":\"held until somebody has looked\","
                + "\"errors with Retry-After\":\"held until somebody has looked\","
                + "\"exception\":\"held until somebody has looked\","
                + "\"recordedSuccess\":\"the recorded response\",")
        .contains(
            "\"markers\":{\"replay\":\"Idempotent-Replayed: true\","
                + "\"lifetime\":\"Idempotency-Lifetime\"},\"errors\":{\"key-missing\":",
            "\"documentation\":\"https://api.example/idempotency\"}");
  }

  // M
  @Test
  void h30_documentOfAllOperations_holdsEachByName() {
    bench.http.operation("b", HOLD);
    bench.http.operation("a", RERUN.withKeyRequirement(KeyRequirement.GENERATE));

    assertThat(bench.http.policyDocument())
        .matches(
            "\\{\"operations\":\\{\"POST /payments\":\\{.*},"
                + "\"a\":\\{\"operation\":\"a\",.*made by the service.*},"
                + "\"b\":\\{\"operation\":\"b\",.*}}}");
  }

  // S, and P for what an expired key means
  @Test
  void h31_h32_expiredKey_isAFirstRequestBeforeAnythingIsPurged() {
    bench.send(operation, post("k", "a"));
    bench.pass(Duration.ofHours(24).toSeconds() - 1);
    assertThat(field(bench.send(operation, post("k", "a")), "Idempotent-Replayed"))
        .isEqualTo("true");
    bench.pass(2);

    HttpResponse late = bench.send(operation, post("k", "another body"));

    assertThat(late.status()).isEqualTo(201);
    assertThat(late.headers().all("Idempotent-Replayed")).isEmpty();
    assertThat(bench.effects).hasValue(2);
  }

  // P: purging is the store's, by its retention; what the layer refuses leaves nothing behind
  @Test
  void h33_recordsDoNotGrowWithoutBound() {
    for (int i = 0; i < 50; i++) {
      bench.send(operation, post("k" + i, "a"));
      bench.send(operation, post("no, key", "a"));
      bench.send(operation, post("k" + i, "b"));
    }
    assertThat(bench.engine.records()).isEqualTo(50);
    bench.pass(Duration.ofHours(25).toSeconds());

    assertThat(bench.engine.purge()).isEqualTo(50);
    assertThat(bench.engine.records()).isZero();
  }

  // P
  @Test
  void h34_keyFormat_isCheckedBeforeAnyStoreAccess() {
    HttpOperation uuids = bench.operation(RERUN.withKeyFormat(KeyFormat.uuid()));

    assertThat(bench.send(uuids, post("\"k\"", "a")).status()).isEqualTo(400);
    assertThat(bench.send(uuids, post("\"k\"".repeat(4), "a")).status()).isEqualTo(400);

    assertThat(bench.engine.calls()).isZero();
    assertThat(bench.effects).hasValue(0);
  }

  // P: cross-tenant probe
  @Test
  void h35_anotherTenantsKey_looksExactlyLikeAnUnusedOne() {
    HttpHandler<RuntimeException> constant =
        context -> {
          bench.effects.incrementAndGet();
          return HttpResponse.of(201, "application/json", "{}");
        };
    HttpResponse theirs = bench.send(TENANT, operation, post("theirs", "a"), constant);
    for (String body : List.of("a", "b")) {
      int before = bench.engine.calls();
      Scope prober = Scope.of("prober-" + body);
      HttpResponse unused = bench.send(prober, operation, post("unused-" + body, "a"), constant);
      int ofUnused = bench.engine.calls() - before;

      HttpResponse probe = bench.send(prober, operation, post("theirs", body), constant);

      assertThat(HttpBench.whole(probe)).isEqualTo(HttpBench.whole(unused));
      assertThat(HttpBench.whole(probe)).isEqualTo(HttpBench.whole(theirs));
      assertThat(bench.engine.calls() - before).as("store calls").isEqualTo(2 * ofUnused);
    }
    assertThat(bench.effects).as("each ran by itself").hasValue(5);
  }

  // P: the same, while the other tenant's request runs
  @Test
  void h35_anotherTenantsRunningKey_looksUnusedToo() {
    HttpLease theirs = bench.granted(operation, post("k", "a"));

    HttpResponse mine =
        bench.send(OTHER_TENANT, operation, post("k", "b"), context -> bench.created());

    assertThat(mine.status()).isEqualTo(201);
    theirs.finish(bench.created());
    assertThat(body(bench.send(OTHER_TENANT, operation, post("k", "b"), c -> bench.created())))
        .isEqualTo("{\"payment\":1}");
    assertThat(body(bench.send(operation, post("k", "a")))).isEqualTo("{\"payment\":2}");
  }

  // P
  @Test
  void h36_separatorsInKeyAndScope_neverMeet() {
    String[][] pairs = {{"a", "b:c"}, {"a:b", "c"}, {"a", "b/c"}, {"a/b", "c"}, {"a", "{b}*"}};
    for (String[] pair : pairs) {
      HttpResponse response =
          bench.send(
              Scope.of(pair[0]), operation, post("\"" + pair[1] + "\"", "a"), c -> bench.created());
      assertThat(response.headers().all("Idempotent-Replayed")).isEmpty();
    }
    bench.send(Scope.of("a", "b"), operation, post("c", "a"), c -> bench.created());
    bench.send(
        Scope.of("a"), operation, post("\"'; DROP TABLE keys --\"", "a"), c -> bench.created());
    assertThat(bench.effects).hasValue(pairs.length + 2);
    assertThat(bench.engine.records()).isEqualTo(pairs.length + 2);
  }

  // P
  @Test
  void h37_lowEntropy_isRefusedWhereThePolicySaysSo() {
    HttpOperation uuids = bench.operation(RERUN.withKeyFormat(KeyFormat.uuid(4)));
    HttpOperation longer =
        bench.operation(RERUN.withKeyFormat(KeyFormat.any().withLength(16, 255)));

    assertThat(type(bench.send(uuids, post("12345678", "a")))).isEqualTo("key-malformed");
    assertThat(type(bench.send(longer, post("12345678", "a")))).isEqualTo("key-malformed");
    assertThat(bench.send(uuids, post("8e03978e-40d5-43dd-bc93-6894a57f9324", "a")).status())
        .isEqualTo(201);
    assertThat(bench.send(longer, post("1234567890123456", "a")).status()).isEqualTo(201);
  }
}
