package io.idem4j.jdbc;

import io.idem4j.tck.KeyStoreProperties;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

/** The statements that the store has for MySQL, on MariaDB: MySQL itself is not run. */
@StoreUnderTest("JDBC, MariaDB with Connector/J")
final class MySqlStatementsPropertiesTest extends KeyStoreProperties {
  @Override
  protected KeyStoreSubject newSubject() {
    return Backends.mySqlStatements();
  }
}
