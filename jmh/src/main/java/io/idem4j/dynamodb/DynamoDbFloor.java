package io.idem4j.dynamodb;

import io.idem4j.KeyId;
import io.idem4j.jmh.Contender;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.RecordCodec;
import io.idem4j.spi.Stamp;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;

/**
 * The same conditional puts as the store's, by the SDK's plain client: items of the same attributes
 * under the store's own conditions, and a refusal brings what is there. In this package because the
 * conditions are the store's, so that both sides send the same.
 */
public final class DynamoDbFloor implements Contender {
  private static final long LEASE = 30_000;
  private static final long LOCKED_RETENTION = 604_800_000;
  private static final long RETENTION = 86_400_000;
  private static final Stamp CLAIMED = new Stamp(1, 1);
  private static final Stamp COMPLETED = new Stamp(1, 2);
  private static final byte[] NO_SLOTS = {0, 0};

  private static final Map<String, String> ABSENT_NAMES =
      Map.of("#key", "pk", "#retain_until_ms", Layout.RETAIN_UNTIL_MS, "#guard", Layout.GUARD);
  private static final Map<String, String> STAMPED_NAMES =
      Map.of(
          "#head", Layout.HEAD,
          "#slots", Layout.SLOTS,
          "#slots_size", Layout.SLOTS_SIZE,
          "#lease_until_ms", Layout.LEASE_UNTIL_MS,
          "#retain_until_ms", Layout.RETAIN_UNTIL_MS,
          "#guard", Layout.GUARD);

  private final DynamoDbClient client;
  private final String table;

  /** Makes one on the table of a store, among whose keys its own are not. */
  public DynamoDbFloor(DynamoDbClient client, String table) {
    this.client = client;
    this.table = table;
  }

  @Override
  public KeyId prepare(String key) {
    byte[] id = Arrays.copyOf(key.getBytes(StandardCharsets.UTF_8), KeyId.LENGTH);
    return KeyId.of(id);
  }

  @Override
  public byte[] first(Object prepared, byte[] answer) {
    KeyId id = (KeyId) prepared;
    byte[] claimed = head(id, CLAIMED, KeyState.LOCKED);
    try {
      claim(id, claimed);
    } catch (ConditionalCheckFailedException e) {
      throw new IllegalStateException("not the first call", e);
    }
    put(
        item(id, head(id, COMPLETED, KeyState.COMPLETED), answer, 0, RETENTION),
        Conditions.STAMPED,
        STAMPED_NAMES,
        Map.of(
            ":head", binary(Arrays.copyOf(claimed, Short.BYTES + Stamp.LENGTH + KeyId.LENGTH)),
            ":latest_over", number(System.currentTimeMillis()),
            ":binary", AttributeValue.fromS("B")));
    return answer;
  }

  @Override
  public byte[] replay(Object prepared) {
    KeyId id = (KeyId) prepared;
    try {
      claim(id, head(id, CLAIMED, KeyState.LOCKED));
    } catch (ConditionalCheckFailedException e) {
      AttributeValue slots = e.item().get(Layout.SLOTS);
      return Objects.requireNonNull(slots, "slots").b().asByteArray();
    }
    throw new IllegalStateException("run again");
  }

  private void claim(KeyId id, byte[] head) {
    put(
        item(id, head, NO_SLOTS, LEASE, LOCKED_RETENTION),
        Conditions.ABSENT,
        ABSENT_NAMES,
        Map.of(":latest_over", number(System.currentTimeMillis())));
  }

  private void put(
      Map<String, AttributeValue> item,
      String condition,
      Map<String, String> names,
      Map<String, AttributeValue> values) {
    client.putItem(
        request ->
            request
                .tableName(table)
                .item(item)
                .conditionExpression(condition)
                .expressionAttributeNames(names)
                .expressionAttributeValues(values)
                .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD));
  }

  private static Map<String, AttributeValue> item(
      KeyId id, byte[] headBytes, byte[] slots, long leaseMillis, long retentionMillis) {
    long now = System.currentTimeMillis();
    AttributeValue head = binary(headBytes);
    AttributeValue lease = number(now + leaseMillis);
    AttributeValue retain = number(now + retentionMillis);
    Map<String, AttributeValue> item = new HashMap<>();
    item.put("pk", AttributeValue.fromS(HexFormat.of().formatHex(id.bytes())));
    item.put(Layout.RETAIN_UNTIL_MS, retain);
    item.put(Layout.LEASE_UNTIL_MS, lease);
    item.put(Layout.HEAD, head);
    item.put(Layout.GUARD, AttributeValue.fromL(List.of(retain, lease, head)));
    item.put("expire_at_s", number((now + retentionMillis) / 1_000));
    item.put(Layout.SLOTS, binary(slots));
    item.put(Layout.SLOTS_SIZE, number(slots.length));
    return item;
  }

  private static byte[] head(KeyId id, Stamp stamp, KeyState state) {
    return RecordCodec.encodeHead(
        KeyRecord.builder()
            .keyId(id)
            .stamp(stamp)
            .state(state)
            .fingerprint(new FingerprintDigest("SHA-256", new byte[FingerprintDigest.LENGTH]))
            .build());
  }

  private static AttributeValue binary(byte[] bytes) {
    return AttributeValue.fromB(SdkBytes.fromByteArrayUnsafe(bytes));
  }

  private static AttributeValue number(long value) {
    return AttributeValue.fromN(Long.toString(value));
  }
}
