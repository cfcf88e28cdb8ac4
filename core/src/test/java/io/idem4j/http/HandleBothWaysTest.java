package io.idem4j.http;

import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.whole;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.IdempotencyKey;
import io.idem4j.OperationPolicy;
import io.idem4j.RecordedFailure;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** One table of situations: whoever blocks and whoever does not are answered the same. */
final class HandleBothWaysTest {
  /** A situation, and the request that meets it. */
  private record Row(HttpPolicy policy, HttpRequest request, Consumer<HttpBench> before) {}

  private static void first(HttpBench bench, HttpPolicy policy, HttpResponse response) {
    bench.send(TENANT, bench.operation(policy), post("k", "body"), context -> response);
  }

  private static Map<String, Row> table() {
    HttpRequest request = post("k", "body");
    HttpPolicy rerun = HttpBench.RERUN;
    HttpPolicy marked =
        rerun.withMarkers(Markers.standard().withKeyEcho("Idempotency-Key").withLifetime("Kept"));
    HttpPolicy lost = rerun.surfacingLostCompletions();
    HttpPolicy last = rerun.withClassifier(response -> ResponseClassifier.Disposition.FINAL);
    Map<String, Row> rows = new LinkedHashMap<>();
    rows.put("first", new Row(marked, request, bench -> {}));
    rows.put("replay", new Row(marked, request, bench -> first(bench, marked, bench.created())));
    rows.put(
        "rebuilt",
        new Row(
            rerun.rebuilding((r, recorded, reference) -> HttpResponse.of(203)),
            request,
            bench -> first(bench, rerun, bench.created())));
    rows.put(
        "pointed",
        new Row(
            rerun.pointingToReference(), request, bench -> first(bench, rerun, bench.created())));
    rows.put("final", new Row(last, request, bench -> first(bench, last, bench.answer(402))));
    rows.put(
        "body omitted",
        new Row(
            rerun,
            request,
            bench -> first(bench, rerun, HttpResponse.of(200, "text/plain", "x".repeat(3_000)))));
    rows.put(
        "in flight",
        new Row(marked, request, bench -> bench.granted(bench.operation(marked), request)));
    rows.put(
        "reused",
        new Row(marked, post("k", "other"), bench -> first(bench, rerun, bench.created())));
    rows.put(
        "in doubt",
        new Row(HttpBench.HOLD, request, bench -> first(bench, HttpBench.HOLD, bench.answer(500))));
    rows.put("malformed", new Row(rerun, post("a b", "body"), bench -> {}));
    rows.put(
        "missing",
        new Row(
            rerun.withKeyRequirement(KeyRequirement.REQUIRED),
            HttpBench.bare("POST", "body"),
            bench -> {}));
    rows.put("too large", new Row(rerun.withMaximumRequestBody(3), request, bench -> {}));
    rows.put(
        "quota",
        new Row(
            rerun.withQuota(1, 1),
            request,
            bench -> bench.granted(bench.operation(rerun.withQuota(1, 1)), post("x", ""))));
    rows.put("no key", new Row(rerun, HttpBench.bare("POST", "body"), bench -> {}));
    rows.put("get", new Row(rerun, HttpBench.bare("GET", ""), bench -> {}));
    rows.put(
        "store down",
        new Row(marked, request, bench -> bench.engine.onWrites(Fault.NOT_SENT, 10_000)));
    rows.put(
        "store silent",
        new Row(
            rerun.failingOpen(),
            request,
            bench -> bench.engine.onWrites(Fault.REQUEST_LOST, 10_000)));
    rows.put(
        "fails open",
        new Row(
            rerun.failingOpen(), request, bench -> bench.engine.onWrites(Fault.NOT_SENT, 10_000)));
    rows.put(
        "not recorded",
        new Row(
            lost,
            request,
            bench -> {
              bench.engine.onWrites(Fault.NONE, 1);
              bench.engine.onWrites(Fault.REQUEST_LOST, 10_000);
            }));
    rows.put(
        "unreadable",
        new Row(
            rerun,
            request,
            bench -> {
              first(bench, rerun, bench.created());
              bench.engine.damage(
                  IdempotencyKey.of(TENANT, HttpBench.OPERATION, "k"), new byte[] {9, 9});
            }));
    rows.put(
        "closed",
        new Row(
            rerun,
            request,
            bench -> {
              try {
                bench.idempotency.close(Duration.ZERO);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            }));
    OperationPolicy failing =
        OperationPolicy.rerun()
            .withClassifier(thrown -> Verdict.isFinal(new RecordedFailure("io", new byte[0])));
    HttpPolicy failed = HttpPolicy.of(failing);
    rows.put(
        "failed",
        new Row(
            failed,
            request,
            bench ->
                assertThatThrownBy(
                        () ->
                            bench.send(
                                TENANT,
                                bench.operation(failed),
                                request,
                                context -> {
                                  throw new IllegalStateException("own");
                                }))
                    .isInstanceOf(IllegalStateException.class)));
    return rows;
  }

  @Test
  void everyOutcome_isAnsweredAsByHandle() {
    List<String> answers = new ArrayList<>();
    table()
        .forEach(
            (name, row) -> {
              HttpBench one = new HttpBench();
              row.before().accept(one);
              HttpResponse sync = one.send(one.operation(row.policy()), row.request());
              HttpBench two = new HttpBench();
              row.before().accept(two);
              HttpResponse async =
                  two.operation(row.policy())
                      .handleAsync(
                          TENANT,
                          row.request(),
                          Runnable::run,
                          context -> CompletableFuture.completedFuture(two.created()))
                      .join();
              assertThat(whole(async)).as(name).isEqualTo(whole(sync));
              assertThat(two.effects.get()).as(name).isEqualTo(one.effects.get());
              assertThat(two.engine.events()).as(name).isEqualTo(one.engine.events());
              answers.add(name + ": " + sync.status());
            });
    assertThat(answers)
        .containsExactly(
            "first: 201",
            "replay: 201",
            "rebuilt: 203",
            "pointed: 409",
            "final: 402",
            "body omitted: 200",
            "in flight: 409",
            "reused: 422",
            "in doubt: 409",
            "malformed: 400",
            "missing: 400",
            "too large: 413",
            "quota: 429",
            "no key: 201",
            "get: 201",
            "store down: 503",
            "store silent: 503",
            "fails open: 201",
            "not recorded: 409",
            "unreadable: 500",
            "closed: 503",
            "failed: 500");
  }
}
