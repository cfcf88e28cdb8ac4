package io.idem4j.examples.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyListener;
import io.idem4j.OperationPolicy;
import io.idem4j.examples.grpc.Fixture.Seen;
import io.idem4j.examples.grpc.Fixture.Started;
import io.idem4j.memory.MemoryKeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls and their retries, over a socket. */
@Timeout(60)
final class IdempotentCallsTest {
  private static final OperationPolicy RERUN = OperationPolicy.rerun();

  @Test
  void row01_firstCall_runsAndBearsNoMarker() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      Seen first = fixture.call("a", "k1", "tea");
      assertThat(first.code()).isEqualTo(Code.OK);
      assertThat(first.text()).isEqualTo("order 1: tea");
      assertThat(first.isReplay()).isFalse();
      assertThat(fixture.store.threads).hasSize(2);
    }
  }

  @Test
  void row21_retry_getsTheSameBytesWithTheMarkerAndRunsNothing() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      Seen first = fixture.call("a", "k1", "tea ☕");
      for (int time = 0; time < 3; time++) {
        Seen retry = fixture.call("a", "k1", "tea ☕");
        assertThat(retry.message()).isEqualTo(first.message());
        assertThat(retry.code()).isEqualTo(Code.OK);
        assertThat(retry.headers().get(IdempotentCalls.REPLAYED)).isEqualTo("true");
      }
      assertThat(fixture.effects).hasValue(1);
      assertThat(fixture.store.threads).hasSize(2 + 3);
    }
  }

  @Test
  void emptyRequestAndEmptyResponse_areReplayedAsSuch() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      fixture.handler =
          (request, response) -> {
            fixture.effects.incrementAndGet();
            response.onNext("");
            response.onCompleted();
          };
      for (int time = 0; time < 2; time++) {
        Seen seen = fixture.call("a", "k1", "");
        assertThat(seen.code()).isEqualTo(Code.OK);
        assertThat(seen.message()).isEmpty();
      }
      assertThat(fixture.effects).hasValue(1);
    }
  }

  @Test
  void row43_sixteenAtOnce_oneRunsAndTheOthersAreToldToComeAgain() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      var go = new CountDownLatch(1);
      fixture.handler =
          (request, response) -> {
            Fixture.await(go);
            response.onNext("order " + fixture.effects.incrementAndGet());
            response.onCompleted();
          };
      List<Started> calls = new ArrayList<>();
      for (int number = 0; number < 16; number++) {
        calls.add(
            fixture.start(Orders.CREATE, Fixture.metadata("a", "k1"), CallOptions.DEFAULT, "tea"));
      }
      // The runner waits until each of the others has its answer.
      for (int time = 0;
          time < 400 && calls.stream().filter(call -> call.seen().isDone()).count() < 15;
          time++) {
        Thread.sleep(25);
      }
      go.countDown();
      List<Seen> executed = new ArrayList<>();
      int turnedAway = 0;
      for (Started call : calls) {
        Seen seen = Fixture.seen(call.seen());
        if (seen.code() == Code.OK) {
          executed.add(seen);
        } else {
          turnedAway++;
          assertThat(seen.code()).isEqualTo(Code.ABORTED);
          assertThat(seen.error()).isEqualTo("in-flight");
          assertThat(Long.parseLong(seen.trailers().get(Refusal.PUSHBACK))).isBetween(1L, 1000L);
        }
      }
      assertThat(executed).singleElement().matches(seen -> !seen.isReplay());
      assertThat(turnedAway).isEqualTo(15);
      for (int number = 0; number < 15; number++) {
        Seen retry = fixture.call("a", "k1", "tea");
        assertThat(retry.isReplay()).isTrue();
        assertThat(retry.hasEqualAnswer(executed.get(0))).isTrue();
      }
      assertThat(fixture.effects).hasValue(1);
    }
  }

  @Test
  void row16_clientWithRetryPolicy_waitsAsItIsToldAndGetsTheReplay() throws Exception {
    var turnedAway = new CountDownLatch(1);
    var listener =
        new IdempotencyListener() {
          @Override
          public void inFlight(Event event) {
            turnedAway.countDown();
          }
        };
    try (Fixture fixture =
        new Fixture(
            RERUN.withLease(Duration.ofMillis(600)),
            idempotency -> idempotency.listener(listener),
            Fixture::usual)) {
      var started = new CountDownLatch(1);
      var go = new CountDownLatch(1);
      fixture.handler =
          (request, response) -> {
            started.countDown();
            Fixture.await(go);
            response.onNext("order " + fixture.effects.incrementAndGet());
            response.onCompleted();
          };
      Map<String, Object> policy =
          Map.of(
              "maxAttempts",
              5.0,
              "initialBackoff",
              "60s",
              "maxBackoff",
              "60s",
              "backoffMultiplier",
              1.0,
              "retryableStatusCodes",
              List.of("ABORTED"));
      var channel =
          fixture
              .channelBuilder()
              .enableRetry()
              .defaultServiceConfig(
                  Map.of(
                      "methodConfig",
                      List.of(Map.of("name", List.of(Map.of()), "retryPolicy", policy))))
              .build();
      try {
        Started first =
            fixture.start(Orders.CREATE, Fixture.metadata("a", "k1"), CallOptions.DEFAULT, "tea");
        Fixture.await(started);
        Started retrying =
            Fixture.start(
                channel,
                Orders.CREATE.getType(),
                Orders.CREATE.getFullMethodName(),
                Fixture.metadata("a", "k1"),
                CallOptions.DEFAULT,
                "tea");
        Fixture.await(turnedAway);
        go.countDown();
        // Without the pushback it would wait for a minute.
        Seen seen = Fixture.seen(retrying.seen());
        assertThat(seen.isReplay()).isTrue();
        assertThat(seen.hasEqualAnswer(Fixture.seen(first.seen()))).isTrue();
        assertThat(fixture.effects).hasValue(1);
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void h10_sameKeyWithAnotherMessage_isRefusedAndTheFirstStillReplays() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      fixture.call("a", "k1", "tea");
      for (int time = 0; time < 2; time++) {
        Seen other = fixture.call("a", "k1", "coffee");
        assertThat(other.code()).isEqualTo(Code.FAILED_PRECONDITION);
        assertThat(other.error()).isEqualTo("key-reused");
        assertThat(other.trailers().get(Refusal.PUSHBACK)).isNull();
      }
      assertThat(fixture.call("a", "k1", "tea").text()).isEqualTo("order 1: tea");
      assertThat(fixture.effects).hasValue(1);
    }
  }

  @Test
  void h15_sameKeyWithAnotherMessageWhileTheFirstRuns_isAMismatchAndNotInFlight() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      var started = new CountDownLatch(1);
      var go = new CountDownLatch(1);
      fixture.handler =
          (request, response) -> {
            started.countDown();
            Fixture.await(go);
            response.onNext("order");
            response.onCompleted();
          };
      Started first =
          fixture.start(Orders.CREATE, Fixture.metadata("a", "k1"), CallOptions.DEFAULT, "tea");
      Fixture.await(started);
      assertThat(fixture.call("a", "k1", "coffee").error()).isEqualTo("key-reused");
      go.countDown();
      assertThat(Fixture.seen(first.seen()).code()).isEqualTo(Code.OK);
    }
  }

  @Test
  void h35_twoCallersWithOneKey_neverMeet() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      Seen a = fixture.call("a", "k1", "tea");
      Seen b = fixture.call("b", "k1", "coffee");
      assertThat(b.text()).isEqualTo("order 2: coffee");
      assertThat(b.isReplay()).isFalse();
      assertThat(b.trailers().keys()).isEqualTo(a.trailers().keys());
      assertThat(b.headers().keys()).isEqualTo(a.headers().keys());
      assertThat(fixture.call("a", "k1", "tea").text()).isEqualTo("order 1: tea");
      assertThat(fixture.call("b", "k1", "coffee").text()).isEqualTo("order 2: coffee");
      assertThat(fixture.effects).hasValue(2);
    }
  }

  @Test
  void row13_operation_givesTheHandlerItsAttemptAndDerivedKeys() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      fixture.handler =
          (request, response) -> {
            var operation = IdempotentCalls.operation();
            if (operation.attempt() == 1) {
              response.onError(
                  Status.UNAVAILABLE
                      .withDescription(operation.derivedKey("charge"))
                      .asRuntimeException());
            } else {
              response.onNext(operation.attempt() + " " + operation.derivedKey("charge"));
              response.onCompleted();
            }
          };
      String derived = fixture.call("a", "k1", "tea").status().getDescription();
      assertThat(derived).hasSize(43);
      assertThat(fixture.call("a", "k1", "tea").text()).isEqualTo("2 " + derived);
    }
  }

  @Test
  void handler_seesTheContextOfTheInterceptorsBefore() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      fixture.handler =
          (request, response) -> {
            response.onNext("for " + Bearer.CALLER.get());
            response.onCompleted();
          };
      assertThat(fixture.call("a", "k1", "tea").text()).isEqualTo("for a");
      assertThat(fixture.call("b", "k1", "tea").text()).isEqualTo("for b");
    }
  }

  @Test
  void methodsThatAreNotProtected_runAsEverWhateverTheirKey() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      for (Metadata metadata : List.of(Fixture.metadata("a"), Fixture.metadata("a", "k1", "k2"))) {
        for (int time = 0; time < 2; time++) {
          Seen unary =
              Fixture.seen(fixture.start(Orders.COUNT, metadata, CallOptions.DEFAULT, "").seen());
          assertThat(unary.code()).isEqualTo(Code.OK);
          Seen streaming =
              Fixture.seen(fixture.start(Orders.WATCH, metadata, CallOptions.DEFAULT, "").seen());
          assertThat(streaming.text()).isEqualTo("2");
        }
      }
      assertThat(fixture.effects).hasValue(4);
      assertThat(fixture.store.threads).isEmpty();
    }
  }

  @Test
  void protect_ofAStreamingMethod_isRefused() {
    var idempotency = Idempotency.builder(new MemoryKeyStore(10)).build();
    var builder = IdempotentCalls.builder(idempotency, Bearer.CALLER, Runnable::run);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.protect(Orders.WATCH, RERUN))
        .withMessageContaining("SERVER_STREAMING");
  }

  @Test
  void interceptedByTheServer_onMessagesAsObjects_replaysTheSame() throws Exception {
    try (Fixture fixture =
        new Fixture(
            RERUN,
            idempotency -> idempotency,
            // Of those added to a server the last runs first.
            (server, calls, service) ->
                server.intercept(calls).intercept(new Bearer()).addService(service))) {
      Seen first = fixture.call("a", "k1", "tea");
      Seen retry = fixture.call("a", "k1", "tea");
      assertThat(first.text()).isEqualTo("order 1: tea");
      assertThat(retry.isReplay()).isTrue();
      assertThat(retry.hasEqualAnswer(first)).isTrue();
      assertThat(fixture.call("a", "k1", "coffee").error()).isEqualTo("key-reused");
    }
  }
}
