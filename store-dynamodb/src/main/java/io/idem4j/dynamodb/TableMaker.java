package io.idem4j.dynamodb;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ResourceInUseException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;

/** Creates the table where there is none. Several processes may do so at once. */
final class TableMaker {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration PAUSE = Duration.ofMillis(100);

  private final DynamoDbClient client;
  private final Layout layout;

  TableMaker(DynamoDbClient client, Layout layout) {
    this.client = client;
    this.layout = layout;
  }

  /** Returns once the table is there and no longer being created; changes no existing one. */
  void createIfMissing() {
    boolean isMine = false;
    if (status() == null) {
      isMine = create();
    }
    awaitCreated();
    if (isMine) {
      enableTimeToLive();
    }
  }

  private void enableTimeToLive() {
    try {
      client.updateTimeToLive(
          b ->
              b.tableName(layout.table())
                  .timeToLiveSpecification(
                      ttl -> ttl.attributeName(layout.ttlAttribute()).enabled(true)));
    } catch (AwsServiceException e) {
      // Enabled before, by an attempt whose reply was lost or by another process; or not allowed.
      // Only space is at stake: TableCheck looks next, and warns where there is none.
    }
  }

  /**
   * Returns whether this call created the table; another one may have come first. That cannot be
   * told from an own attempt whose reply was lost.
   */
  private boolean create() {
    List<AttributeDefinition> attributes = new ArrayList<>();
    List<KeySchemaElement> keys = new ArrayList<>();
    add(layout.keyAttribute(), KeyType.HASH, attributes, keys);
    if (layout.sortAttribute() != null) {
      add(layout.sortAttribute(), KeyType.RANGE, attributes, keys);
    }
    try {
      client.createTable(
          b ->
              b.tableName(layout.table())
                  .attributeDefinitions(attributes)
                  .keySchema(keys)
                  .billingMode(BillingMode.PAY_PER_REQUEST));
      return true;
    } catch (ResourceInUseException e) {
      return !SdkFailure.isFirstAttempt(e);
    }
  }

  private static void add(
      String name,
      KeyType type,
      List<AttributeDefinition> attributes,
      List<KeySchemaElement> keys) {
    attributes.add(
        AttributeDefinition.builder()
            .attributeName(name)
            .attributeType(ScalarAttributeType.S)
            .build());
    keys.add(KeySchemaElement.builder().attributeName(name).keyType(type).build());
  }

  private void awaitCreated() {
    long start = System.nanoTime();
    while (true) {
      TableStatus status = status();
      if (status != null && status != TableStatus.CREATING) {
        return;
      }
      if (System.nanoTime() - start > PATIENCE.toNanos()) {
        throw KeyStoreException.notApplied(
            Reason.UNAVAILABLE,
            "table " + layout.table() + " is still being created; try again",
            null);
      }
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw KeyStoreException.unknown("interrupted while the table was being created", null);
    }
  }

  /** Null: there is no such table, or the part of the service that was asked knows none yet. */
  private @Nullable TableStatus status() {
    try {
      return client.describeTable(b -> b.tableName(layout.table())).table().tableStatus();
    } catch (ResourceNotFoundException e) {
      return null;
    }
  }
}
