package io.idem4j.dynamodb;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.PayloadTooLargeException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbEnhancedClient;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbTable;
import software.amazon.awssdk.enhanced.dynamodb.Expression;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;

/**
 * The registers: what the rules of {@link io.idem4j.spi.KeyStore} mean on one table. Each write is
 * one conditional request whose failure brings the stored item, so that a refusal is a read as well
 * (stores.md 3.5.4). Immutable and safe for use by many threads.
 *
 * <p>A request that the SDK sends again after its reply was lost meets what it wrote itself, and is
 * refused by an item that bears {@code next.stamp()} (3.5.1). That is what S8 says of a re-issue,
 * and core takes it for what it is; nothing is guessed here.
 */
final class RecordTable {
  /** How often a lost race is tried again in one call. */
  private static final int ROUNDS = 4;

  private final Layout layout;
  private final SkewedClock clock;
  private final RecordItem items;
  private final DynamoDbTable<Map<String, AttributeValue>> table;

  RecordTable(DynamoDbClient client, Layout layout, SkewedClock clock) {
    this.layout = layout;
    this.clock = clock;
    this.items = new RecordItem(layout, clock);
    // No extensions: a version counter of theirs would be one more condition.
    this.table =
        DynamoDbEnhancedClient.builder()
            .dynamoDbClient(client)
            .extensions(List.of())
            .build()
            .table(layout.table(), new ItemSchema(layout));
  }

  /** See {@link io.idem4j.spi.KeyStore#compareAndSet}. */
  CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    boolean isClaim = expected.equals(Stamp.ABSENT);
    // There is nothing to keep where there is no record.
    KeyRecord whole = isClaim ? next.resolveSlots(null) : next;
    boolean wasSentOnce = true;
    try {
      for (int round = 0; round < ROUNDS; round++) {
        long now = clock.now();
        Map<String, AttributeValue> item = items.encode(whole, now);
        requireFits(whole, item);
        Expression condition =
            isClaim
                ? Conditions.absent(layout, clock.latestOver(now))
                : Conditions.stamped(id, expected, clock.latestOver(now));
        @Nullable Map<String, AttributeValue> stored;
        try {
          write(whole, item, condition);
          return CasResult.APPLIED;
        } catch (ConditionalCheckFailedException e) {
          wasSentOnce &= SdkFailure.isFirstAttempt(e);
          stored = e.hasItem() && !e.item().isEmpty() ? e.item() : null;
        }
        if (stored == null) {
          // No item stood in the way, or an endpoint answered that does not return it.
          stored = get(id);
        }
        Optional<StoredRecord> live = decode(id, stored);
        if (live.isEmpty()) {
          if (!isClaim) {
            return CasResult.NONE_LIVE;
          }
          // Deleted, or its retention ran out, between the write and the read.
        } else if (!live.get().stamp().equals(expected)) {
          return CasResult.refusedBy(live.get());
        } else if (live.get().format() != KeyRecord.FORMAT) {
          throw KeyStoreException.unreadable(id, "its format is " + live.get().format());
        }
        // Written between the write and the read. It matches, so it is no refusal (S3).
      }
      throw KeyStoreException.notApplied(
          Reason.CONFLICT,
          "concurrent calls changed the record of key " + id.shortDigest() + " again and again",
          null);
    } catch (RuntimeException e) {
      if (wasSentOnce) {
        throw e;
      }
      // An attempt before the refused one may have been applied: what failed since proves nothing.
      throw SdkFailure.UNKNOWN.exception("a compare-and-set", e);
    }
  }

  /** Returns what scans the same items. */
  RecordScan scan() {
    return new RecordScan(layout, clock, this, table);
  }

  /** See {@link io.idem4j.spi.KeyStore#find}. */
  Optional<StoredRecord> find(KeyId id) {
    return decode(id, get(id));
  }

  /** Returns a replacement of the record that bears {@code expected}, for a transaction to make. */
  TransactWriteItem transactItem(Stamp expected, KeyRecord next) {
    long now = clock.now();
    Map<String, AttributeValue> item = items.encode(next, now);
    requireFits(next, item);
    Expression condition = Conditions.stamped(next.keyId(), expected, clock.latestOver(now));
    return next.slots().isUnchanged()
        ? TransactionItem.update(layout, item, condition)
        : TransactionItem.put(layout, item, condition);
  }

  /**
   * As of now, after the answer has come: an item that another client wrote while the request was
   * on its way would otherwise have more time left than it was given.
   */
  private Optional<StoredRecord> decode(KeyId id, @Nullable Map<String, AttributeValue> item) {
    return item == null ? Optional.empty() : items.decode(id, item, clock.now());
  }

  private void write(KeyRecord next, Map<String, AttributeValue> item, Expression condition) {
    if (next.slots().isUnchanged()) {
      // Sets the attributes that the item has, and leaves the slots, which it has not.
      table.updateItemWithResponse(
          request ->
              request
                  .item(item)
                  .conditionExpression(condition)
                  .returnValues(ReturnValue.NONE)
                  .returnValuesOnConditionCheckFailure(
                      ReturnValuesOnConditionCheckFailure.ALL_OLD));
    } else {
      table.putItem(
          request ->
              request
                  .item(item)
                  .conditionExpression(condition)
                  .returnValuesOnConditionCheckFailure(
                      ReturnValuesOnConditionCheckFailure.ALL_OLD));
    }
  }

  /** The authority alone answers: no eventually consistent read, no index (stores.md 3.5.11). */
  private @Nullable Map<String, AttributeValue> get(KeyId id) {
    return table.getItem(request -> request.key(layout.key(id)).consistentRead(true));
  }

  /**
   * S4: the service refuses larger items, but only once it has them. The head is counted as large
   * as it may become, so that a later write which leaves the slots always finds room.
   */
  private static void requireFits(KeyRecord next, Map<String, AttributeValue> item) {
    Slots slots = next.slots();
    if (slots.isUnchanged()) {
      return;
    }
    int size = size(slots.payload()) + size(slots.checkpoint());
    int limit = ItemSize.LARGEST - (ItemSize.withLargestHead(item) - size);
    if (size > limit) {
      throw new PayloadTooLargeException(size, limit);
    }
  }

  private static int size(byte @Nullable [] slot) {
    return slot == null ? 0 : slot.length;
  }
}
