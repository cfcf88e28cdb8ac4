package io.idem4j.jdbc;

import io.idem4j.tck.KeyStoreProperties;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

@StoreUnderTest("JDBC, H2")
final class H2ReadingFirstPropertiesTest extends KeyStoreProperties {
  @Override
  protected KeyStoreSubject newSubject() {
    return Backends.h2ReadingFirst();
  }
}
