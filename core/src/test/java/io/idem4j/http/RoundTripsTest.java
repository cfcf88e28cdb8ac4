package io.idem4j.http;

import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.bare;
import static io.idem4j.http.HttpBench.post;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Codec;
import io.idem4j.EngineBench;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.http.ResponseClassifier.Disposition;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The layer asks the store as often as the engine does by itself, and no oftener. */
class RoundTripsTest {
  private static final Fingerprint BODY = Fingerprint.sha256().part("body", "a").build();
  private static final Fingerprint OTHER = Fingerprint.sha256().part("body", "b").build();

  private final HttpBench bench = new HttpBench();

  private int callsOf(Runnable step) {
    int before = bench.engine.calls();
    step.run();
    return bench.engine.calls() - before;
  }

  /** The engine alone: first call, replay, mismatch, and a claim that is refused while it runs. */
  private static int[] ofEngine() {
    EngineBench engine = new EngineBench();
    Idempotency idempotency = engine.idempotency(2_000);
    Operation<String> operation =
        idempotency.operation("op", Codec.text(), OperationPolicy.rerun());
    int[] calls = new int[5];
    operation.execute(TENANT, "k", BODY, context -> "a");
    calls[0] = engine.calls();
    operation.execute(TENANT, "k", BODY, context -> "a");
    calls[1] = engine.calls();
    operation.execute(TENANT, "k", OTHER, context -> "a");
    calls[2] = engine.calls();
    operation.claim(operation.key(TENANT, "running"), BODY);
    calls[3] = engine.calls();
    operation.execute(TENANT, "running", BODY, context -> "a");
    calls[4] = engine.calls();
    return calls;
  }

  @Test
  void eachOutcome_costsWhatTheEngineAsksForIt() {
    HttpOperation operation =
        bench.operation(RERUN.withQuota(10, 10).withMarkers(Markers.standard().withKeyEcho("K")));
    int[] calls = new int[5];
    bench.send(operation, post("k", "a"));
    calls[0] = bench.engine.calls();
    bench.send(operation, post("k", "a"));
    calls[1] = bench.engine.calls();
    bench.send(operation, post("k", "b"));
    calls[2] = bench.engine.calls();
    bench.granted(operation, post("running", "a"));
    calls[3] = bench.engine.calls();
    bench.send(operation, post("running", "a"));
    calls[4] = bench.engine.calls();

    assertThat(calls).isEqualTo(ofEngine()).containsExactly(2, 3, 4, 5, 6);
  }

  @Test
  void beginAndFinish_costTwo() {
    HttpOperation operation = bench.operation(RERUN);
    AtomicReference<HttpLease> lease = new AtomicReference<>();

    assertThat(callsOf(() -> lease.set(bench.granted(operation, post("k", "a"))))).isEqualTo(1);
    assertThat(callsOf(() -> lease.get().finish(bench.created()))).isEqualTo(1);
    assertThat(callsOf(() -> bench.denied(operation, post("k", "a")))).isEqualTo(1);
  }

  @Test
  void handleAsync_costsAsManyAsHandle() {
    HttpOperation operation = bench.operation(RERUN);
    Runnable step =
        () ->
            assertThat(
                    operation
                        .handleAsync(
                            TENANT,
                            post("k", "a"),
                            Runnable::run,
                            context -> CompletableFuture.completedFuture(bench.created()))
                        .join()
                        .status())
                .isEqualTo(201);

    assertThat(callsOf(step)).isEqualTo(2);
    assertThat(callsOf(step)).isEqualTo(1);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void eachDisposition_costsOneWriteMoreThanTheClaim() {
    for (Disposition each : Disposition.values()) {
      HttpOperation operation = bench.operation(RERUN.withClassifier(response -> each));
      assertThat(callsOf(() -> bench.send(operation, post("\"" + each + "\"", "a"))))
          .as("%s", each)
          .isEqualTo(2);
    }
  }

  @Test
  void reasonsToRefuseBeforehand_costNone() {
    HttpOperation operation =
        bench.operation(
            RERUN.withKeyRequirement(KeyRequirement.REQUIRED).withMaximumRequestBody(3));

    assertThat(callsOf(() -> bench.send(operation, bare("POST", "a")))).isZero();
    assertThat(callsOf(() -> bench.send(operation, post("a, b", "a")))).isZero();
    assertThat(callsOf(() -> bench.send(operation, post("k", "long")))).isZero();
    assertThat(bench.send(operation, post("k", "long")).status()).isEqualTo(413);
    assertThat(callsOf(operation::policyDocument)).isZero();
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void oversizeAndReferences_costNoMore() {
    HttpOperation operation = bench.operation(RERUN.pointingToReference());
    HttpHandler<RuntimeException> large =
        context -> {
          context.orElseThrow().reference("pay_1");
          return HttpResponse.of(201, "text/plain", "x".repeat(3_000));
        };

    assertThat(callsOf(() -> bench.send(TENANT, operation, post("k", "a"), large))).isEqualTo(2);
    assertThat(callsOf(() -> bench.send(TENANT, operation, post("k", "a"), large))).isEqualTo(1);
  }
}
