package io.idem4j.examples.jaxrs;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A store that tells what was applied, and can lose everything. It takes its time to record an end,
 * so that a response that does not wait for that is caught.
 */
final class WatchedStore implements KeyStore {
  private volatile MemoryKeyStore store = new MemoryKeyStore(1_000);
  private volatile boolean isAway;
  private final List<KeyState> applied = new CopyOnWriteArrayList<>();

  /** Returns the states that were written, in their order. */
  List<KeyState> applied() {
    return applied;
  }

  /** Is away from now on. */
  void leave() {
    isAway = true;
  }

  /** Loses all records, as a failover to an empty replica would. */
  void lose() {
    store = new MemoryKeyStore(1_000);
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    if (isAway) {
      throw KeyStoreException.notApplied(KeyStoreException.Reason.UNAVAILABLE, "away", null);
    }
    if (next.state() != KeyState.LOCKED) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    CasResult result = store.compareAndSet(id, expected, next);
    if (result instanceof CasResult.Applied) {
      applied.add(next.state());
    }
    return result;
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    return store.find(id);
  }
}
