package io.idem4j.http;

import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.bare;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.field;
import static io.idem4j.http.HttpBench.post;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.OperationPolicy;
import io.idem4j.http.ResponseClassifier.Disposition;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The switches markers, replayHeaders and errorRenderer, and the documentation's link. */
class MarkerSwitchesTest {
  private final HttpBench bench = new HttpBench();

  private HttpHandler<RuntimeException> with(String... fields) {
    return context -> {
      HttpHeaders.Builder headers = HttpHeaders.builder();
      for (int i = 0; i < fields.length; i += 2) {
        headers.add(fields[i], fields[i + 1]);
      }
      return HttpResponse.of(201, headers.build(), new byte[] {'x'});
    };
  }

  private HttpHeaders replayed(HttpPolicy policy, String... fields) {
    HttpOperation operation = bench.operation(policy);
    String key = "k" + bench.effects.incrementAndGet();
    HttpResponse first = bench.send(TENANT, operation, post(key, "a"), with(fields));
    assertThat(first)
        .as("the first caller gets all")
        .isEqualTo(with(fields).handle(Optional.empty()));
    return bench.send(TENANT, operation, post(key, "a"), with(fields)).headers();
  }

  @Test
  void markers_none_saysNothing() {
    assertThat(replayed(RERUN.withMarkers(Markers.none()))).isEqualTo(HttpHeaders.none());
  }

  @Test
  void markers_replay_hasItsNameAndValueOnReplaysAlone() {
    assertThat(replayed(RERUN.withMarkers(Markers.none().withReplay("X-Cache", "HIT"))))
        .isEqualTo(HttpHeaders.of("X-Cache", "HIT"));
    assertThat(replayed(RERUN)).isEqualTo(HttpHeaders.of("Idempotent-Replayed", "true"));
  }

  @Test
  void markers_replay_isNeverWhatWasStored() {
    HttpOperation all = bench.operation(RERUN.withReplayHeaders(ReplayHeaders.allExcept()));
    HttpHandler<RuntimeException> forging = with("Idempotent-Replayed", "forged");

    HttpResponse first = bench.send(TENANT, all, post("k", "a"), forging);
    HttpResponse second = bench.send(TENANT, all, post("k", "a"), forging);

    assertThat(first.headers().all("idempotent-replayed")).as("h17").isEmpty();
    assertThat(second.headers().all("idempotent-replayed")).containsExactly("true");
  }

  @Test
  void markers_originalRequest_isTheFieldOfTheFirstResponse() {
    HttpPolicy policy =
        RERUN.withMarkers(Markers.none().withOriginalRequest("Request-Id", "Original-Request"));

    assertThat(replayed(policy, "Request-Id", "req_1"))
        .isEqualTo(HttpHeaders.of("Original-Request", "req_1"));
    assertThat(replayed(policy)).as("none was given").isEqualTo(HttpHeaders.none());
  }

  @Test
  void markers_transience_isOnRefusalsAlone() {
    HttpPolicy policy = RERUN.withMarkers(Markers.none().withTransience("Should-Retry", "y", "n"));
    HttpOperation operation = bench.operation(policy);
    HttpLease lease = bench.granted(operation, post("k", "a"));

    assertThat(field(bench.send(operation, post("k", "a")), "Should-Retry")).isEqualTo("y");
    assertThat(field(bench.send(operation, post("k", "b")), "Should-Retry")).isEqualTo("n");
    assertThat(lease.finish(bench.created()).headers().all("Should-Retry")).isEmpty();
    assertThat(bench.send(operation, post("k", "a")).headers().all("Should-Retry")).isEmpty();

    HttpOperation quiet =
        bench.operation(RERUN.withMarkers(Markers.none().withTransience("T", "true", null)));
    assertThat(bench.send(quiet, post("k", "b")).headers().all("T")).isEmpty();
  }

  @Test
  void markers_keyEcho_repeatsTheLineWhereTheKeyWasHonoured() {
    HttpOperation operation =
        bench.operation(RERUN.withMarkers(Markers.none().withKeyEcho("Idempotency-Key")));

    assertThat(field(bench.send(operation, post("\"k\"", "a")), "Idempotency-Key"))
        .isEqualTo("\"k\"");
    assertThat(field(bench.send(operation, post("k", "a")), "Idempotency-Key")).isEqualTo("k");
    assertThat(field(bench.send(operation, post("k", "b")), "Idempotency-Key")).isEqualTo("k");
    assertThat(bench.send(operation, post("a, b", "a")).headers().all("Idempotency-Key")).isEmpty();
    assertThat(bench.send(operation, bare("POST", "a")).headers().all("Idempotency-Key")).isEmpty();
  }

  @Test
  void markers_lifetime_isTheRetentionOfWhatWasRecorded() {
    OperationPolicy times =
        OperationPolicy.rerun()
            .withRetention(Duration.ofHours(2))
            .withFailureRetention(Duration.ofHours(1));
    HttpOperation operation =
        bench.operation(
            HttpPolicy.of(times)
                .withMarkers(Markers.none().withLifetime("Lifetime"))
                .withClassifier(
                    response ->
                        response.status() == 402
                            ? Disposition.FINAL
                            : response.status() == 429 ? Disposition.RELEASE : Disposition.RECORD));

    for (int i = 0; i < 2; i++) {
      assertThat(field(bench.send(operation, post("done", "a")), "Lifetime")).isEqualTo("7200");
      assertThat(field(bench.send(operation, post("final", "a"), 402), "Lifetime"))
          .isEqualTo("3600");
      assertThat(field(bench.send(operation, post("not", "a"), 429), "Lifetime")).isEmpty();
    }
  }

  @Test
  void replayHeaders_allow_keepsTheListedOnes() {
    assertThat(
            replayed(
                RERUN
                    .withMarkers(Markers.none())
                    .withReplayHeaders(ReplayHeaders.standard().and("X-Rate")),
                "Content-Type",
                "a/b",
                "Cache-Control",
                "no-store",
                "X-Rate",
                "5",
                "X-Other",
                "1"))
        .isEqualTo(
            HttpHeaders.of("Content-Type", "a/b")
                .with("Cache-Control", "no-store")
                .with("X-Rate", "5"));
  }

  @Test
  void replayHeaders_deny_keepsAllOthersBothLinesOfThem() {
    assertThat(
            replayed(
                    RERUN
                        .withMarkers(Markers.none())
                        .withReplayHeaders(ReplayHeaders.allExcept("X-Secret")),
                    "X-Secret",
                    "1",
                    "X-Other",
                    "1",
                    "X-Other",
                    "2")
                .map())
        .containsOnlyKeys("X-Other")
        .containsEntry("X-Other", java.util.List.of("1", "2"));
  }

  @Test
  void replayHeaders_blockedAndNamedByConnection_areNeverReplayed() {
    HttpPolicy all = RERUN.withMarkers(Markers.none()).withReplayHeaders(ReplayHeaders.allExcept());
    for (String name : ReplayHeaders.BLOCKED) {
      assertThat(replayed(all, name, "x-hop", "X-Kept", "1").map())
          .as(name)
          .containsOnlyKeys("X-Kept");
    }
    assertThat(replayed(all, "Connection", "close, X-Hop", "x-hop", "1", "X-Kept", "1"))
        .isEqualTo(HttpHeaders.of("X-Kept", "1"));
  }

  @Test
  void errorRenderer_default_hasItsTypePrefix() {
    HttpOperation operation =
        bench.operation(
            RERUN.withRenderer(ProblemRenderer.problemJson("https://api.example/problems/")));

    assertThat(body(bench.send(operation, post("a, b", "a"))))
        .startsWith("{\"type\":\"https://api.example/problems/key-malformed\"");
  }

  @Test
  void errorRenderer_custom_shapesTheBodyAndGetsTheLayersFields() {
    HttpOperation operation =
        bench.operation(
            RERUN
                .withDocumentation(URI.create("https://api.example/d"))
                .withRenderer(
                    (problem, request) ->
                        HttpResponse.of(
                            problem.status(),
                            "text/plain",
                            problem.kind() + " " + problem.retryAfter() + " " + request.method())));
    bench.granted(operation, post("k", "a"));

    assertThat(HttpBench.whole(bench.send(operation, post("k", "a"))))
        .isEqualTo(
            """
            409
            Content-Type: text/plain
            Link: <https://api.example/d>; rel="describedby"
            Retry-After: 1

            IN_FLIGHT Optional[PT1S] POST""");
  }

  @Test
  void documentation_none_meansNoLink() {
    HttpResponse response = bench.send(bench.operation(RERUN), post("a, b", "a"));

    assertThat(response.headers().all("Link")).isEmpty();
  }
}
