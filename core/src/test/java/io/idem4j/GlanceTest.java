package io.idem4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyStoreException.Reason;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls of a store that is read first, where nobody listens: most of them end with one look. */
final class GlanceTest {
  private static final Scope TENANT = Scope.of("tenant", "t");
  private static final Fingerprint BODY = Fingerprint.sha256().part("body", "b").build();

  private final Looked store = new Looked();
  private final Idempotency idempotency = Idempotency.builder(store).build();
  private final Operation<String> operation =
      idempotency.operation("op", Codec.text(), OperationPolicy.rerun());
  private final AtomicInteger runs = new AtomicInteger();

  /** A memory store that counts, and fails as it is told. */
  private static final class Looked implements ReadFirst {
    private final MemoryKeyStore memory = new MemoryKeyStore(100);
    private final Deque<RuntimeException> failures = new ArrayDeque<>();
    private int reads;
    private int writes;
    private KeyId shown;
    private boolean takesInterrupts;

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      writes++;
      return memory.compareAndSet(id, expected, next);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      reads++;
      if (takesInterrupts) {
        Thread.interrupted();
      }
      if (!failures.isEmpty()) {
        throw failures.pop();
      }
      return memory.find(shown == null ? id : shown);
    }
  }

  @AfterEach
  void close() {
    idempotency.close();
  }

  private Outcome<String> call(String key) {
    return operation.execute(TENANT, key, BODY, context -> "answer " + runs.incrementAndGet());
  }

  @Test
  void firstCall_isOneReadAndTwoWrites_andAReplayOneRead() {
    assertThat(call("k")).isEqualTo(new Outcome.Executed<>("answer 1", true));
    assertThat(store.reads).isEqualTo(1);
    assertThat(store.writes).isEqualTo(2);
    assertThat(call("k").orElseThrow()).isEqualTo("answer 1");
    assertThat(store.reads).isEqualTo(2);
    assertThat(store.writes).isEqualTo(2);
  }

  @Test
  void replay_underAWaitBudget_isOneRead() {
    call("k");
    store.reads = 0;
    Operation<String> waiting =
        idempotency.operation(
            "op", Codec.text(), OperationPolicy.rerun().withWaitBudget(Duration.ofSeconds(10)));
    assertThat(waiting.execute(TENANT, "k", BODY, context -> "again").orElseThrow())
        .isEqualTo("answer 1");
    assertThat(store.reads).isEqualTo(1);
    assertThat(store.writes).isEqualTo(2);
  }

  @Test
  void duplicateThatWaits_getsTheAnswerOfTheRunningCall() throws Exception {
    Operation<String> waiting =
        idempotency.operation(
            "op", Codec.text(), OperationPolicy.rerun().withWaitBudget(Duration.ofSeconds(30)));
    CompletableFuture<Outcome<String>> second = new CompletableFuture<>();
    Outcome<String> first =
        waiting.execute(
            TENANT,
            "k",
            BODY,
            context -> {
              new Thread(
                      () ->
                          second.complete(waiting.execute(TENANT, "k", BODY, inner -> "run again")))
                  .start();
              TimeUnit.MILLISECONDS.sleep(50);
              return "answer";
            });
    assertThat(first).isEqualTo(new Outcome.Executed<>("answer", true));
    assertThat(second.get(30, TimeUnit.SECONDS)).isInstanceOf(Outcome.Replayed.class);
    assertThat(second.get().orElseThrow()).isEqualTo("answer");
  }

  @Test
  void otherRequest_andOneThatCannotBeCompared_areNotReplayed() {
    call("k");
    Fingerprint other = Fingerprint.sha256().part("body", "other").build();
    assertThat(operation.execute(TENANT, "k", other, context -> "run"))
        .isInstanceOf(Outcome.KeyReused.class);
    Fingerprint foreign =
        Fingerprint.hmacSha256(
                new VersionedKey("id", new SecretKeySpec(new byte[32], "HmacSHA256")))
            .part("body", "b")
            .build();
    assertThatThrownBy(() -> operation.execute(TENANT, "k", foreign, context -> "run"))
        .isInstanceOf(IncomparableFingerprintException.class);
  }

  @Test
  void look_thatFails_isForTheClaim() {
    call("k");
    store.reads = 0;
    store.writes = 0;
    store.failures.add(KeyStoreException.notApplied(Reason.UNAVAILABLE, "test", null));
    assertThat(call("k").orElseThrow()).isEqualTo("answer 1");
    store.failures.add(new IllegalStateException("test"));
    assertThat(call("k").orElseThrow()).isEqualTo("answer 1");
    assertThat(runs).hasValue(1);
    assertThat(store.reads).isEqualTo(2);
    assertThat(store.writes).isEqualTo(2);
  }

  @Test
  void look_thatFailsForGood_isATypedErrorAndRunsNothing() {
    store.failures.add(KeyStoreException.notApplied(Reason.FULL, "test", null));
    assertThatThrownBy(() -> call("k"))
        .isInstanceOfSatisfying(
            KeyStoreException.class, e -> assertThat(e.reason()).isEqualTo(Reason.FULL))
        .hasMessageContaining("the operation was not run");
    assertThat(runs).hasValue(0);
    assertThat(store.writes).isZero();
    assertThat(store.reads).isEqualTo(1);
  }

  @Test
  void i24_interruptThatTheReadTakesForItself_isStillThere() {
    store.takesInterrupts = true;
    Thread.currentThread().interrupt();
    Outcome<String> outcome =
        operation.execute(
            TENANT, "k", BODY, context -> "interrupted " + Thread.currentThread().isInterrupted());
    assertThat(Thread.interrupted()).isTrue();
    assertThat(outcome.orElseThrow()).isEqualTo("interrupted true");
  }

  /** The store of this process is looked at before anything else is made ready. */
  @Test
  void memoryStore_replaysToTheSameRequestAlone() throws Exception {
    try (Idempotency plain = Idempotency.builder(new MemoryKeyStore(100)).build()) {
      Operation<String> charge =
          plain.operation(
              "op", Codec.text(), OperationPolicy.rerun().withRetention(Duration.ofSeconds(100)));
      assertThat(charge.execute(TENANT, "k", BODY, context -> "answer"))
          .isEqualTo(new Outcome.Executed<>("answer", true));
      Outcome<String> replayed = charge.execute(TENANT, "k", BODY, context -> "run again");
      assertThat(replayed).isInstanceOf(Outcome.Replayed.class);
      assertThat(replayed.orElseThrow()).isEqualTo("answer");
      Fingerprint other = Fingerprint.sha256().part("body", "other").build();
      assertThat(charge.execute(TENANT, "k", other, context -> "run"))
          .isInstanceOf(Outcome.KeyReused.class);
      assertThat(charge.execute(TENANT, "another", BODY, context -> "another").orElseThrow())
          .isEqualTo("another");
      Claim<String> running = charge.claim(charge.key(TENANT, "held"), BODY);
      assertThat(charge.execute(TENANT, "held", BODY, context -> "run"))
          .isInstanceOf(Outcome.InFlight.class);
      ((Claim.Granted<String>) running).lease().fail(new IllegalStateException("test"));
      assertThat(charge.execute(TENANT, "held", BODY, context -> "second").orElseThrow())
          .isEqualTo("second");
    }
  }

  @Test
  void recordOfAnotherKey_isATypedError() {
    call("neighbour");
    store.shown = operation.key(TENANT, "neighbour").id();
    assertThatThrownBy(() -> call("k"))
        .isInstanceOfSatisfying(
            KeyStoreException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNREADABLE));
    assertThat(runs).hasValue(1);
  }
}
