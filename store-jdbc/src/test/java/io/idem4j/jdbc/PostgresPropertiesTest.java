package io.idem4j.jdbc;

import io.idem4j.tck.KeyStoreProperties;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

@StoreUnderTest("JDBC, PostgreSQL")
final class PostgresPropertiesTest extends KeyStoreProperties {
  @Override
  protected KeyStoreSubject newSubject() {
    return Backends.postgres();
  }
}
