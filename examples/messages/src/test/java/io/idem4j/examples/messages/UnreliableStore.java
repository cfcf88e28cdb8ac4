package io.idem4j.examples.messages;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** The memory store, whose writes are counted and can be made to fail. */
final class UnreliableStore implements KeyStore {
  final AtomicInteger writes = new AtomicInteger();
  volatile Predicate<KeyRecord> failing = next -> false;
  private final KeyStore store = new MemoryKeyStore(10_000);

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    writes.incrementAndGet();
    if (failing.test(next)) {
      throw KeyStoreException.unknown("no answer", null);
    }
    return store.compareAndSet(id, expected, next);
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    return store.find(id);
  }
}
