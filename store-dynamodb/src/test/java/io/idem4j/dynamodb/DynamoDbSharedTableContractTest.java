package io.idem4j.dynamodb;

import io.idem4j.tck.KeyStoreContract;
import io.idem4j.tck.KeyStoreSubject;
import io.idem4j.tck.StoreUnderTest;

/**
 * The contract on a table that other things may live in: a prefix, a sort key, and names that are
 * reserved words of expressions (stores.md 3.5.9).
 */
@StoreUnderTest("DynamoDB")
final class DynamoDbSharedTableContractTest extends KeyStoreContract {
  private static final String TABLE = DynamoDb.freshTable();

  @Override
  protected KeyStoreSubject newSubject() {
    return new DynamoDbSubject(
        TABLE,
        builder ->
            builder
                .keyAttribute("owner")
                .keyPrefix("IDEMPOTENCY#é#")
                .sortKey("range", "RECORD")
                .ttlAttribute("ttl"),
        new Layout(TABLE, "owner", "IDEMPOTENCY#é#", "range", "RECORD", "ttl"));
  }
}
