package io.idem4j.dynamodb;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;
import java.util.function.UnaryOperator;

/** The contract on a table of its own. See {@link DynamoDbSubject} on clocks. */
@StoreUnderTest("DynamoDB")
final class DynamoDbContractTest extends KeyStoreContract {
  private static final String TABLE = DynamoDb.freshTable();

  @Override
  protected KeyStoreSubject newSubject() {
    return DynamoDbSubject.plain(TABLE, UnaryOperator.identity());
  }
}
