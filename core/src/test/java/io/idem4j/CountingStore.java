package io.idem4j;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Counts and keeps the calls that go through, and runs a hook before each. */
final class CountingStore implements KeyStore {
  record Call(Stamp expected, KeyRecord next) {}

  private final KeyStore store;
  final List<Call> writes = Collections.synchronizedList(new ArrayList<>());
  volatile int reads;
  volatile Runnable beforeWrite = () -> {};
  volatile Runnable beforeRead = () -> {};

  CountingStore(KeyStore store) {
    this.store = store;
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    writes.add(new Call(expected, next));
    beforeWrite.run();
    return store.compareAndSet(id, expected, next);
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // exact only where one thread reads
  public Optional<StoredRecord> find(KeyId id) {
    reads++;
    beforeRead.run();
    return store.find(id);
  }
}
