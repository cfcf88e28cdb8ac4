package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ReturnConsumedCapacity;

/**
 * stores.md 3.5.4: what operations consume, as the answers say it. A refused write has no such
 * answer; by DynamoDB's documentation it consumes write units by the size of the stored item, as a
 * write of that item would, and so do the figures in {@link DynamoDbKeyStore}'s class comment.
 */
@StoreUnderTest("DynamoDB")
final class CapacityTest {
  private static final String TABLE = DynamoDb.freshTable();
  private static final int LARGE = 256 << 10;

  private final Meter meter = new Meter();
  private DynamoDbClient client;
  private DynamoDbKeyStore store;

  @BeforeEach
  void open() {
    client =
        DynamoDb.builder().overrideConfiguration(o -> o.addExecutionInterceptor(meter)).build();
    store = Rows.store(client, TABLE);
    meter.take();
  }

  private List<Double> units() {
    List<Double> units = List.copyOf(meter.units());
    meter.take();
    return units;
  }

  @Test
  void stores_3_5_4_smallItem_everyOperationIsOneUnit() {
    KeyRecord claim = Rows.apply(store, Stamp.ABSENT, Rows.claim());
    assertThat(units()).as("claim").containsExactly(1.0);
    KeyRecord renewed = Rows.apply(store, claim.stamp(), Rows.renewal(claim));
    assertThat(units()).as("renewal").containsExactly(1.0);
    Rows.apply(store, renewed.stamp(), Rows.completed(renewed));
    assertThat(units()).as("completion").containsExactly(1.0);
    store.find(claim.keyId());
    assertThat(units()).as("read").containsExactly(1.0);
    assertThat(stored(claim)).as("size of a stored answer of 100 bytes").isBetween(600, 900);
  }

  /**
   * A first call is a claim of 1 unit and a completion by size, a read-first replay half by size.
   */
  @Test
  void stores_3_5_4_largeItem_writesAreAUnitForEachKibibyte_readsForFour() {
    KeyRecord claim = Rows.apply(store, Stamp.ABSENT, Rows.claim());
    assertThat(units()).as("claim").containsExactly(1.0);
    KeyRecord done = Rows.apply(store, claim.stamp(), Rows.completed(claim, LARGE));
    assertThat(units()).as("completion").containsExactly(257.0);
    store.find(claim.keyId());
    assertThat(units()).as("replay by a read").containsExactly(65.0);
    assertThat(stored(done)).isBetween(LARGE + 500, LARGE + 1024);
  }

  /** An UpdateItem is charged for the whole item, however little of it changes. */
  @Test
  void renewalOfALargeCheckpoint_isChargedForAllOfIt() {
    KeyRecord claim = Rows.apply(store, Stamp.ABSENT, Rows.claim());
    KeyRecord step =
        claim.toBuilder()
            .stamp(claim.stamp().next())
            .slots(Slots.of(null, Samples.bytes(LARGE)))
            .build();
    Rows.apply(store, claim.stamp(), step);
    units();
    Rows.apply(store, step.stamp(), Rows.renewal(step));
    assertThat(units()).containsExactly(257.0);
  }

  @Test
  void stores_3_5_4_refusedWrite_isOneRequest_whoseAnswerNamesNoUnits() {
    KeyRecord done = Rows.done(store, LARGE);
    units();
    CasResult refused = store.compareAndSet(done.keyId(), Stamp.ABSENT, Rows.duplicate(done));
    assertThat(refused).isInstanceOf(CasResult.Refused.class);
    assertThat(meter.units()).isEmpty();
    assertThat(meter.take()).containsExactly("PutItem");
    var item = new Items(client, Rows.layout(TABLE)).get(done.keyId());
    ConditionalCheckFailedException e =
        catchThrowableOfType(
            ConditionalCheckFailedException.class,
            () ->
                client.putItem(
                    b ->
                        b.tableName(TABLE)
                            .item(item)
                            .returnConsumedCapacity(ReturnConsumedCapacity.TOTAL)
                            .conditionExpression("attribute_not_exists(pk)")));
    assertThat(
            new String(
                e.awsErrorDetails().rawResponse().asByteArray(),
                java.nio.charset.StandardCharsets.UTF_8))
        .doesNotContain("ConsumedCapacity");
  }

  @Test
  void claimOverAnExpiredItem_isChargedForTheLargerOfTheTwo() {
    KeyRecord over =
        Rows.claim().toBuilder()
            .retention(Duration.ZERO)
            .slots(Slots.of(Samples.bytes(LARGE), null))
            .build();
    Rows.apply(store, Stamp.ABSENT, over);
    units();
    Rows.apply(store, Stamp.ABSENT, Rows.duplicate(over));
    assertThat(units()).containsExactly(257.0);
  }

  /** Our own sum against the service's: what is charged is what the whole item weighs. */
  @Test
  void itemSize_isNeverLessThanWhatIsCharged() {
    for (int length : new int[] {0, 100, 300, 400, 500, 1000, 5000, 20_000}) {
      KeyRecord claim = Rows.apply(store, Stamp.ABSENT, Rows.claim());
      units();
      KeyRecord done = Rows.apply(store, claim.stamp(), Rows.completed(claim, length));
      double charged = units().get(0);
      assertThat(Math.ceil(stored(done) / 1024.0)).isGreaterThanOrEqualTo(charged);
      assertThat(Math.ceil((stored(done) - 100) / 1024.0)).isLessThanOrEqualTo(charged);
    }
  }

  private int stored(KeyRecord record) {
    var item = new Items(client, Rows.layout(TABLE)).get(record.keyId());
    assertThat(item.get("pk").type()).isEqualTo(AttributeValue.Type.S);
    meter.take();
    return ItemSize.of(item);
  }
}
