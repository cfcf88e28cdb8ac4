package io.idem4j.memory;

import io.idem4j.spi.KeyStore;
import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;

/** The contract on the memory store as users have it. */
final class MemoryKeyStoreRealClockTest extends KeyStoreContract {
  @Override
  protected KeyStoreSubject newSubject() {
    MemoryKeyStore store = new MemoryKeyStore(100_000);
    return new KeyStoreSubject() {
      @Override
      public KeyStore store() {
        return store;
      }

      @Override
      public KeyStore secondInstance() {
        return store;
      }
    };
  }
}
