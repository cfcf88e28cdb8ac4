package io.idem4j.dynamodb;

import io.idem4j.tck.KeyStoreProperties;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;
import java.util.function.UnaryOperator;

@StoreUnderTest("DynamoDB")
final class DynamoDbPropertiesTest extends KeyStoreProperties {
  private static final String TABLE = DynamoDb.freshTable();

  @Override
  protected KeyStoreSubject newSubject() {
    return DynamoDbSubject.plain(TABLE, UnaryOperator.identity());
  }
}
