package io.idem4j.jdbc;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

/** stores.md 3.2.1: the driver counts rows that changed, not rows that were found. */
@StoreUnderTest("JDBC, MariaDB with Connector/J")
final class MariaDbConnectorJAffectedRowsContractTest extends KeyStoreContract {
  @Override
  protected KeyStoreSubject newSubject() {
    return Backends.connectorJ("useAffectedRows=true");
  }
}
