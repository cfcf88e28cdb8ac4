package io.idem4j;

import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An engine on a memory store behind a faulty line, with time, randomness and executor in the
 * test's hand. Background work runs at once, on the thread that lets time pass.
 */
final class Bench {
  static final Scope TENANT = Scope.of(Canaries.SCOPE + "tenant");
  static final Fingerprint BODY = Fingerprint.sha256().part("body", Canaries.BODY + "a").build();
  static final Fingerprint OTHER_BODY =
      Fingerprint.sha256().part("body", Canaries.BODY + "b").build();

  final VirtualTiming timing = new VirtualTiming();
  final MemoryKeyStore memory = new MemoryKeyStore(10_000, timing::nanoTime);
  final FaultyKeyStore line = new FaultyKeyStore(memory);
  final CountingStore store = new CountingStore(line);
  final List<String> events = new ArrayList<>();
  final AtomicInteger effects = new AtomicInteger();
  private final AtomicInteger grants = new AtomicInteger();
  final Idempotency idempotency = engineOn(store);

  Idempotency engineOn(KeyStore on) {
    return builderOn(on).build();
  }

  Idempotency.Builder builderOn(KeyStore on) {
    return Idempotency.builder(on)
        .timing(timing)
        .grants(() -> new Grant(7, grants.incrementAndGet()))
        .random(new Random(42))
        .executor(Runnable::run)
        .maximumPayload(100)
        .listener(new Recorder(events));
  }

  Operation<String> operation(OperationPolicy policy) {
    return idempotency.operation("charge", Codec.text(), policy);
  }

  static IdempotencyKey key(String value) {
    return IdempotencyKey.of(TENANT, "charge", value);
  }

  /** An action that counts as an effect and answers with its number. */
  Action<String, RuntimeException> effect() {
    return context -> "answer " + effects.incrementAndGet();
  }

  StoredRecord live(String value) {
    return memory.find(key(value).id()).orElseThrow();
  }

  KeyRecord record(String value) {
    return live(value).record();
  }

  /** The next writes all meet this fault. */
  void onWrites(Fault fault, int times) {
    line.onWrites(Collections.nCopies(times, fault).toArray(Fault[]::new));
  }

  void pass(Duration time) {
    timing.advance(time);
  }

  static Duration seconds(long seconds) {
    return Duration.ofSeconds(seconds);
  }

  /** Writes down what a listener was told. */
  record Recorder(List<String> events) implements IdempotencyListener {
    @Override
    public void claimed(Event event) {
      events.add("claimed");
    }

    @Override
    public void takenOver(Event event) {
      events.add("takenOver");
    }

    @Override
    public void replayed(Event event) {
      events.add("replayed");
    }

    @Override
    public void inFlight(Event event) {
      events.add("inFlight");
    }

    @Override
    public void reused(Event event) {
      events.add("reused");
    }

    @Override
    public void inDoubt(Event event) {
      events.add("inDoubt");
    }

    @Override
    public void completed(Event event) {
      events.add("completed");
    }

    @Override
    public void failed(Event event, FailureClassifier.Verdict.Kind kind) {
      events.add("failed " + kind);
    }

    @Override
    public void leaseLost(Event event) {
      events.add("leaseLost");
    }

    @Override
    public void storeError(Event event, KeyStoreException error) {
      events.add("storeError " + error.certainty());
    }

    @Override
    public void recordedUnknown(Event event) {
      events.add("recordedUnknown");
    }

    @Override
    public void bypassed(String operation) {
      events.add("bypassed " + operation);
    }
  }
}
