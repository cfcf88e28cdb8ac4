package io.idem4j.http;

import static io.idem4j.http.HttpBench.OPERATION;
import static io.idem4j.http.HttpBench.RERUN;
import static io.idem4j.http.HttpBench.TENANT;
import static io.idem4j.http.HttpBench.body;
import static io.idem4j.http.HttpBench.post;
import static io.idem4j.http.HttpBench.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Fingerprint;
import io.idem4j.IdempotencyKey;
import io.idem4j.IllegalKeyException;
import io.idem4j.KeyStoreException;
import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import io.idem4j.http.ResponseClassifier.Disposition;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What would make an effect twice, lose an answer, or take one request for another. */
class LayerGuardsTest {
  private final HttpBench bench = new HttpBench();

  private static KeyStoreException down() {
    return KeyStoreException.notApplied(KeyStoreException.Reason.UNAVAILABLE, "down", null);
  }

  @Test
  void rebuildWhoseOwnStoreIsDown_neverRunsTheHandlerAgain() {
    HttpOperation operation =
        bench.operation(
            RERUN
                .failingOpen()
                .rebuilding(
                    (request, recorded, reference) -> {
                      throw down();
                    }));
    bench.send(operation, post("k", "a"));

    assertThatThrownBy(() -> bench.send(operation, post("k", "a")))
        .isInstanceOf(KeyStoreException.class);
    assertThatThrownBy(() -> bench.begin(operation, post("k", "a")))
        .as("no leave to run")
        .isInstanceOf(KeyStoreException.class);
    assertThat(bench.effects).hasValue(1);
    assertThat(bench.engine.events()).doesNotContain("bypassed " + OPERATION);
  }

  @Test
  void rendererThatThrows_neverRunsTheHandler() {
    HttpOperation operation =
        bench.operation(
            RERUN
                .failingOpen()
                .withRenderer(
                    (problem, request) -> {
                      throw down();
                    }));
    bench.send(operation, post("k", "a"));

    assertThat(bench.send(operation, post("k", "b")).status()).isEqualTo(422);
    assertThat(bench.denied(operation, post("k", "b")).status()).isEqualTo(422);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void handlersOwnStoreError_isItsFailureAndNotTheLayers() {
    HttpOperation operation = bench.operation(RERUN.failingOpen());

    assertThatThrownBy(
            () ->
                bench.send(
                    TENANT,
                    operation,
                    post("k", "a"),
                    context -> {
                      bench.effects.incrementAndGet();
                      throw down();
                    }))
        .isInstanceOf(KeyStoreException.class);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void keyOfAnExtractor_isPrintableBeforeAnythingRuns() {
    HttpOperation operation =
        bench.operation(
            RERUN
                .withKeyExtractor(request -> Optional.of(body(request)))
                .withMarkers(Markers.none().withKeyEcho("Key")));
    for (String no : new String[] {"a\r\nSet-Cookie: b", "caf\u00e9", "\u0000", "a\u007f"}) {
      assertThat(type(bench.send(operation, HttpBench.bare("POST", no))))
          .isEqualTo("key-malformed");
    }
    assertThat(bench.effects).hasValue(0);
    assertThat(bench.engine.calls()).isZero();
  }

  @Test
  void extractorThatRefuses_is400WithItsMessage() {
    HttpOperation operation =
        bench.operation(
            RERUN.withKeyExtractor(
                request -> {
                  throw new IllegalKeyException("two halves are needed");
                }));

    HttpResponse response = bench.send(operation, HttpBench.bare("POST", "a"));

    assertThat(type(response)).isEqualTo("key-malformed");
    assertThat(body(response)).contains("two halves are needed");
  }

  @Test
  void discriminatorThatCannotBe_is400() {
    OperationPolicy named = OperationPolicy.rerun().withRetention(Duration.ofMinutes(5));
    HttpOperation operation =
        bench.operation(
            HttpPolicy.of(named).withPayloadKeys(r -> r.headers().first("Batch").orElse("")));
    HttpRequest request =
        HttpBench.request("POST", "/payments", HttpHeaders.of("Batch", "b".repeat(256)), "a");

    assertThat(type(bench.send(operation, request))).isEqualTo("key-malformed");
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void bodyReadInPart_isNeverTakenForAWholeOne() throws IOException {
    HttpOperation operation = bench.operation(RERUN.withMaximumRequestBody(4));
    HttpRequest request =
        HttpRequest.of(
            "POST",
            "/payments",
            HttpHeaders.of("Idempotency-Key", "k"),
            new ByteArrayInputStream("12345678".getBytes(java.nio.charset.StandardCharsets.UTF_8)));

    assertThat(bench.send(operation, request).status()).isEqualTo(413);

    assertThat(bench.send(operation, request).status()).isEqualTo(413);
    assertThat(bench.effects).hasValue(0);
  }

  @Test
  void bodyShorterThanItWasDeclared_isNoRequest() {
    HttpHeaders headers =
        HttpHeaders.builder().add("Idempotency-Key", "k").add("Content-Length", "9").build();
    for (int length : new int[] {0, 4, 8}) {
      HttpRequest cut =
          HttpRequest.of("POST", "/payments", headers, new ByteArrayInputStream(new byte[length]));
      assertThatThrownBy(
              () -> bench.operation(RERUN).handle(TENANT, cut, context -> bench.created()))
          .isInstanceOf(IOException.class);
    }
    assertThat(bench.engine.calls()).isZero();
  }

  @Test
  void refusalThatSaysWhenToRetry_isNotTheAnswerForADay() {
    HttpOperation operation = bench.operation(RERUN);
    HttpResponse busy = HttpResponse.of(409).withHeader("Retry-After", "1");
    assertThat(bench.send(TENANT, operation, post("k", "a"), context -> busy)).isEqualTo(busy);
    assertThat(bench.send(operation, post("k", "a")).status()).isEqualTo(201);
  }

  @Test
  void rebuildThatThrowsAfterAnOwnRun_leavesTheRecordedAnswer() {
    HttpPolicy policy =
        RERUN.rebuilding(
            (request, recorded, reference) -> {
              throw new IllegalStateException();
            });
    HttpOperation operation = bench.operation(policy);
    HttpLease slow = bench.granted(operation, post("k", "a"));
    bench.engine.onWrites(Fault.NOT_SENT, 10_000);
    bench.pass(40);
    bench.engine.clearFaults();
    HttpResponse recorded = bench.send(operation, post("k", "a"));

    HttpResponse late = slow.finish(HttpResponse.of(201, "text/plain", "own"));

    assertThat(body(late)).isEqualTo(body(recorded));
    assertThatThrownBy(() -> bench.send(operation, post("k", "a")))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void executorThatRefuses_isAStoreThatCannotBeAsked() {
    HttpResponse response =
        bench
            .operation(RERUN)
            .handleAsync(
                TENANT,
                post("k", "a"),
                task -> {
                  throw new java.util.concurrent.RejectedExecutionException();
                },
                context -> {
                  throw new AssertionError();
                })
            .join();
    assertThat(response.status()).isEqualTo(503);
    assertThat(bench.engine.calls()).isZero();
  }

  @Test
  void fingerprintOverItsOwnLimit_is413() {
    HttpOperation operation =
        bench.operation(
            RERUN.withFingerprint(
                RequestFingerprint.of(
                    "the body's first 3 bytes at most",
                    r -> Fingerprint.sha256("3/1").part("body", r.body(), 3).build())));

    assertThat(bench.send(operation, post("k", "abc")).status()).isEqualTo(201);
    assertThat(bench.send(operation, post("k2", "abcd")).status()).isEqualTo(413);
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void finishTwice_isMisuseThoughTheEngineIsClosed() {
    HttpOperation operation = bench.operation(RERUN);
    HttpLease lease = bench.granted(operation, post("k", "a"));
    lease.finish(bench.created());
    bench.idempotency.close();

    assertThatThrownBy(() -> lease.finish(bench.created())).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> lease.fail(new IOException())).isInstanceOf(MisuseException.class);
  }

  @Test
  void finishOfNothing_isRefusedAndLeavesTheLeaseToBeSettled() {
    HttpOperation operation = bench.operation(RERUN);
    HttpLease lease = bench.granted(operation, post("k", "a"));

    assertThatThrownBy(() -> lease.finish(noResponse())).isInstanceOf(NullPointerException.class);

    assertThat(lease.finish(bench.created()).status()).isEqualTo(201);
    assertThat(bench.send(operation, post("k", "a")).status()).isEqualTo(201);
    assertThat(bench.effects).hasValue(1);
  }

  private static HttpResponse noResponse() {
    return null;
  }

  @Test
  void classifierThatThrows_recordsAndDoesNotFailTheDocument() {
    HttpOperation operation =
        bench.operation(
            RERUN
                .withClassifier(
                    response -> {
                      throw new IllegalStateException("not this one");
                    })
                .withMarkers(Markers.standard().withLifetime("Lifetime")));
    assertThat(bench.send(operation, post("k", "a"), 500).status()).isEqualTo(500);
    assertThat(bench.send(operation, post("k", "a"), 500).status()).isEqualTo(500);

    assertThat(bench.effects).as("the effect is not made again").hasValue(1);
    assertThat(operation.policyDocument()).contains("\"outcomes\":{\"200-599\":\"recorded\"");
  }

  @Test
  void classifierThatAnswersNothing_records() {
    HttpOperation operation = bench.operation(RERUN.withClassifier(response -> nothing()));
    bench.send(operation, post("k", "a"), 500);
    bench.send(operation, post("k", "a"), 500);

    assertThat(bench.effects).hasValue(1);
  }

  private static Disposition nothing() {
    return null;
  }

  @Test
  void codecThatThrows_neverFreesTheKey() {
    for (Disposition disposition : new Disposition[] {Disposition.RECORD, Disposition.FINAL}) {
      HttpOperation operation =
          bench.operation(
              RERUN
                  .withClassifier(response -> disposition)
                  .withCodec(
                      codec ->
                          io.idem4j.Codec.of(
                              "broken",
                              response -> {
                                throw new OutOfMemoryError("not a real one");
                              },
                              bytes -> HttpResponse.of(200))));
      int before = bench.effects.get();
      assertThat(bench.send(operation, post("k" + disposition, "a")).status()).isEqualTo(201);

      assertThat(type(bench.send(operation, post("k" + disposition, "a"))))
          .isEqualTo("answer-not-kept");
      assertThat(bench.effects).hasValue(before + 1);
    }
  }

  @Test
  void redirectionUnderGoCardless_isASuccessAndRunsOnce() {
    HttpOperation operation = bench.operation(HttpPresets.goCardless(OperationPolicy.rerun()));
    bench.send(operation, post("k", "a"), 303);
    bench.send(operation, post("k", "a"), 303);

    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void notKnownRecorded_bearsNoLifetime() {
    HttpOperation operation =
        bench.operation(RERUN.withMarkers(Markers.standard().withLifetime("Lifetime")));

    HttpResponse response =
        bench.send(
            TENANT,
            operation,
            post("k", "a"),
            context -> {
              bench.engine.onWrites(Fault.REQUEST_LOST, 10_000);
              return bench.created();
            });

    assertThat(response.status()).isEqualTo(201);
    assertThat(response.headers().all("Lifetime")).isEmpty();
    assertThat(bench.engine.events()).contains("recordedUnknown");
  }

  @Test
  void nameThatCannotBe_isRefusedWhenTheOperationIsMade() {
    for (String name : new String[] {"", "  ", "n".repeat(256), "\ud800"}) {
      assertThatThrownBy(() -> bench.http.operation(name, RERUN))
          .isInstanceOf(MisuseException.class);
      assertThatThrownBy(
              () -> bench.http.operation(name, RERUN.withEndpointInFingerprint("shared")))
          .isInstanceOf(MisuseException.class);
    }
  }

  @Test
  void nestedCallOnItsOwnKey_isMisuseAndTheOuterOneGoesOn() {
    HttpOperation operation = bench.operation(RERUN);

    HttpResponse response =
        bench.send(
            TENANT,
            operation,
            post("k", "a"),
            context -> {
              assertThatThrownBy(() -> bench.send(operation, post("k", "a")))
                  .isInstanceOf(MisuseException.class);
              return bench.created();
            });

    assertThat(response.status()).isEqualTo(201);
    assertThat(bench.engine.record(IdempotencyKey.of(TENANT, OPERATION, "k")))
        .hasValueSatisfying(it -> assertThat(it.state()).isEqualTo(KeyState.COMPLETED));
    assertThat(bench.effects).hasValue(1);
  }

  @Test
  void failingOpen_neverRunsWhatAnotherWasSeenToRun() {
    HttpOperation operation =
        bench.operation(
            HttpPolicy.of(OperationPolicy.rerun().withWaitBudget(Duration.ofSeconds(5)))
                .failingOpen());
    HttpLease running = bench.granted(operation, post("k", "a"));
    bench.engine.beforeRead(
        () -> {
          throw KeyStoreException.notApplied(KeyStoreException.Reason.READ_ONLY, "replica", null);
        });

    HttpResponse response = bench.send(operation, post("k", "a"));

    assertThat(response.status()).isIn(409, 503);
    assertThat(bench.effects).hasValue(0);
    running.close();
  }
}
