package io.idem4j;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The bench of core's own tests, with time and faults in the test's hand, for tests of the layers
 * above core, which see nothing of its inside. For one thread.
 */
public final class EngineBench {
  private final Bench bench = new Bench();

  /** Returns an engine on the bench's store, which counts, behind the line that fails. */
  public Idempotency idempotency(int maximumPayload) {
    return bench.builderOn(bench.store).maximumPayload(maximumPayload).build();
  }

  /** Returns an engine on this store, with the bench's time and listener. */
  public Idempotency idempotencyOn(KeyStore store) {
    return bench.builderOn(store).maximumPayload(10_000).build();
  }

  /** Returns the store itself, without line and counting, which reads before it writes. */
  public KeyStore memory() {
    return bench.memory;
  }

  /** Returns what the listener was told. */
  public List<String> events() {
    return bench.events;
  }

  /** Returns how often the store was asked. */
  public int calls() {
    return bench.store.writes.size() + bench.store.reads;
  }

  /** Returns how many records there are. */
  public int records() {
    return bench.memory.size();
  }

  /** Removes what is past its retention, and returns how many records that were. */
  public int purge() {
    return bench.memory.purge(1_000);
  }

  /** Lets time pass, and what falls due happen. */
  public void pass(Duration time) {
    bench.pass(time);
  }

  /** Lets the next writes meet this fault. */
  public void onWrites(Fault fault, int times) {
    bench.line.onWrites(Collections.nCopies(times, fault).toArray(Fault[]::new));
  }

  /** Ends the faults. */
  public void clearFaults() {
    bench.line.clearFaults();
  }

  /** Runs the hook before each write. */
  public void beforeWrite(Runnable hook) {
    bench.store.beforeWrite = hook;
  }

  /** Runs the hook before each read. */
  public void beforeRead(Runnable hook) {
    bench.store.beforeRead = hook;
  }

  /** Returns the live record of a key. */
  public Optional<KeyRecord> record(IdempotencyKey key) {
    return bench.memory.find(key.id()).map(live -> live.record());
  }

  /** Replaces the payload of a live record, as a damaged disk would. */
  public void damage(IdempotencyKey key, byte[] payload) {
    StoredRecord live = bench.memory.find(key.id()).orElseThrow();
    Stamp stamp = live.stamp();
    KeyRecord damaged =
        live.record().toBuilder()
            .stamp(new Stamp(stamp.high(), stamp.low() + 1_000))
            .slots(Slots.of(payload, null))
            .retention(live.retentionLeft())
            .build();
    bench.memory.compareAndSet(key.id(), stamp, damaged);
  }
}
