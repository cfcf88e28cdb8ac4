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
 * before it claims, that look is taken off.
 */
class CountedStore implements KeyStore {
  private final KeyStore store;

  private CountedStore(KeyStore store) {
    this.store = store;
    Counts.ERRORS.begin();
  }

  /** Returns one around a store, which reads first where that one does. */
  static CountedStore of(KeyStore store) {
    return store instanceof ReadFirst first ? new ReadingFirst(first) : new CountedStore(store);
  }

  private static final class ReadingFirst extends CountedStore implements ReadFirst {
    private final ReadFirst store;

    ReadingFirst(ReadFirst store) {
      super(store);
      this.store = store;
    }

    @Override
    public boolean readsFirst(KeyId id) {
      boolean reads = store.readsFirst(id);
      if (reads) {
        Counts.POLLS.add(-1);
      }
      return reads;
    }
  }

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
