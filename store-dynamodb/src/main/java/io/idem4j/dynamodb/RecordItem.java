package io.idem4j.dynamodb;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordCodec;
import io.idem4j.spi.StoredRecord;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Records as items, and back. Reading trusts no attribute (S10): whatever is missing, mistyped or
 * altered makes a live record unreadable, and a record without a sound retention end is live.
 * Immutable and safe for use by many threads.
 */
final class RecordItem {
  private static final byte[] NOT_READ = {};

  private final Layout layout;
  private final SkewedClock clock;

  RecordItem(Layout layout, SkewedClock clock) {
    this.layout = layout;
    this.clock = clock;
  }

  /**
   * Returns the item of a record that is written now. Without its slots where they stay unchanged.
   */
  Map<String, AttributeValue> encode(KeyRecord next, long now) {
    // Zero is over at once, whatever the margin: no clock stands at 1970.
    long retainUntil = next.retention().isZero() ? 0 : now + next.retention().toMillis();
    AttributeValue retain = number(retainUntil);
    AttributeValue lease = number(now + next.lease().toMillis());
    AttributeValue head = binary(RecordCodec.encodeHead(next));
    Map<String, AttributeValue> item = new HashMap<>();
    item.put(layout.keyAttribute(), AttributeValue.fromS(layout.partitionKey(next.keyId())));
    if (layout.sortAttribute() != null) {
      item.put(layout.sortAttribute(), AttributeValue.fromS(layout.sortValue()));
    }
    item.put(Layout.RETAIN_UNTIL_MS, retain);
    item.put(Layout.LEASE_UNTIL_MS, lease);
    item.put(Layout.HEAD, head);
    item.put(Layout.GUARD, AttributeValue.fromL(List.of(retain, lease, head)));
    item.put(layout.ttlAttribute(), number(expireAtSeconds(Math.max(now, retainUntil))));
    if (!next.slots().isUnchanged()) {
      byte[] slots = RecordCodec.encodeSlots(next.keyId(), next.slots());
      item.put(Layout.SLOTS, binary(slots));
      item.put(Layout.SLOTS_SIZE, number(slots.length));
    }
    return item;
  }

  /**
   * DynamoDB deletes by its own clock: not before the last client takes the record for absent,
   * which may lag by a margin and waits for another.
   */
  private long expireAtSeconds(long retainUntil) {
    return (retainUntil + 2 * clock.margin().toMillis()) / 1000 + 1;
  }

  /**
   * Reads an item, as of {@code now}.
   *
   * @return the live record, or nothing if its retention is over
   * @throws KeyStoreException if the record is live and cannot be understood
   */
  Optional<StoredRecord> decode(KeyId id, Map<String, AttributeValue> item, long now) {
    AttributeValue retain = required(id, item, Layout.RETAIN_UNTIL_MS);
    requireCopy(id, item, retain, Layout.GUARD_RETAIN);
    long retainUntil = millis(id, retain);
    if (retainUntil <= clock.latestOver(now)) {
      return Optional.empty();
    }
    Duration retentionLeft = left(retainUntil, now);
    AttributeValue head = required(id, item, Layout.HEAD);
    byte[] headBytes = bytes(id, head);
    if (headBytes.length >= Short.BYTES
        && ByteBuffer.wrap(headBytes).getShort() != KeyRecord.FORMAT) {
      return Optional.of(RecordCodec.decode(id, headBytes, NOT_READ, Duration.ZERO, retentionLeft));
    }
    AttributeValue lease = required(id, item, Layout.LEASE_UNTIL_MS);
    requireCopy(id, item, lease, Layout.GUARD_LEASE);
    requireCopy(id, item, head, Layout.GUARD_HEAD);
    byte[] slots = bytes(id, required(id, item, Layout.SLOTS));
    if (!number(slots.length).equals(item.get(Layout.SLOTS_SIZE))) {
      throw KeyStoreException.unreadable(id, "its slots do not have the size that they had");
    }
    StoredRecord stored =
        RecordCodec.decode(id, headBytes, slots, left(millis(id, lease), now), retentionLeft);
    if (!stored.keyId().equals(id)) {
      throw KeyStoreException.unreadable(id, "its item holds the record of another key");
    }
    return Optional.of(stored);
  }

  static AttributeValue number(long value) {
    return AttributeValue.fromN(Long.toString(value));
  }

  private static AttributeValue binary(byte[] bytes) {
    return AttributeValue.fromB(SdkBytes.fromByteArrayUnsafe(bytes));
  }

  /**
   * The time left as this client sees it: the stored end and the margin. A writer whose clock is
   * ahead may have added a little to the longest duration, which is not to make it unreadable.
   */
  private Duration left(long until, long now) {
    Duration left = Duration.ofMillis(until - now);
    Duration most = KeyRecord.MAXIMUM_DURATION;
    return left.compareTo(most.plus(clock.margin())) > 0
        ? left
        : min(left.plus(clock.margin()), most);
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static AttributeValue required(
      KeyId id, Map<String, AttributeValue> item, String attribute) {
    AttributeValue value = item.get(attribute);
    if (value == null) {
      throw KeyStoreException.unreadable(id, "its attribute " + attribute + " is missing");
    }
    return value;
  }

  private static void requireCopy(
      KeyId id, Map<String, AttributeValue> item, AttributeValue value, int index) {
    @Nullable AttributeValue guard = item.get(Layout.GUARD);
    if (guard == null
        || guard.type() != AttributeValue.Type.L
        || guard.l().size() <= index
        || !guard.l().get(index).equals(value)) {
      throw KeyStoreException.unreadable(
          id, "an attribute differs from its copy, which is guard[" + index + "]");
    }
  }

  private static long millis(KeyId id, AttributeValue value) {
    try {
      if (value.type() == AttributeValue.Type.N) {
        long millis = Long.parseLong(value.n());
        if (millis >= 0 && millis <= Long.MAX_VALUE / 2) {
          return millis;
        }
      }
    } catch (NumberFormatException e) {
      // Not a whole number, or too large: no release writes such.
    }
    throw KeyStoreException.unreadable(id, "an end is no number, or out of its range");
  }

  private static byte[] bytes(KeyId id, AttributeValue value) {
    if (value.type() != AttributeValue.Type.B) {
      throw KeyStoreException.unreadable(id, "an attribute is not binary");
    }
    return value.b().asByteArrayUnsafe();
  }
}
