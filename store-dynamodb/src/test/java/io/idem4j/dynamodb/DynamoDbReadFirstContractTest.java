package io.idem4j.dynamodb;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

/** The contract on the store that core reads first. */
@StoreUnderTest("DynamoDB")
final class DynamoDbReadFirstContractTest extends KeyStoreContract {
  private static final String TABLE = DynamoDb.freshTable();

  @Override
  protected KeyStoreSubject newSubject() {
    return DynamoDbSubject.plain(TABLE, DynamoDbKeyStore.Builder::readFirst);
  }
}
