package io.idem4j.jdbc;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

/** The statements for MySQL on MariaDB, with a driver that counts rows that changed. */
@StoreUnderTest("JDBC, MariaDB with Connector/J")
final class MySqlStatementsAffectedRowsContractTest extends KeyStoreContract {
  @Override
  protected KeyStoreSubject newSubject() {
    return Backends.mySqlStatements("useAffectedRows=true");
  }
}
