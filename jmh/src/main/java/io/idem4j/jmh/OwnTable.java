package io.idem4j.jmh;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

/** A DynamoDB table of one contender, whose items have one string for a key. */
record OwnTable(DynamoDbClient client, String name) implements AutoCloseable {
  /** Makes one, and waits until it can be used. */
  static OwnTable create(DynamoDbClient client, String keyAttribute) {
    String name = "benchmark-peer-" + System.nanoTime();
    KeySchemaElement key =
        KeySchemaElement.builder().attributeName(keyAttribute).keyType(KeyType.HASH).build();
    AttributeDefinition attribute =
        AttributeDefinition.builder()
            .attributeName(keyAttribute)
            .attributeType(ScalarAttributeType.S)
            .build();
    client.createTable(
        request ->
            request
                .tableName(name)
                .billingMode(BillingMode.PAY_PER_REQUEST)
                .keySchema(key)
                .attributeDefinitions(attribute));
    client.waiter().waitUntilTableExists(request -> request.tableName(name));
    return new OwnTable(client, name);
  }

  /** Deletes it. */
  @Override
  public void close() {
    client.deleteTable(request -> request.tableName(name));
  }
}
