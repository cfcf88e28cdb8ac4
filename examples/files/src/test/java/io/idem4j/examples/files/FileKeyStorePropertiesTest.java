package io.idem4j.examples.files;

import io.idem4j.tck.KeyStoreProperties;
import io.idem4j.tck.KeyStoreSubject;

final class FileKeyStorePropertiesTest extends KeyStoreProperties {

  @Override
  protected KeyStoreSubject newSubject() {
    return new FileSubject();
  }
}
