package io.idem4j.dynamodb;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.enhanced.dynamodb.AttributeValueType;
import software.amazon.awssdk.enhanced.dynamodb.EnhancedType;
import software.amazon.awssdk.enhanced.dynamodb.TableMetadata;
import software.amazon.awssdk.enhanced.dynamodb.TableSchema;
import software.amazon.awssdk.enhanced.dynamodb.mapper.StaticTableMetadata;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Items as they are. A mapping to a bean would throw, or fall silent, where an attribute is missing
 * or of another type, and what such an item means is {@link RecordItem}'s to say (S10). Immutable
 * and safe for use by many threads.
 */
final class ItemSchema implements TableSchema<Map<String, AttributeValue>> {
  private final TableMetadata metadata;

  ItemSchema(Layout layout) {
    StaticTableMetadata.Builder builder =
        StaticTableMetadata.builder()
            .addIndexPartitionKey(
                TableMetadata.primaryIndexName(), layout.keyAttribute(), AttributeValueType.S);
    String sortAttribute = layout.sortAttribute();
    if (sortAttribute != null) {
      builder.addIndexSortKey(
          TableMetadata.primaryIndexName(), sortAttribute, AttributeValueType.S);
    }
    this.metadata = builder.build();
  }

  @Override
  public Map<String, AttributeValue> mapToItem(Map<String, AttributeValue> attributes) {
    return attributes;
  }

  /** Nothing is null here: what an update is to leave as it is stands in no item. */
  @Override
  public Map<String, AttributeValue> itemToMap(
      Map<String, AttributeValue> item, boolean ignoreNulls) {
    return item;
  }

  @Override
  public Map<String, AttributeValue> itemToMap(
      Map<String, AttributeValue> item, Collection<String> attributes) {
    Map<String, AttributeValue> some = new HashMap<>(item);
    some.keySet().retainAll(attributes);
    return some;
  }

  @Override
  public @Nullable AttributeValue attributeValue(
      Map<String, AttributeValue> item, String attribute) {
    return item.get(attribute);
  }

  @Override
  public TableMetadata tableMetadata() {
    return metadata;
  }

  @Override
  public EnhancedType<Map<String, AttributeValue>> itemType() {
    return EnhancedType.mapOf(String.class, AttributeValue.class);
  }

  @Override
  public List<String> attributeNames() {
    return List.copyOf(metadata.primaryKeys());
  }

  @Override
  public boolean isAbstract() {
    return false;
  }
}
