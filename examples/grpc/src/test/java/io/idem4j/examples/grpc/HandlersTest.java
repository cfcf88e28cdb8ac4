package io.idem4j.examples.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.ServerCalls.UnaryMethod;
import io.idem4j.OperationPolicy;
import io.idem4j.RecordedFailure;
import io.idem4j.examples.grpc.Fixture.Seen;
import io.idem4j.examples.grpc.Fixture.Started;
import io.idem4j.spi.KeyState;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What handlers answer, how they fail, and what a retry gets then. */
@Timeout(60)
final class HandlersTest {
  private static final OperationPolicy RERUN = OperationPolicy.rerun();
  private static final OperationPolicy HOLD = OperationPolicy.hold();
  private static final Set<Code> STANDING =
      Set.of(
          Code.INVALID_ARGUMENT,
          Code.NOT_FOUND,
          Code.ALREADY_EXISTS,
          Code.FAILED_PRECONDITION,
          Code.OUT_OF_RANGE);
  private static final Set<Code> RELEASED =
      Set.of(Code.UNAUTHENTICATED, Code.PERMISSION_DENIED, Code.RESOURCE_EXHAUSTED);
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private static UnaryMethod<String, String> failing(AtomicInteger effects, Code code) {
    return (request, response) -> {
      Metadata trailers = new Metadata();
      trailers.put(DETAILS, "details ☕".getBytes(StandardCharsets.UTF_8));
      response.onError(
          Status.fromCode(code)
              .withDescription("no. " + effects.incrementAndGet())
              .asRuntimeException(trailers));
    };
  }

  @ParameterizedTest
  @EnumSource(value = Code.class, mode = EnumSource.Mode.EXCLUDE, names = "OK")
  void h19_h20_statusOfTheHandler_underRerun_isReplayedOrReleasesTheKey(Code code)
      throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      fixture.handler = failing(fixture.effects, code);
      Seen first = fixture.call("a", "k1", "tea");
      assertThat(first.code()).isEqualTo(code);
      assertThat(first.isReplay()).isFalse();
      assertThat(first.trailers().get(DETAILS)).isNotEmpty();
      Seen retry = fixture.call("a", "k1", "tea");
      assertThat(retry.code()).isEqualTo(code);
      assertThat(retry.isReplay()).isEqualTo(STANDING.contains(code));
      assertThat(retry.trailers().get(DETAILS)).isEqualTo(first.trailers().get(DETAILS));
      assertThat(retry.status().getDescription())
          .isEqualTo(STANDING.contains(code) ? "no. 1" : "no. 2");
      assertThat(fixture.effects).hasValue(STANDING.contains(code) ? 1 : 2);
    }
  }

  @ParameterizedTest
  @EnumSource(value = Code.class, mode = EnumSource.Mode.EXCLUDE, names = "OK")
  void h19_h20_statusOfTheHandler_underHold_isReplayedOrReleasesTheKeyOrIsInDoubt(Code code)
      throws Exception {
    try (Fixture fixture = new Fixture(HOLD)) {
      fixture.handler = failing(fixture.effects, code);
      fixture.call("a", "k1", "tea");
      Seen retry = fixture.call("a", "k1", "tea");
      if (STANDING.contains(code)) {
        assertThat(retry.isReplay()).isTrue();
        assertThat(retry.status().getDescription()).isEqualTo("no. 1");
      } else if (RELEASED.contains(code)) {
        assertThat(retry.status().getDescription()).isEqualTo("no. 2");
      } else {
        assertThat(retry.code()).isEqualTo(Code.FAILED_PRECONDITION);
        assertThat(retry.error()).isEqualTo("outcome-unknown");
        assertThat(fixture.effects).hasValue(1);
      }
    }
  }

  @Test
  void handlerThrows_beforeItsMessage_isUnknownAndTheKeyIsFree() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      throwsOnce(fixture, (request, response) -> {});
      assertThat(fixture.call("a", "k1", "tea").code()).isEqualTo(Code.UNKNOWN);
      assertThat(fixture.call("a", "k1", "tea").text()).isEqualTo("order 2");
    }
  }

  @Test
  void handlerThrows_afterItsMessage_theMessageIsNotReleased() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      throwsOnce(fixture, (request, response) -> response.onNext("half"));
      Seen first = fixture.call("a", "k1", "tea");
      assertThat(first.code()).isEqualTo(Code.UNKNOWN);
      assertThat(first.message()).isNull();
      assertThat(fixture.call("a", "k1", "tea").text()).isEqualTo("order 2");
    }
  }

  @Test
  void handlerThrows_afterItsAnswer_theAnswerStands() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      throwsOnce(
          fixture,
          (request, response) -> {
            response.onNext("whole");
            response.onCompleted();
          });
      Seen first = fixture.call("a", "k1", "tea");
      assertThat(first.text()).isEqualTo("whole");
      assertThat(first.code()).isEqualTo(Code.OK);
      Seen retry = fixture.call("a", "k1", "tea");
      assertThat(retry.isReplay()).isTrue();
      assertThat(retry.hasEqualAnswer(first)).isTrue();
    }
  }

  private static void throwsOnce(Fixture fixture, UnaryMethod<String, String> before) {
    fixture.handler =
        (request, response) -> {
          if (fixture.effects.incrementAndGet() == 1) {
            before.invoke(request, response);
            throw new IllegalStateException("on purpose");
          }
          response.onNext("order " + fixture.effects);
          response.onCompleted();
        };
  }

  @Test
  void handlerThrows_underHold_isInDoubtAndNeverRunAgain() throws Exception {
    try (Fixture fixture = new Fixture(HOLD)) {
      throwsOnce(fixture, (request, response) -> response.onNext("half"));
      assertThat(fixture.call("a", "k1", "tea").code()).isEqualTo(Code.UNKNOWN);
      assertThat(fixture.call("a", "k1", "tea").error()).isEqualTo("outcome-unknown");
      assertThat(fixture.effects).hasValue(1);
    }
  }

  @Test
  void handlerThrows_whatThePolicyCallsFinal_theSameStatusIsReplayed() throws Exception {
    OperationPolicy policy =
        RERUN.withFinal(IllegalStateException.class, e -> RecordedFailure.of("closed"));
    try (Fixture fixture = new Fixture(policy)) {
      throwsOnce(fixture, (request, response) -> {});
      Seen first = fixture.call("a", "k1", "tea");
      Seen retry = fixture.call("a", "k1", "tea");
      assertThat(first.isReplay()).isFalse();
      assertThat(retry.isReplay()).isTrue();
      assertThat(retry.hasEqualAnswer(first)).isTrue();
      assertThat(fixture.effects).hasValue(1);
    }
  }

  @Test
  void handlerEndsWithoutAMessage_isAnInternalErrorAndNotAnAnswer() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      fixture.handler =
          (request, response) -> {
            fixture.effects.incrementAndGet();
            response.onCompleted();
          };
      for (int time = 1; time <= 2; time++) {
        assertThat(fixture.call("a", "k1", "tea").code()).isEqualTo(Code.INTERNAL);
        assertThat(fixture.effects).hasValue(time);
      }
    }
  }

  @Test
  void handlerSendsTwoMessages_isAnInternalErrorAndNotAnAnswer() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      fixture.handler =
          (request, response) -> {
            fixture.effects.incrementAndGet();
            response.onNext("one");
            response.onNext("two");
            response.onCompleted();
          };
      for (int time = 1; time <= 2; time++) {
        Seen seen = fixture.call("a", "k1", "tea");
        assertThat(seen.code()).isEqualTo(Code.INTERNAL);
        assertThat(seen.message()).isNull();
        assertThat(fixture.effects).hasValue(time);
      }
    }
  }

  @Test
  void responseOverTheLimit_isSentOnceAndNeverRunAgain() throws Exception {
    try (Fixture fixture =
        new Fixture(RERUN, idempotency -> idempotency.maximumPayload(100), Fixture::usual)) {
      Seen first = fixture.call("a", "k1", "x".repeat(200));
      assertThat(first.text()).hasSizeGreaterThan(200);
      Seen retry = fixture.call("a", "k1", "x".repeat(200));
      assertThat(retry.code()).isEqualTo(Code.ALREADY_EXISTS);
      assertThat(retry.error()).isEqualTo("answer-not-kept");
      assertThat(fixture.effects).hasValue(1);
    }
  }

  @Test
  void storeDown_isUnavailableAndNothingRuns() throws Exception {
    try (Fixture fixture = new Fixture(RERUN.withLease(Duration.ofMillis(300)))) {
      fixture.store.failing = next -> true;
      Seen seen = fixture.call("a", "k1", "tea");
      assertThat(seen.code()).isEqualTo(Code.UNAVAILABLE);
      assertThat(seen.error()).isEqualTo("store-unavailable");
      assertThat(seen.trailers().get(Refusal.PUSHBACK)).isEqualTo("1000");
      assertThat(fixture.effects).hasValue(0);
      fixture.store.failing = next -> false;
      assertThat(fixture.retry("a", "k1", "tea").text()).isEqualTo("order 1: tea");
    }
  }

  @Test
  void row40_storeDownWhenTheAnswerIsRecorded_theCallerGetsItsOwnAnswer() throws Exception {
    try (Fixture fixture = new Fixture(RERUN.withLease(Duration.ofMillis(300)))) {
      fixture.store.failing = next -> next.state() == KeyState.COMPLETED;
      Seen seen = fixture.call("a", "k1", "tea");
      assertThat(seen.text()).isEqualTo("order 1: tea");
      assertThat(seen.isReplay()).isFalse();
    }
  }

  @Test
  void row44_holderThatWasTakenOver_givesTheRecordedAnswerAndNotItsOwn() throws Exception {
    try (Fixture fixture = new Fixture(RERUN.withLease(Duration.ofMillis(300)))) {
      var go = new CountDownLatch(1);
      // No renewal comes through: those are not made on the threads of the calls.
      fixture.store.failing =
          next ->
              next.state() == KeyState.LOCKED
                  && !Thread.currentThread().getName().startsWith("calls");
      fixture.handler =
          (request, response) -> {
            int number = fixture.effects.incrementAndGet();
            if (number == 1) {
              Fixture.await(go);
            }
            response.onNext("order " + number);
            response.onCompleted();
          };
      Started first =
          fixture.start(Orders.CREATE, Fixture.metadata("a", "k1"), CallOptions.DEFAULT, "tea");
      for (int time = 0; time < 200 && fixture.effects.get() == 0; time++) {
        Thread.sleep(10);
      }
      assertThat(fixture.retry("a", "k1", "tea").text()).isEqualTo("order 2");
      go.countDown();
      Seen seen = Fixture.seen(first.seen());
      assertThat(seen.text()).isEqualTo("order 2");
      assertThat(seen.isReplay()).isTrue();
    }
  }

  @Test
  void row44_holderThatWasTakenOverByOneThatStillRuns_givesItsOwnAnswer() throws Exception {
    try (Fixture fixture = new Fixture(RERUN.withLease(Duration.ofMillis(300)))) {
      List<CountDownLatch> go = List.of(new CountDownLatch(1), new CountDownLatch(1));
      fixture.store.failing =
          next ->
              next.state() == KeyState.LOCKED
                  && !Thread.currentThread().getName().startsWith("calls");
      fixture.handler =
          (request, response) -> {
            int number = fixture.effects.incrementAndGet();
            Fixture.await(go.get(number - 1));
            response.onNext("order " + number);
            response.onCompleted();
          };
      Started holder =
          fixture.start(Orders.CREATE, Fixture.metadata("a", "k1"), CallOptions.DEFAULT, "tea");
      for (int time = 0; time < 400 && fixture.effects.get() == 0; time++) {
        Thread.sleep(25);
      }
      for (int time = 0; time < 400 && fixture.effects.get() == 1; time++) {
        fixture.start(Orders.CREATE, Fixture.metadata("a", "k1"), CallOptions.DEFAULT, "tea");
        Thread.sleep(50);
      }
      go.get(0).countDown();
      Seen first = Fixture.seen(holder.seen());
      assertThat(first.text()).isEqualTo("order 1");
      assertThat(first.isReplay()).isFalse();
      go.get(1).countDown();
      assertThat(fixture.retry("a", "k1", "tea").text()).isEqualTo("order 2");
    }
  }

  @Test
  void closed_isUnavailableAndNothingRuns() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      fixture.idempotency.close();
      Seen seen = fixture.call("a", "k1", "tea");
      assertThat(seen.code()).isEqualTo(Code.UNAVAILABLE);
      assertThat(seen.error()).isEqualTo("stopping");
      assertThat(fixture.effects).hasValue(0);
    }
  }

  @Test
  void executorThatRefuses_isUnavailableAndNothingRuns() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      fixture.executor.shutdown();
      assertThat(fixture.call("a", "k1", "tea").error()).isEqualTo("stopping");
      assertThat(fixture.effects).hasValue(0);
      assertThat(fixture.store.threads).isEmpty();
    }
  }

  @Test
  void executorThatRefusesWhileTheHandlerRuns_theAnswerIsRecordedAllTheSame() throws Exception {
    try (Fixture fixture = new Fixture(RERUN)) {
      fixture.handler =
          (request, response) -> {
            fixture.effects.incrementAndGet();
            fixture.executor.shutdown();
            response.onNext("order");
            response.onCompleted();
          };
      assertThat(fixture.call("a", "k1", "tea").text()).isEqualTo("order");
      assertThat(fixture.store.threads).hasSize(2);
    }
  }
}
