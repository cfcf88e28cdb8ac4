package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.PayloadTooLargeException;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;

/** stores.md 3.5.10: an item of 400 KiB and not a byte more. */
@StoreUnderTest("DynamoDB")
final class ItemSizeTest {
  private static final String TABLE = DynamoDb.freshTable();

  /** A prefix as long as a key allows, so that two slots can fill an item. */
  private static final String PREFIX = "p".repeat(2048 - 64);

  private final Meter meter = new Meter();
  private DynamoDbClient client;
  private DynamoDbKeyStore store;
  private Items items;

  @BeforeEach
  void open() {
    client =
        DynamoDb.builder().overrideConfiguration(o -> o.addExecutionInterceptor(meter)).build();
    store =
        DynamoDbKeyStore.builder(client)
            .table(TABLE)
            .keyPrefix(PREFIX)
            .clockSkew(Duration.ZERO)
            .maximumSlot(DynamoDbKeyStore.Builder.LARGEST_SLOT)
            .createTableIfMissing()
            .build();
    items = new Items(client, new Layout(TABLE, "pk", PREFIX, null, "", "expire_at_s"));
  }

  @Test
  void of_eachType_followsTheDocumentedRules() {
    assertThat(ItemSize.of(Map.of())).isZero();
    assertThat(ItemSize.of(Map.of("é", AttributeValue.fromS("né")))).isEqualTo(2 + 3);
    assertThat(ItemSize.of(Map.of("n", AttributeValue.fromN("1")))).isEqualTo(1 + 21);
    AttributeValue bytes = AttributeValue.fromB(SdkBytes.fromByteArray(new byte[7]));
    assertThat(ItemSize.of(Map.of("bin", bytes))).isEqualTo(3 + 7);
    assertThat(ItemSize.of(Map.of("l", AttributeValue.fromL(List.of(bytes, bytes)))))
        .isEqualTo(1 + 3 + 8 + 8);
  }

  /** The service refuses what weighs more than we allow, and takes what weighs as much. */
  @Test
  void stores_3_5_10_ourLimit_isTheServices() {
    KeyRecord done = Rows.done(store, 100);
    Map<String, AttributeValue> item = new HashMap<>(items.get(done.keyId()));
    // Numbers are counted with their largest size: the exact weight is found without them.
    item.keySet()
        .removeAll(
            List.of("lease_until_ms", "retain_until_ms", "guard", "slots_size", "expire_at_s"));
    int room = ItemSize.LARGEST - ItemSize.of(item) - "filler".length();
    item.put("filler", AttributeValue.fromB(SdkBytes.fromByteArray(new byte[room])));
    client.putItem(b -> b.tableName(TABLE).item(item));
    item.put("filler", AttributeValue.fromB(SdkBytes.fromByteArray(new byte[room + 1])));
    assertThatThrownBy(() -> client.putItem(b -> b.tableName(TABLE).item(item)))
        .isInstanceOf(DynamoDbException.class)
        .hasMessageContaining("size");
  }

  @Test
  void stores_3_5_10_justUnderAndAt_isKept_over_isRefusedBeforeAnythingIsSent() {
    KeyRecord probe = Rows.claim().toBuilder().slots(slots(500_000)).build();
    PayloadTooLargeException tooLarge = failing(Stamp.ABSENT, probe);
    assertThat(tooLarge.size()).isEqualTo(500_000);
    int limit = (int) tooLarge.limit();
    assertThat(limit).isBetween(395_000, 408_000);
    for (int size : new int[] {limit - 1, limit}) {
      KeyRecord claim = Rows.claim().toBuilder().slots(slots(size)).build();
      Rows.apply(store, Stamp.ABSENT, claim);
      assertThat(store.find(claim.keyId()).orElseThrow().record().slots()).isEqualTo(claim.slots());
    }
    KeyRecord live = Rows.apply(store, Stamp.ABSENT, Rows.claim());
    meter.take();
    KeyRecord over = Rows.completed(live).toBuilder().slots(slots(limit + 1)).build();
    PayloadTooLargeException e = failing(live.stamp(), over);
    assertThat(e.certainty()).isEqualTo(Certainty.NOT_APPLIED);
    assertThat(e.size()).isEqualTo(limit + 1);
    assertThat(e.limit()).isEqualTo(limit);
    assertThat(meter.take()).isEmpty();
    assertThat(store.find(live.keyId()).orElseThrow().stamp().equals(live.stamp())).isTrue();
  }

  /** A later write may have a longer reference and algorithm: room for them is kept. */
  @Test
  void fullItem_longestHead_stillFits() {
    int limit =
        (int) failing(Stamp.ABSENT, Rows.claim().toBuilder().slots(slots(500_000)).build()).limit();
    KeyRecord full = Rows.claim().toBuilder().slots(slots(limit)).build();
    Rows.apply(store, Stamp.ABSENT, full);
    KeyRecord longest =
        Rows.renewal(full).toBuilder()
            .reference("x".repeat(KeyRecord.REFERENCE_LENGTH))
            .fingerprint(new FingerprintDigest("x".repeat(100), new byte[32]))
            .build();
    Rows.apply(store, full.stamp(), longest);
    KeyRecord read = store.find(full.keyId()).orElseThrow().record();
    assertThat(read.slots()).isEqualTo(full.slots());
    assertThat(read.reference()).isEqualTo(longest.reference());
  }

  @Test
  void stores_3_5_10_longestKey_isAccepted() {
    KeyRecord done = Rows.done(store);
    assertThat(items.get(done.keyId()).get("pk").s()).hasSize(2048);
  }

  private PayloadTooLargeException failing(Stamp expected, KeyRecord next) {
    PayloadTooLargeException e =
        catchThrowableOfType(
            PayloadTooLargeException.class,
            () -> store.compareAndSet(next.keyId(), expected, next));
    assertThat(e).isNotNull();
    return e;
  }

  private static Slots slots(int size) {
    return Slots.of(Samples.bytes(size / 2), Samples.bytes(size - size / 2));
  }
}
