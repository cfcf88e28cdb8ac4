package io.idem4j.examples.files;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;

final class FileKeyStoreContractTest extends KeyStoreContract {

  @Override
  protected KeyStoreSubject newSubject() {
    return new FileSubject();
  }
}
