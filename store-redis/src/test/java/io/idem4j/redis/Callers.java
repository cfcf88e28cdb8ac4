package io.idem4j.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Claim;
import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.Lease;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.History;
import io.idem4j.tck.HistoryRecorder;
import io.idem4j.tck.Together;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * The callers of one operation, in several processes as it were: each has an engine and a store of
 * its own. All their calls to the stores are recorded, what they got too, and the effects are
 * counted. Safe for use by many threads.
 */
final class Callers {
  static final Fingerprint FINGERPRINT = Fingerprint.sha256().part("body", "10 EUR").build();

  /** What the checker says of a second grant beside a live one. */
  static final String DOUBLE_GRANT = "S1: two writes were applied over the same version";

  private static final String NAME = "charge";

  /** How many calls in a row are for the same key: some at the same time, the rest replays. */
  private static final int CALLS_FOR_A_KEY = 4;

  /** No lease ends during a test, so that no effect is repeated for that reason. */
  private static final OperationPolicy POLICY =
      OperationPolicy.rerun()
          .withLease(Duration.ofMinutes(10))
          .withStoreDeadline(Duration.ofSeconds(2));

  private final HistoryRecorder recorder = new HistoryRecorder();
  private final Map<IdempotencyKey, AtomicInteger> effects = new ConcurrentHashMap<>();
  private final Queue<Idempotency> processes = new ConcurrentLinkedQueue<>();
  private final Queue<KeyStoreException> errors = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final AtomicInteger underWay = new AtomicInteger();
  private final AtomicInteger calls = new AtomicInteger();
  private final IntFunction<String> values;
  private final AtomicInteger answered = new AtomicInteger();

  /**
   * The store as a process has it that ends before a history is judged: then nothing is sent in the
   * background any more, and nothing that was sent is missing in the history.
   */
  private final class Ending implements KeyStore {
    private final KeyStore store;

    Ending(KeyStore store) {
      this.store = store;
    }

    private <T> T before(Supplier<T> call) {
      underWay.incrementAndGet();
      try {
        if (ended.get()) {
          throw KeyStoreException.notApplied(
              KeyStoreException.Reason.UNAVAILABLE, "the process has ended", null);
        }
        return call.get();
      } finally {
        underWay.decrementAndGet();
      }
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      return before(() -> store.compareAndSet(id, expected, next));
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      return before(() -> store.find(id));
    }
  }

  Callers() {
    this(number -> "order " + number);
  }

  /**
   * Makes callers whose calls from many threads bear these values.
   *
   * @param values gives the value of each number from zero on
   */
  Callers(IntFunction<String> values) {
    this.values = values;
  }

  /** Returns the operation as a process of its own has it. */
  Operation<String> through(KeyStore store) {
    return through(store, POLICY);
  }

  /** Returns the operation as a process of its own has it, with a policy of its own. */
  Operation<String> through(KeyStore store, OperationPolicy policy) {
    KeyStore recorded = recorder.around(store);
    Idempotency process = Idempotency.builder(new Ending(recorded)).build();
    processes.add(process);
    return process.operation(NAME, Codec.text(), policy);
  }

  static IdempotencyKey key(String value) {
    return IdempotencyKey.of(Scope.single(), NAME, value);
  }

  /** Executes the operation, whose effect is counted. */
  Outcome<String> call(Operation<String> process, String value) {
    return call(process, value, () -> {});
  }

  /** Executes the operation, during which something happens. */
  Outcome<String> call(Operation<String> process, String value, Runnable meanwhile) {
    IdempotencyKey key = key(value);
    return recorder.execute(
        process,
        Codec.text(),
        key,
        FINGERPRINT,
        context -> {
          int effect = effectsOf(key).incrementAndGet();
          meanwhile.run();
          return "effect " + effect + " of " + value;
        });
  }

  /** Claims the key and expects to get it. */
  static Lease<String> claim(Operation<String> process, String value) {
    Claim<String> claim = process.claim(key(value), FINGERPRINT);
    assertThat(claim).as("the claim of %s", value).isInstanceOf(Claim.Granted.class);
    return ((Claim.Granted<String>) claim).lease();
  }

  private AtomicInteger effectsOf(IdempotencyKey key) {
    return effects.computeIfAbsent(key, each -> new AtomicInteger());
  }

  /** Returns how many effects were made under the key of this value. */
  int effects(String value) {
    return effectsOf(key(value)).get();
  }

  /** Calls from many threads, with new keys again and again, while something is done to servers. */
  void callWhile(List<Operation<String>> processes, int threads, Runnable harm) {
    AtomicBoolean done = new AtomicBoolean();
    try (Together together = new Together(threads + 1)) {
      together.run(
          thread -> {
            if (thread < threads) {
              callUntil(done, processes.get(thread % processes.size()));
            } else {
              try {
                harm.run();
              } finally {
                done.set(true);
              }
            }
            return thread;
          });
    }
  }

  private void callUntil(AtomicBoolean done, Operation<String> process) {
    while (!done.get()) {
      try {
        call(process, values.apply(calls.getAndIncrement() / CALLS_FOR_A_KEY));
        answered.incrementAndGet();
      } catch (KeyStoreException e) {
        errors.add(e);
      }
    }
  }

  /** Waits until so many more calls were answered. */
  void awaitAnswers(int more) {
    int enough = answered.get() + more;
    RedisServers.await(more + " more answers", () -> answered.get() >= enough);
  }

  /** Returns what calls from many threads ended with other than an answer. */
  List<KeyStoreException> errors() {
    return List.copyOf(errors);
  }

  /** Returns how many writes got no answer so far. */
  long unanswered() {
    return recorder.history().calls().stream()
        .filter(call -> call.answer() == History.Answer.MAYBE)
        .count();
  }

  /** Waits until the processes have sent what they send in the background. */
  void awaitBackground() {
    for (Idempotency each : processes) {
      try {
        assertThat(each.close(Duration.ofSeconds(20))).as("nothing is left to be sent").isTrue();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted", e);
      }
    }
  }

  /**
   * Ends the processes, reads every key once more, and expects that nothing was wrong and no effect
   * made twice.
   */
  void requireNothingWrong(KeyStore store) {
    ended.set(true);
    RedisServers.await("the end of all calls", () -> underWay.get() == 0);
    KeyStore recorded = recorder.around(store);
    effects.keySet().forEach(key -> recorded.find(key.id()));
    assertThat(recorder.history().violations()).as("findings").isEmpty();
    assertThat(effects.values()).as("effects by key").allMatch(count -> count.get() <= 1);
  }

  /** Expects that the checker finds two grants of one key side by side. */
  void requireDoubleGrantShown() {
    assertThat(recorder.history().violations())
        .as("findings")
        .anyMatch(finding -> finding.startsWith(DOUBLE_GRANT));
  }

  HistoryRecorder recorder() {
    return recorder;
  }

  @Override
  public String toString() {
    return "%d calls, %d answered, %d errors, %d keys, %d writes unanswered"
        .formatted(calls.get(), answered.get(), errors.size(), effects.size(), unanswered());
  }
}
