package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** architecture.md §4: what a call costs in requests, counted with the SDK's retries. */
@StoreUnderTest("DynamoDB")
final class RoundTripsTest {
  private static final String TABLE = DynamoDb.freshTable();

  private final Meter meter = new Meter();
  private DynamoDbKeyStore store;
  private DynamoDbKeyStore readFirst;

  @BeforeEach
  void open() {
    var client =
        DynamoDb.builder().overrideConfiguration(o -> o.addExecutionInterceptor(meter)).build();
    store = Rows.store(client, TABLE);
    readFirst =
        DynamoDbKeyStore.builder(client).table(TABLE).clockSkew(Duration.ZERO).readFirst().build();
    meter.take();
  }

  @Test
  void firstCall_isTwo_replayAndRefusalAreOne() {
    KeyRecord claim = Rows.apply(store, Stamp.ABSENT, Rows.claim());
    assertThat(meter.take()).containsExactly("PutItem");
    refused(Stamp.ABSENT, Rows.duplicate(claim));
    assertThat(meter.take()).containsExactly("PutItem");
    Rows.apply(store, claim.stamp(), Rows.completed(claim));
    assertThat(meter.take()).containsExactly("PutItem");
    refused(Stamp.ABSENT, Rows.duplicate(claim));
    assertThat(meter.take()).containsExactly("PutItem");
  }

  @Test
  void takeover_addsOne() {
    KeyRecord lapsed =
        Samples.locked(Samples.keyId(), Samples.stamp()).lease(Duration.ZERO).build();
    Rows.apply(store, Stamp.ABSENT, lapsed);
    meter.take();
    KeyRecord taken = Rows.duplicate(lapsed);
    refused(Stamp.ABSENT, taken);
    Rows.apply(store, lapsed.stamp(), taken);
    Rows.apply(store, taken.stamp(), Rows.completed(taken));
    assertThat(meter.take()).containsExactly("PutItem", "PutItem", "PutItem");
  }

  @Test
  void renewalRefusalAndRead_areOneEach() {
    KeyRecord claim = Rows.apply(store, Stamp.ABSENT, Rows.claim());
    meter.take();
    KeyRecord renewed = Rows.apply(store, claim.stamp(), Rows.renewal(claim));
    assertThat(meter.take()).containsExactly("UpdateItem");
    refused(claim.stamp(), Rows.renewal(renewed));
    assertThat(meter.take()).containsExactly("UpdateItem");
    store.find(claim.keyId());
    assertThat(meter.take()).containsExactly("GetItem");
  }

  @Test
  void claimOverAnExpiredItem_isOne() {
    KeyRecord over = Rows.claim().toBuilder().retention(Duration.ZERO).build();
    Rows.apply(store, Stamp.ABSENT, over);
    meter.take();
    Rows.apply(store, Stamp.ABSENT, Rows.duplicate(over));
    assertThat(meter.take()).containsExactly("PutItem");
  }

  @Test
  void holdersWriteWhereNoneIsLive_addsARead() {
    KeyRecord claim = Rows.claim();
    assertThat(store.compareAndSet(claim.keyId(), Samples.stamp(), claim))
        .isEqualTo(CasResult.NONE_LIVE);
    assertThat(meter.take()).containsExactly("PutItem", "GetItem");
  }

  @Test
  void engine_firstCallReplayAndReadFirst() {
    assertThat(requests(store, "one")).containsExactly("PutItem", "PutItem");
    assertThat(requests(store, "one")).containsExactly("PutItem");
    assertThat(requests(readFirst, "two")).containsExactly("GetItem", "PutItem", "PutItem");
    assertThat(requests(readFirst, "two")).containsExactly("GetItem");
  }

  private Iterable<String> requests(DynamoDbKeyStore through, String key) {
    meter.take();
    try (Idempotency idempotency = Idempotency.builder(through).build()) {
      Operation<String> operation =
          idempotency.operation("trips", Codec.text(), OperationPolicy.rerun());
      Outcome<String> outcome =
          operation.execute(
              Scope.single(), key, Fingerprint.sha256().part("p", "x").build(), c -> "done");
      assertThat(outcome.orElseThrow()).isEqualTo("done");
    }
    return meter.take();
  }

  private void refused(Stamp expected, KeyRecord next) {
    assertThat(store.compareAndSet(next.keyId(), expected, next))
        .isInstanceOf(CasResult.Refused.class);
  }
}
