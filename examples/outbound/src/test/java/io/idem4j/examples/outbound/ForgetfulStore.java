package io.idem4j.examples.outbound;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A store that loses each step which it is to record, and does not say so. */
final class ForgetfulStore implements KeyStore {
  final AtomicInteger forgotten = new AtomicInteger();
  private final KeyStore store;

  ForgetfulStore(KeyStore store) {
    this.store = store;
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    if (next.slots().checkpoint() != null) {
      forgotten.incrementAndGet();
      throw KeyStoreException.unknown("no answer", null);
    }
    return store.compareAndSet(id, expected, next);
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    return store.find(id);
  }
}
