package io.idem4j.memory;

import io.idem4j.tck.KeyStoreProperties;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

/** Random calls on the memory store. */
@StoreUnderTest("memory")
final class MemoryKeyStorePropertiesTest extends KeyStoreProperties {
  @Override
  protected KeyStoreSubject newSubject() {
    return new MemoryKeyStoreTest.Subject();
  }
}
