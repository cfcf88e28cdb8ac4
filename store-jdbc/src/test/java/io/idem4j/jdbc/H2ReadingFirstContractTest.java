package io.idem4j.jdbc;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

@StoreUnderTest("JDBC, H2")
final class H2ReadingFirstContractTest extends KeyStoreContract {
  @Override
  protected KeyStoreSubject newSubject() {
    return Backends.h2ReadingFirst();
  }
}
