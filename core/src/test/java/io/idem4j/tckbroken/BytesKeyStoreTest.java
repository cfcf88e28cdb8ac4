package io.idem4j.tckbroken;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;

/** The contract on the store from which the broken ones are made: sound, and with every ability. */
final class BytesKeyStoreTest extends KeyStoreContract {
  @Override
  protected KeyStoreSubject newSubject() {
    return new BytesSubject(BytesKeyStore::new);
  }
}
