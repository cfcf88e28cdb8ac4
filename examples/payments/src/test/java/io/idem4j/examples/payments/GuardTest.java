package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The outcomes that are too rare to be met over HTTP. */
class GuardTest {
  private static final Fingerprint FINGERPRINT = Fingerprint.sha256().part("body", "b").build();
  private static final IdempotencyKey KEY = IdempotencyKey.of(Scope.of("t"), "op", "k");
  private static final Answer ANSWER = Answer.json(201, "{}").at("/payments/1");

  private final AtomicLong clock = new AtomicLong();
  private final MemoryKeyStore memory = new MemoryKeyStore(100, clock::get);
  private final AtomicInteger runs = new AtomicInteger();

  private static Guard guard(KeyStore store) {
    return new Guard(Idempotency.builder(store).build(), "op", OperationPolicy.rerun(), false);
  }

  private Reply run(Guard guard) throws Exception {
    return guard.run(
        Optional.of(KEY),
        FINGERPRINT,
        id -> {},
        id -> {
          runs.incrementAndGet();
          return ANSWER;
        });
  }

  /** A store of which every call fails. */
  private record Broken(KeyStoreException failure) implements KeyStore {
    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      throw failure;
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      throw failure;
    }
  }

  @Test
  void bad44_storeUnavailable_is503AndNothingRuns() throws Exception {
    var failure =
        KeyStoreException.notApplied(KeyStoreException.Reason.UNAVAILABLE, "secret text", null);
    Reply reply = run(guard(new Broken(failure)));
    assertThat(reply.answer().status()).isEqualTo(503);
    assertThat(reply.headers()).containsEntry("Retry-After", "1");
    assertThat(reply.toString()).doesNotContain("secret text");
    assertThat(runs).hasValue(0);
  }

  @Test
  void bad25_recordUnreadable_is500AndNothingRuns() throws Exception {
    Reply reply = run(guard(new Broken(KeyStoreException.unreadable(KEY.id(), "why"))));
    assertThat(reply.answer().status()).isEqualTo(500);
    assertThat(runs).hasValue(0);
  }

  @Test
  void inDoubt_is409OutcomeUnknownWithoutRetryAfter() throws Exception {
    try (Idempotency other = Idempotency.builder(memory).build()) {
      var holding = other.operation("op", AnswerCodec.create(), OperationPolicy.hold());
      assertThatThrownBy(
              () ->
                  holding.execute(
                      KEY,
                      FINGERPRINT,
                      context -> {
                        throw new IllegalStateException("who knows");
                      }))
          .isInstanceOf(IllegalStateException.class);
    }
    Reply reply = run(guard(memory));
    assertThat(reply.answer().status()).isEqualTo(409);
    assertThat(reply.answer().body()).contains("outcome-unknown");
    assertThat(reply.headers()).doesNotContainKey("Retry-After");
    assertThat(runs).hasValue(0);
  }

  @Test
  void leaseLost_answersTheHandlersOwnResult() throws Exception {
    Reply reply =
        guard(memory)
            .run(
                Optional.of(KEY),
                FINGERPRINT,
                id -> {},
                id -> {
                  clock.addAndGet(Duration.ofDays(40).toNanos());
                  return ANSWER;
                });
    assertThat(reply.answer()).isEqualTo(ANSWER);
    assertThat(reply.headers()).isEmpty();
    assertThat(reply.note()).startsWith("executed, lease lost");
  }

  @Test
  void answerNotKept_is409AndNothingRuns() throws Exception {
    Idempotency tight = Idempotency.builder(memory).maximumPayload(1).build();
    Guard guard = new Guard(tight, "op", OperationPolicy.rerun(), false);
    assertThat(run(guard).answer()).isEqualTo(ANSWER);
    Reply reply = run(guard);
    assertThat(reply.answer().status()).isEqualTo(409);
    assertThat(reply.answer().body()).contains("answer-not-kept");
    assertThat(runs).hasValue(1);
  }

  @Test
  void effectId_isTheSameInEveryAttempt() throws Exception {
    Guard guard = guard(memory);
    var first = new java.util.ArrayList<java.util.UUID>();
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(
              () ->
                  guard.run(
                      Optional.of(KEY),
                      FINGERPRINT,
                      id -> {},
                      id -> {
                        first.add(id);
                        throw new IllegalStateException("again");
                      }))
          .isInstanceOf(IllegalStateException.class);
    }
    assertThat(first).hasSize(2);
    assertThat(first.get(0)).isEqualTo(first.get(1)).isEqualTo(Guard.effectId(KEY));
    assertThat(first.get(0).version()).isEqualTo(8);
    assertThat(first.get(0).variant()).isEqualTo(2);
  }
}
