package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.OperationPolicy;
import io.idem4j.Scope;
import io.idem4j.examples.payments.Ledger.Effects;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Outcomes for which something has to go wrong. */
class RareOutcomesTest {
  private static final Call CALL = Call.pay("t", "3");

  private final AtomicLong clock = new AtomicLong();
  private final MemoryKeyStore memory = new MemoryKeyStore(100, clock::get);

  /** What is asked of the service. */
  @FunctionalInterface
  private interface Questions {
    void ask(Client client) throws Exception;
  }

  private static void serve(
      KeyStore keys, UnaryOperator<io.idem4j.http.HttpPolicy> tuning, Questions questions)
      throws Exception {
    Backend backend = new Backend(keys, new MemoryLedger(), () -> {});
    Settings settings =
        Settings.of(0, "memory", Duration.ofSeconds(30), Duration.ofHours(1), false);
    try (Service service = Service.start(settings, backend, tuning, line -> {})) {
      questions.ask(new Client(service.port()));
    }
  }

  private static void serve(KeyStore keys, Questions questions) throws Exception {
    serve(keys, UnaryOperator.identity(), questions);
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
  void bad_44_storeUnavailable_is503AndNothingRuns() throws Exception {
    serve(
        new Broken(KeyStoreException.notApplied(Reason.UNAVAILABLE, "secret text", null)),
        client -> {
          Received refused = client.send(CALL);
          OverTheWire.assertProblem(refused, 503, "store-unavailable");
          assertThat(refused.header("Retry-After")).isEqualTo("1");
          assertThat(refused.body() + refused.headers()).doesNotContain("secret text");
          assertThat(client.effects("t")).isEqualTo(new Effects(0, 0));
        });
  }

  @Test
  void bad_25_recordUnreadable_is500AndNothingRuns() throws Exception {
    KeyId id = IdempotencyKey.of(Scope.of("t"), "POST /payments", "k").id();
    serve(
        new Broken(KeyStoreException.unreadable(id, "why")),
        client -> {
          OverTheWire.assertProblem(client.send(CALL), 500, "record-unreadable");
          assertThat(client.effects("t")).isEqualTo(new Effects(0, 0));
        });
  }

  @Test
  void inDoubt_is409OutcomeUnknownWithoutRetryAfter() throws Exception {
    serve(
        memory,
        policy -> policy.withOperation(OperationPolicy.hold()),
        client -> assertThat(client.send(CALL.asking("fail=before")).status()).isEqualTo(500));
    serve(
        memory,
        client -> {
          Received refused = client.send(CALL);
          OverTheWire.assertProblem(refused, 409, "outcome-unknown");
          assertThat(refused.header("Retry-After")).isEmpty();
          assertThat(client.effects("t")).isEqualTo(new Effects(0, 0));
        });
  }

  @Test
  void leaseLost_answersTheHandlersOwnResult() throws Exception {
    serve(
        memory,
        client -> {
          CompletableFuture<Received> running = client.start(CALL.asking("delay=500ms"));
          assertThat(client.awaitPayments("t", 1)).isTrue();
          clock.addAndGet(Duration.ofDays(40).toNanos());
          Received own = running.get(10, TimeUnit.SECONDS);
          assertThat(own.status()).isEqualTo(201);
          assertThat(own.isReplay()).isFalse();
          assertThat(client.effects("t")).isEqualTo(new Effects(1, 0));
        });
  }

  @Test
  void bad_31_answerTooLongToBeKept_isReplayedWithoutIt() throws Exception {
    serve(
        memory,
        policy -> policy.withMaximumRecordedBody(10),
        client -> {
          Received first = client.send(CALL);
          assertThat(first.status()).isEqualTo(201);
          assertThat(first.body()).contains("amount");
          Received retry = client.send(CALL);
          assertThat(retry.status()).isEqualTo(201);
          assertThat(retry.isReplay()).isTrue();
          assertThat(retry.body()).isEmpty();
          assertThat(retry.header("Idempotent-Body-Omitted")).isEqualTo("true");
          assertThat(retry.header("Location")).isEqualTo(first.header("Location"));
          assertThat(client.effects("t")).isEqualTo(new Effects(1, 0));
        });
  }

  /** The record of a service that kept something else under this operation's name. */
  @Test
  void bad_25_recordOfAnotherType_is500AndNothingRuns() throws Exception {
    try (Idempotency other = Idempotency.builder(memory).build()) {
      var foreign =
          other.operation(
              "POST /payments",
              Codec.of(
                  "text",
                  (String text) -> text.getBytes(StandardCharsets.UTF_8),
                  bytes -> new String(bytes, StandardCharsets.UTF_8)),
              OperationPolicy.rerun());
      foreign.execute(
          IdempotencyKey.of(Scope.of("t"), "POST /payments", CALL.key()),
          Fingerprint.none(),
          context -> "x");
    }
    serve(
        memory,
        client -> {
          OverTheWire.assertProblem(client.send(CALL), 500, "record-unreadable");
          assertThat(client.effects("t")).isEqualTo(new Effects(0, 0));
        });
  }

  @Test
  void effectId_isTheSameInEveryAttempt() throws Exception {
    IdempotencyKey key = IdempotencyKey.of(Scope.of("t"), "POST /payments", CALL.key());
    List<String> locations = new ArrayList<>();
    serve(
        memory,
        client -> {
          client.send(CALL.asking("fail=after"));
          locations.add(client.send(CALL).header("Location"));
        });
    UUID id = Guard.effectId(key);
    assertThat(locations).containsExactly("/payments/" + id);
    assertThat(id.version()).isEqualTo(8);
    assertThat(id.variant()).isEqualTo(2);
  }
}
