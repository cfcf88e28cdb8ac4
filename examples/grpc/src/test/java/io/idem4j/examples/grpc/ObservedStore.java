package io.idem4j.examples.grpc;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** The memory store, with a note of who called, and a way to make it fail. */
final class ObservedStore implements KeyStore {
  final List<String> threads = new CopyOnWriteArrayList<>();
  volatile Predicate<KeyRecord> failing = next -> false;
  private final KeyStore store = new MemoryKeyStore(10_000);

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    threads.add(Thread.currentThread().getName());
    if (failing.test(next)) {
      throw KeyStoreException.unknown("no answer", null);
    }
    return store.compareAndSet(id, expected, next);
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    threads.add(Thread.currentThread().getName());
    return store.find(id);
  }
}
