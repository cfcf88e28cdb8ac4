package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordCodec;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;

/**
 * The hazards of stores.md 3.5 that are neither faults of the line ({@link OwnWriteTest}: 3.5.1 to
 * 3.5.3, {@link DynamoDbServerFaultsTest}: 3.5.13), nor of clocks ({@link SkewTest}: 3.5.5), sizes
 * ({@link ItemSizeTest}: 3.5.10), cost ({@link CapacityTest}: 3.5.4) or regions ({@link
 * StartUpTest}: 3.5.12).
 */
@StoreUnderTest("DynamoDB")
final class DynamoDbHazardsTest {
  private static final String TABLE = DynamoDb.freshTable();

  /** What an expression may consist of beside placeholders: functions, operators, indexes. */
  private static final Set<String> KEYWORDS =
      Set.of(
          "attribute_not_exists",
          "attribute_type",
          "begins_with",
          "size",
          "AND",
          "OR",
          "SET",
          "REMOVE");

  private static final Pattern WORD = Pattern.compile("[#:]?[A-Za-z_][A-Za-z0-9_]*");

  private final Meter meter = new Meter();
  private final Items items = new Items(DynamoDb.client(), Rows.layout(TABLE));
  private DynamoDbKeyStore store;

  @BeforeEach
  void open() {
    DynamoDbClient client =
        DynamoDb.builder().overrideConfiguration(o -> o.addExecutionInterceptor(meter)).build();
    store = Rows.store(client, TABLE);
    meter.take();
  }

  private static void unreadable(ThrowingCallable call) {
    KeyStoreException e = catchThrowableOfType(KeyStoreException.class, call);
    assertThat(e).isNotNull();
    assertThat(e.reason()).isEqualTo(Reason.UNREADABLE);
  }

  private static AttributeValue seconds(Instant instant) {
    return AttributeValue.fromN(Long.toString(instant.getEpochSecond()));
  }

  /** What the class comment says of the layout. */
  @Test
  void item_hasTheDocumentedAttributes() {
    KeyRecord done = Rows.done(store);
    Map<String, AttributeValue> item = items.get(done.keyId());
    assertThat(
            item.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().type().name())))
        .isEqualTo(
            Map.of(
                "pk", "S",
                "head", "B",
                "slots", "B",
                "slots_size", "N",
                "lease_until_ms", "N",
                "retain_until_ms", "N",
                "guard", "L",
                "expire_at_s", "N"));
    assertThat(item.get("guard").l())
        .containsExactly(item.get("retain_until_ms"), item.get("lease_until_ms"), item.get("head"));
  }

  /** Expired and still there: a claim takes its place, and nothing is replayed. */
  @Test
  void stores_3_5_6_expiredButPresent_isTreatedAsExpired() {
    KeyRecord done = Rows.claim();
    Rows.apply(store, Stamp.ABSENT, done.toBuilder().retention(Duration.ZERO).build());
    assertThat(items.get(done.keyId())).isNotEmpty();
    assertThat(store.find(done.keyId())).isEmpty();
    assertThat(store.compareAndSet(done.keyId(), done.stamp(), Rows.completed(done)))
        .isEqualTo(CasResult.NONE_LIVE);
    Rows.apply(store, Stamp.ABSENT, Rows.duplicate(done));
  }

  /** Only the retention decides: what the TTL attribute says is for the service alone. */
  @Test
  void stores_3_5_6_timeToLive_decidesNothing() {
    KeyRecord done = Rows.done(store);
    for (AttributeValue ttl :
        List.of(seconds(Instant.EPOCH.plusSeconds(1)), AttributeValue.fromS("never"))) {
      items.change(done.keyId(), item -> item.put("expire_at_s", ttl));
      assertThat(store.find(done.keyId())).isPresent();
      assertThat(store.compareAndSet(done.keyId(), Stamp.ABSENT, Rows.duplicate(done)))
          .isInstanceOf(CasResult.Refused.class);
    }
    KeyRecord over = Rows.claim().toBuilder().retention(Duration.ZERO).build();
    Rows.apply(store, Stamp.ABSENT, over);
    items.change(
        over.keyId(), item -> item.put("expire_at_s", seconds(Instant.now().plusSeconds(9999))));
    assertThat(store.find(over.keyId())).isEmpty();
  }

  /** In seconds, and not before the last client sees the record over: two margins later. */
  @Test
  void stores_3_5_6_timeToLive_isInSecondsAndAfterRetentionAndMargins() {
    Duration margin = Duration.ofSeconds(90);
    DynamoDbKeyStore wide =
        DynamoDbKeyStore.builder(DynamoDb.client()).table(TABLE).clockSkew(margin).build();
    KeyRecord claim = Rows.apply(wide, Stamp.ABSENT, Rows.claim());
    Map<String, AttributeValue> item = items.get(claim.keyId());
    long retainMs = Long.parseLong(item.get("retain_until_ms").n());
    long expireMs = Long.parseLong(item.get("expire_at_s").n()) * 1000;
    assertThat(expireMs - retainMs).isBetween(180_000L, 181_000L);
    KeyRecord zero = Rows.claim().toBuilder().retention(Duration.ZERO).build();
    Rows.apply(wide, Stamp.ABSENT, zero);
    item = items.get(zero.keyId());
    assertThat(item.get("retain_until_ms").n()).isEqualTo("0");
    assertThat(Long.parseLong(item.get("expire_at_s").n()))
        .isGreaterThan(Instant.now().getEpochSecond());
  }

  /** The fence starts anew in the next life; the stamp keeps the old holder out (I3). */
  @Test
  void stores_3_5_7_itemDeletedBetweenGrantAndCompletion_completesNothing() {
    KeyRecord claim = Rows.apply(store, Stamp.ABSENT, Rows.claim());
    items.delete(claim.keyId());
    KeyRecord done = Rows.completed(claim);
    assertThat(store.compareAndSet(done.keyId(), claim.stamp(), done))
        .isEqualTo(CasResult.NONE_LIVE);
    assertThat(store.compareAndSet(done.keyId(), claim.stamp(), Rows.renewal(claim)))
        .as("an update must not make an item")
        .isEqualTo(CasResult.NONE_LIVE);
    assertThat(items.get(done.keyId())).isEmpty();
    KeyRecord next = Rows.duplicate(claim).toBuilder().fence(claim.fence()).build();
    Rows.apply(store, Stamp.ABSENT, next);
    assertThat(store.compareAndSet(done.keyId(), claim.stamp(), done))
        .isInstanceOf(CasResult.Refused.class);
    assertThat(store.find(claim.keyId()).orElseThrow().stamp().equals(next.stamp())).isTrue();
  }

  /** Something else under the key of a record: neither a lock that nobody takes, nor absent. */
  @Test
  void stores_3_5_8_foreignItem_isATypedErrorAndStays() {
    KeyId id = Samples.keyId();
    Map<String, AttributeValue> foreign = new HashMap<>();
    foreign.put("pk", AttributeValue.fromS(Rows.layout(TABLE).partitionKey(id)));
    for (String name : List.of("owner", "lease_until_ms", "retain_until_ms", "head")) {
      foreign.put(name, AttributeValue.fromS("5"));
      DynamoDb.client().putItem(b -> b.tableName(TABLE).item(foreign));
      KeyRecord next = Samples.locked(id, Samples.stamp()).build();
      unreadable(() -> store.find(id));
      unreadable(() -> store.compareAndSet(id, Stamp.ABSENT, next));
      unreadable(() -> store.compareAndSet(id, next.stamp().next(), next));
      assertThat(items.get(id)).isEqualTo(foreign);
    }
  }

  /** An expired end of the wrong type makes the comparison false, which is the safe side. */
  @Test
  void stores_3_5_8_mistypedEndInThePast_isNotTakenForAbsent() {
    KeyRecord over = Rows.claim().toBuilder().retention(Duration.ZERO).build();
    Rows.apply(store, Stamp.ABSENT, over);
    items.change(over.keyId(), item -> item.put("retain_until_ms", AttributeValue.fromS("0")));
    KeyRecord next = Rows.duplicate(over);
    unreadable(() -> store.compareAndSet(over.keyId(), Stamp.ABSENT, next));
    unreadable(() -> store.find(over.keyId()));
  }

  /** A change that no condition can see: reads refuse it, and only its own holder replaces it. */
  @Test
  void s10_bitFlippedInTheSlots_readsRefuse_theHoldersOwnWriteReplacesThem() {
    KeyRecord claim = Rows.claim().toBuilder().slots(Slots.of(null, Samples.bytes(50))).build();
    Rows.apply(store, Stamp.ABSENT, claim);
    items.change(claim.keyId(), item -> item.put("slots", flipped(item.get("slots"))));
    KeyRecord other = Rows.duplicate(claim);
    unreadable(() -> store.find(claim.keyId()));
    unreadable(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, other));
    unreadable(() -> store.compareAndSet(claim.keyId(), other.stamp().next(), other));
    KeyRecord renewed = Rows.apply(store, claim.stamp(), Rows.renewal(claim));
    unreadable(() -> store.find(claim.keyId()));
    KeyRecord done = Rows.apply(store, renewed.stamp(), Rows.completed(renewed));
    assertThat(store.find(claim.keyId()).orElseThrow().record().slots()).isEqualTo(done.slots());
  }

  private static AttributeValue flipped(AttributeValue binary) {
    byte[] bytes = binary.b().asByteArray();
    bytes[12] ^= 1;
    return AttributeValue.fromB(SdkBytes.fromByteArray(bytes));
  }

  /** A record of the next format with other attributes than ours is handed through and stays. */
  @Test
  void s10_nextFormat_needsOnlyHeadAndRetentionEnd() {
    KeyRecord done = Rows.done(store);
    items.change(
        done.keyId(),
        item -> {
          byte[] head = RecordCodec.encodeHead(done.toBuilder().format(2).build());
          item.put("head", AttributeValue.fromB(SdkBytes.fromByteArray(head)));
          item.keySet().removeAll(Set.of("slots", "slots_size", "lease_until_ms"));
          item.put("guard", AttributeValue.fromL(item.get("guard").l().subList(0, 1)));
        });
    Map<String, AttributeValue> stored = items.get(done.keyId());
    assertThat(store.find(done.keyId()).orElseThrow().format()).isEqualTo(2);
    unreadable(() -> store.compareAndSet(done.keyId(), done.stamp(), Rows.renewal(done)));
    unreadable(() -> store.compareAndSet(done.keyId(), done.stamp(), Rows.duplicate(done)));
    store.compareAndSet(done.keyId(), Stamp.ABSENT, Rows.duplicate(done));
    assertThat(items.get(done.keyId())).isEqualTo(stored);
  }

  @Test
  void unchangedSlots_updateTouchesNeitherThemNorForeignAttributes() {
    KeyRecord claim = Rows.apply(store, Stamp.ABSENT, Rows.claim());
    items.change(claim.keyId(), item -> item.put("theirs", AttributeValue.fromS("kept")));
    Map<String, AttributeValue> before = items.get(claim.keyId());
    meter.take();
    Rows.apply(store, claim.stamp(), Rows.renewal(claim));
    UpdateItemRequest sent = (UpdateItemRequest) meter.requests().get(0);
    assertThat(sent.expressionAttributeNames().values()).contains("head").contains("guard");
    assertThat(sent.updateExpression()).doesNotContain("slots").doesNotContain("REMOVE");
    Map<String, AttributeValue> after = items.get(claim.keyId());
    for (String same : List.of("pk", "slots", "slots_size", "theirs")) {
      assertThat(after.get(same)).as(same).isEqualTo(before.get(same));
    }
    assertThat(after.get("head")).isNotEqualTo(before.get("head"));
  }

  /** Every kind of request, as it is sent. */
  private List<DynamoDbRequest> allRequests() {
    meter.take();
    KeyRecord claim = Rows.apply(store, Stamp.ABSENT, Rows.claim());
    KeyRecord renewed = Rows.apply(store, claim.stamp(), Rows.renewal(claim));
    Rows.apply(store, renewed.stamp(), Rows.completed(renewed));
    store.compareAndSet(claim.keyId(), Stamp.ABSENT, Rows.duplicate(claim));
    store.compareAndSet(Samples.keyId(), claim.stamp(), Rows.claim());
    store.find(claim.keyId());
    return List.copyOf(meter.requests());
  }

  @Test
  void stores_3_5_9_expressions_nameAttributesByPlaceholdersOnly() {
    int checked = 0;
    for (DynamoDbRequest request : allRequests()) {
      if (request instanceof PutItemRequest put) {
        checked += onlyPlaceholders(put.conditionExpression());
      } else if (request instanceof UpdateItemRequest update) {
        checked += onlyPlaceholders(update.conditionExpression());
        checked += onlyPlaceholders(update.updateExpression());
      }
    }
    assertThat(checked).isGreaterThan(30);
  }

  private static int onlyPlaceholders(String expression) {
    int words = 0;
    for (Matcher word = WORD.matcher(expression); word.find(); words++) {
      String each = word.group();
      assertThat(each.startsWith("#") || each.startsWith(":") || KEYWORDS.contains(each))
          .as("%s in %s", each, expression)
          .isTrue();
    }
    return words;
  }

  /** No write without a condition (3.5.3), and each asks for the old item (3.5.1). */
  @Test
  void stores_3_5_3_everyWrite_isConditionalAndAsksForTheOldItem() {
    for (DynamoDbRequest request : allRequests()) {
      if (request instanceof PutItemRequest put) {
        assertThat(put.conditionExpression()).isNotBlank();
        assertThat(put.returnValuesOnConditionCheckFailure())
            .isEqualTo(ReturnValuesOnConditionCheckFailure.ALL_OLD);
      } else if (request instanceof UpdateItemRequest update) {
        assertThat(update.conditionExpression()).isNotBlank();
        assertThat(update.updateExpression()).doesNotContain("ADD").doesNotContain("+");
        assertThat(update.returnValuesOnConditionCheckFailure())
            .isEqualTo(ReturnValuesOnConditionCheckFailure.ALL_OLD);
      }
    }
  }

  @Test
  void stores_3_5_11_reads_areConsistent_andUseNoIndex() {
    List<DynamoDbRequest> requests = allRequests();
    assertThat(requests)
        .allSatisfy(
            each ->
                assertThat(each)
                    .isInstanceOfAny(
                        PutItemRequest.class, UpdateItemRequest.class, GetItemRequest.class));
    List<GetItemRequest> reads =
        requests.stream()
            .filter(GetItemRequest.class::isInstance)
            .map(GetItemRequest.class::cast)
            .toList();
    assertThat(reads)
        .hasSizeGreaterThanOrEqualTo(2)
        .allSatisfy(read -> assertThat(read.consistentRead()).isTrue());
  }
}
