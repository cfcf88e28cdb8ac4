package io.idem4j;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A store whose process dies at the n-th point: before a call was applied, after it was, or at a
 * mark that an operation sets. What still runs of the process then meets {@link Crash} wherever it
 * turns, and never reaches the store again. For one thread.
 */
class CrashingStore implements KeyStore {
  /** The end of the process. */
  static final class Crash extends Error {
    private static final long serialVersionUID = 1;
  }

  /** The same, asked first before it is written to. */
  static final class Cheap extends CrashingStore implements ReadFirst {
    Cheap(KeyStore store, int last) {
      super(store, last);
    }
  }

  private final KeyStore store;
  private final int last;
  private int points;

  /**
   * @param last the point at which the process dies, from one
   */
  CrashingStore(KeyStore store, int last) {
    this.store = store;
    this.last = last;
  }

  boolean isDead() {
    return points >= last;
  }

  /** Goes past a point, if the process lives on. */
  void mark() {
    if (!isDead()) {
      points++;
    }
    if (isDead()) {
      throw new Crash();
    }
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    return call(() -> store.compareAndSet(id, expected, next));
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    return call(() -> store.find(id));
  }

  private <T> T call(Supplier<T> call) {
    mark();
    try {
      return call.get();
    } finally {
      mark();
    }
  }
}
