package io.idem4j.tckbroken;

import io.idem4j.tck.KeyStoreProperties;
import io.idem4j.tck.KeyStoreSubject;

/** Random calls on the store from which the broken ones are made. */
final class BytesKeyStorePropertiesTest extends KeyStoreProperties {
  @Override
  protected KeyStoreSubject newSubject() {
    return new BytesSubject(BytesKeyStore::new);
  }
}
