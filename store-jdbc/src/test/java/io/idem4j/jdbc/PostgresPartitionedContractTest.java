package io.idem4j.jdbc;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

@StoreUnderTest("JDBC, PostgreSQL")
final class PostgresPartitionedContractTest extends KeyStoreContract {
  @Override
  protected KeyStoreSubject newSubject() {
    return Backends.partitionedPostgres();
  }
}
