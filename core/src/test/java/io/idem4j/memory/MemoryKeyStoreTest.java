package io.idem4j.memory;

import io.idem4j.spi.KeyStore;
import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;

/** The contract on the memory store, with a clock that the test moves. */
@StoreUnderTest("memory")
final class MemoryKeyStoreTest extends KeyStoreContract {
  @Override
  protected KeyStoreSubject newSubject() {
    return new Subject();
  }

  /** A memory store whose clock stands still unless it is moved; it begins near its overflow. */
  static final class Subject implements KeyStoreSubject {
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1_000_000_000L);
    private final MemoryKeyStore store = new MemoryKeyStore(100_000, clock::get);

    @Override
    public KeyStore store() {
      return store;
    }

    @Override
    public KeyStore secondInstance() {
      return store;
    }

    @Override
    public void elapse(Duration time) {
      clock.addAndGet(time.toNanos());
    }

    @Override
    public OptionalInt maximumSlot() {
      return OptionalInt.of(MemoryKeyStore.MAXIMUM_SLOT);
    }
  }
}
