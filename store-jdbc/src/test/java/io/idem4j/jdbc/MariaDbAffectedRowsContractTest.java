package io.idem4j.jdbc;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

/** stores.md 3.2.1: the driver counts rows that changed, not rows that were found. */
@StoreUnderTest("JDBC, MariaDB")
final class MariaDbAffectedRowsContractTest extends KeyStoreContract {
  @Override
  protected KeyStoreSubject newSubject() {
    return Backends.mariaDb("useAffectedRows=true");
  }
}
