package io.idem4j.dynamodb;

import io.idem4j.KeyId;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.Stamp;
import java.nio.ByteBuffer;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.enhanced.dynamodb.Expression;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * What a write demands of the stored item. All names are placeholders, because any may be a
 * reserved word (stores.md 3.5.9).
 *
 * <p>A comparison with an attribute that is missing or of another type is false, never an error
 * (3.5.8). So each condition is false for an item that is broken, and what the refusal brings is
 * left to {@link RecordItem}, which says why.
 */
final class Conditions {
  /**
   * No live record: none at all, or one whose retention is over. An end that differs from its copy
   * is damaged and proves nothing (S10).
   */
  static final String ABSENT =
      """
      attribute_not_exists(#key)
          OR (#retain_until_ms <= :latest_over AND #retain_until_ms = #guard[0])\
      """;

  /**
   * The live record of this key with this stamp, sound as far as a condition can see. The head
   * begins with format, stamp and key id; its other bytes are compared with their copy.
   */
  static final String STAMPED =
      """
      begins_with(#head, :head)
          AND #retain_until_ms > :latest_over
          AND #retain_until_ms = #guard[0]
          AND #lease_until_ms = #guard[1]
          AND #head = #guard[2]
          AND attribute_type(#slots, :binary)
          AND size(#slots) = #slots_size\
      """;

  /** Not provably over. */
  static final String SCANNED =
      "NOT (#retain_until_ms <= :latest_over AND #retain_until_ms = #guard[0])";

  /** {@link #SCANNED}, and the lease does not provably run. */
  static final String ABANDONED =
      SCANNED + " AND NOT (#lease_until_ms > :latest_over AND #lease_until_ms = #guard[1])";

  private Conditions() {}

  /**
   * The filter of a scan. Items that it leaves out are paid for as well; it saves what would be
   * sent. A comparison with what is missing is false, so broken items pass, and are reported.
   */
  static Expression scanned(Layout layout, Kind kind, long latestOver) {
    boolean isAbandoned = kind == Kind.ABANDONED;
    String expression = isAbandoned ? ABANDONED : SCANNED;
    Expression.Builder filter =
        Expression.builder()
            .putExpressionName("#retain_until_ms", Layout.RETAIN_UNTIL_MS)
            .putExpressionName("#guard", Layout.GUARD)
            .putExpressionValue(":latest_over", RecordItem.number(latestOver));
    if (isAbandoned) {
      filter.putExpressionName("#lease_until_ms", Layout.LEASE_UNTIL_MS);
    }
    if (!layout.keyPrefix().isEmpty()) {
      expression += " AND begins_with(#key, :prefix)";
      filter
          .putExpressionName("#key", layout.keyAttribute())
          .putExpressionValue(":prefix", AttributeValue.fromS(layout.keyPrefix()));
    }
    String sort = layout.sortAttribute();
    if (sort != null) {
      expression += " AND #sort = :sort";
      filter
          .putExpressionName("#sort", sort)
          .putExpressionValue(":sort", AttributeValue.fromS(layout.sortValue()));
    }
    return filter.expression(expression).build();
  }

  static Expression absent(Layout layout, long latestOver) {
    return Expression.builder()
        .expression(ABSENT)
        .putExpressionName("#key", layout.keyAttribute())
        .putExpressionName("#retain_until_ms", Layout.RETAIN_UNTIL_MS)
        .putExpressionName("#guard", Layout.GUARD)
        .putExpressionValue(":latest_over", RecordItem.number(latestOver))
        .build();
  }

  static Expression stamped(KeyId id, Stamp expected, long latestOver) {
    return Expression.builder()
        .expression(STAMPED)
        .putExpressionName("#head", Layout.HEAD)
        .putExpressionName("#slots", Layout.SLOTS)
        .putExpressionName("#slots_size", Layout.SLOTS_SIZE)
        .putExpressionName("#lease_until_ms", Layout.LEASE_UNTIL_MS)
        .putExpressionName("#retain_until_ms", Layout.RETAIN_UNTIL_MS)
        .putExpressionName("#guard", Layout.GUARD)
        .putExpressionValue(":head", AttributeValue.fromB(startOfHead(id, expected)))
        .putExpressionValue(":latest_over", RecordItem.number(latestOver))
        .putExpressionValue(":binary", AttributeValue.fromS("B"))
        .build();
  }

  /** See {@link io.idem4j.spi.RecordCodec}: a head of format 1 begins so. */
  private static SdkBytes startOfHead(KeyId id, Stamp stamp) {
    ByteBuffer start = ByteBuffer.allocate(Short.BYTES + Stamp.LENGTH + KeyId.LENGTH);
    start.putShort((short) KeyRecord.FORMAT).put(stamp.bytes()).put(id.bytes());
    return SdkBytes.fromByteArrayUnsafe(start.array());
  }
}
