package io.idem4j.dynamodb;

import java.util.HashMap;
import java.util.Map;
import java.util.StringJoiner;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.enhanced.dynamodb.Expression;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;
import software.amazon.awssdk.services.dynamodb.model.TransactionInProgressException;

/** A conditional write as an item of a transaction, and what the failure of one proves. */
final class TransactionItem {
  private static final String CONDITION_FAILED = "ConditionalCheckFailed";

  /** What is known of a transaction that failed. */
  enum Fate {
    /** Nothing was written, and nothing will be. */
    ROLLED_BACK,
    /** The same, and a condition did not hold: it may have been the record's. */
    REFUSED,
    /** Nobody knows. */
    UNKNOWN
  }

  private TransactionItem() {}

  /** Returns the item that puts a whole record. */
  static TransactWriteItem put(
      Layout layout, Map<String, AttributeValue> item, Expression condition) {
    return TransactWriteItem.builder()
        .put(
            put ->
                put.tableName(layout.table())
                    .item(item)
                    .conditionExpression(condition.expression())
                    .expressionAttributeNames(condition.expressionNames())
                    .expressionAttributeValues(condition.expressionValues()))
        .build();
  }

  /** Returns the item that sets attributes of a record and leaves the others. */
  static TransactWriteItem update(
      Layout layout, Map<String, AttributeValue> item, Expression condition) {
    Map<String, AttributeValue> key = layout.primaryKey(item);
    Map<String, String> names = new HashMap<>(condition.expressionNames());
    Map<String, AttributeValue> values = new HashMap<>(condition.expressionValues());
    StringJoiner set = new StringJoiner(", ", "SET ", "");
    item.forEach(
        (name, value) -> {
          if (!key.containsKey(name)) {
            String place = "next_" + values.size();
            names.put("#" + place, name);
            values.put(":" + place, value);
            set.add("#" + place + " = :" + place);
          }
        });
    return TransactWriteItem.builder()
        .update(
            update ->
                update
                    .tableName(layout.table())
                    .key(key)
                    .updateExpression(set.toString())
                    .conditionExpression(condition.expression())
                    .expressionAttributeNames(names)
                    .expressionAttributeValues(values))
        .build();
  }

  /**
   * Returns what a failure proves. The answer to a later attempt proves nothing: an earlier one may
   * still be on its way, or have been applied. And that a transaction with the same request token
   * is under way says that it may yet be committed.
   */
  static Fate fate(RuntimeException failure) {
    if (!(failure instanceof SdkException sdk)
        || !SdkFailure.isFirstAttempt(sdk)
        || failure instanceof TransactionInProgressException) {
      return Fate.UNKNOWN;
    }
    if (failure instanceof TransactionCanceledException cancelled) {
      return cancelled.hasCancellationReasons()
              && cancelled.cancellationReasons().stream()
                  .map(CancellationReason::code)
                  .noneMatch(CONDITION_FAILED::equals)
          ? Fate.ROLLED_BACK
          : Fate.REFUSED;
    }
    return SdkFailure.of(failure) == SdkFailure.UNKNOWN ? Fate.UNKNOWN : Fate.ROLLED_BACK;
  }
}
