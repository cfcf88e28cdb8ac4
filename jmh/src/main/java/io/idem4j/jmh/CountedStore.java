package io.idem4j.jmh;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A store that counts the looks of those who wait, and the calls that throw. Where core reads
 * before it claims, the first look of each caller is taken off: {@link #called} says how many there
 * are.
 */
class CountedStore implements KeyStore {
  private final KeyStore store;

  private CountedStore(KeyStore store) {
    this.store = store;
    Counts.ERRORS.begin();
  }

  /** Returns one around a store, which reads first where that one does. */
  static CountedStore of(KeyStore store) {
    return store instanceof ReadFirst ? new ReadingFirst(store) : new CountedStore(store);
  }

  private static final class ReadingFirst extends CountedStore implements ReadFirst {
    ReadingFirst(KeyStore store) {
      super(store);
    }

    @Override
    void called(int callers) {
      Counts.POLLS.add(-callers);
    }
  }

  /** Says how many callers there were, of whom nobody waits any more. */
  void called(int callers) {}

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    return counted(() -> store.compareAndSet(id, expected, next));
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    Counts.POLLS.add(1);
    return counted(() -> store.find(id));
  }

  private static <T> T counted(Supplier<T> call) {
    try {
      return call.get();
    } catch (KeyStoreException e) {
      Counts.ERRORS.add(1);
      throw e;
    }
  }
}
