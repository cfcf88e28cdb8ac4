package io.idem4j.memory;

import io.idem4j.tck.KeyStoreProperties;
import io.idem4j.tck.KeyStoreSubject;

/** Random calls on the memory store. */
final class MemoryKeyStorePropertiesTest extends KeyStoreProperties {
  @Override
  protected KeyStoreSubject newSubject() {
    return new MemoryKeyStoreTest.Subject();
  }
}
