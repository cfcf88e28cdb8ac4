package io.idem4j.dynamodb;

import io.idem4j.KeyId;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Items as they are stored, past the store's own code. */
final class Items {
  private final DynamoDbClient client;
  private final Layout layout;

  Items(DynamoDbClient client, Layout layout) {
    this.client = client;
    this.layout = layout;
  }

  /** Returns the item of a key; empty if there is none. */
  Map<String, AttributeValue> get(KeyId id) {
    return client
        .getItem(b -> b.tableName(layout.table()).key(key(id)).consistentRead(true))
        .item();
  }

  /** Puts an item back as a test wants it; does nothing if there is none. */
  void change(KeyId id, Consumer<Map<String, AttributeValue>> change) {
    Map<String, AttributeValue> item = new HashMap<>(get(id));
    if (!item.isEmpty()) {
      change.accept(item);
      client.putItem(b -> b.tableName(layout.table()).item(item));
    }
  }

  void delete(KeyId id) {
    client.deleteItem(b -> b.tableName(layout.table()).key(key(id)));
  }

  private Map<String, AttributeValue> key(KeyId id) {
    AttributeValue partition = AttributeValue.fromS(layout.partitionKey(id));
    return layout.sortAttribute() == null
        ? Map.of(layout.keyAttribute(), partition)
        : Map.of(
            layout.keyAttribute(),
            partition,
            layout.sortAttribute(),
            AttributeValue.fromS(layout.sortValue()));
  }
}
