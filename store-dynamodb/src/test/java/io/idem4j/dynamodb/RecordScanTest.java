package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyId;
import io.idem4j.MisuseException;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.RecordScanner.Page;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Told;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.PutRequest;
import software.amazon.awssdk.services.dynamodb.model.ScanRequest;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/** What a scan costs, what it leaves alone, and how it goes on. */
@StoreUnderTest("DynamoDB")
final class RecordScanTest {
  private static final String SHARED = DynamoDb.freshTable();

  private final String table = DynamoDb.freshTable();
  private final Meter meter = new Meter();
  private final DynamoDbClient client =
      DynamoDb.builder().overrideConfiguration(o -> o.addExecutionInterceptor(meter)).build();

  private static KeyRecord doubt(DynamoDbKeyStore store) {
    KeyRecord doubt =
        Samples.locked(Samples.keyId(), Samples.stamp()).state(KeyState.FAILED_IN_DOUBT).build();
    return Rows.apply(store, Stamp.ABSENT, doubt);
  }

  private List<KeyId> all(RecordScanner store, Kind kind, int limit) {
    List<KeyId> found = new ArrayList<>();
    Optional<String> next = Optional.empty();
    do {
      Page page = store.scan(kind, limit, next);
      page.records().forEach(each -> found.add(each.keyId()));
      next = page.next();
    } while (next.isPresent());
    return found;
  }

  /** Copies of a completed item under other keys, which costs a test less than claims would. */
  private void fill(KeyRecord done, int copies) {
    Map<String, AttributeValue> item = new Items(client, Rows.layout(table)).get(done.keyId());
    for (int from = 0; from < copies; from += 25) {
      List<WriteRequest> puts = new ArrayList<>();
      for (int i = from; i < Math.min(copies, from + 25); i++) {
        Map<String, AttributeValue> copy = new HashMap<>(item);
        copy.put("pk", AttributeValue.fromS(Rows.layout(table).partitionKey(Samples.keyId())));
        puts.add(
            WriteRequest.builder().putRequest(PutRequest.builder().item(copy).build()).build());
      }
      client.batchWriteItem(b -> b.requestItems(Map.of(table, puts)));
    }
  }

  @Test
  void page_isOneConsistentRequestForABoundedNumberOfItems_whateverTheLimit() {
    DynamoDbKeyStore store = Rows.store(client, table);
    fill(Rows.done(store), 300);
    meter.take();
    Page page = store.scan(Kind.IN_DOUBT, 1, Optional.empty());
    assertThat(page.records()).isEmpty();
    assertThat(page.next()).as("an empty page that is not the last").isPresent();
    ScanRequest request = (ScanRequest) meter.requests().get(0);
    assertThat(request.consistentRead()).isTrue();
    assertThat(request.limit()).isEqualTo(RecordScan.EXAMINED);
    assertThat(request.indexName()).isNull();
    // 256 items of some 600 bytes, a unit for each 4 KiB of them.
    assertThat(meter.units()).hasSize(1);
    assertThat(meter.units().get(0)).isBetween(32.0, 45.0);
    assertThat(meter.take()).containsExactly("Scan");
    page = store.scan(Kind.IN_DOUBT, 1, page.next());
    assertThat(page.next()).isEmpty();
    assertThat(meter.take()).containsExactly("Scan");
  }

  @Test
  void page_ofLargeItems_endsAtAMebibyte() {
    DynamoDbKeyStore store = Rows.store(client, table);
    for (int i = 0; i < 6; i++) {
      Rows.done(store, 256 << 10);
    }
    KeyRecord doubt = doubt(store);
    meter.take();
    assertThat(all(store, Kind.IN_DOUBT, 10)).containsExactly(doubt.keyId());
    assertThat(meter.units()).hasSizeGreaterThan(2).allMatch(units -> units <= 321);
  }

  @Test
  void recordThatIsHandedOut_isOneReadMore() {
    DynamoDbKeyStore store = Rows.store(client, table);
    fill(Rows.done(store), 20);
    doubt(store);
    doubt(store);
    meter.take();
    assertThat(all(store, Kind.IN_DOUBT, 10)).hasSize(2);
    assertThat(meter.take()).containsExactly("Scan", "GetItem", "GetItem");
    assertThat(all(store, Kind.ABANDONED, 10)).isEmpty();
    assertThat(meter.take()).containsExactly("Scan");
  }

  /** A takeover waits for the margin, and so does whoever scans for what may be taken over. */
  @Test
  void stores_3_5_5_abandoned_isSoOnlyWhenTheMarginHasPassedToo() {
    Duration margin = Duration.ofMinutes(1);
    Duration[] later = {Duration.ZERO};
    DynamoDbKeyStore store =
        DynamoDbKeyStore.builder(client)
            .table(table)
            .clockSkew(margin)
            .clock(() -> Instant.now().plus(later[0]))
            .createTableIfMissing()
            .readFirst()
            .build();
    KeyRecord held = Rows.apply(store, Stamp.ABSENT, Rows.claim());
    for (Duration early :
        List.of(Duration.ZERO, Samples.LEASE, Samples.LEASE.plus(margin).minusSeconds(20))) {
      later[0] = early;
      assertThat(all(store, Kind.ABANDONED, 10)).as("%s later", early).isEmpty();
    }
    later[0] = Samples.LEASE.plus(margin).plusMillis(1);
    assertThat(all(store, Kind.ABANDONED, 10)).containsExactly(held.keyId());
  }

  @Test
  void otherItemsOfTheTable_areNeverRecords_andAPlaceMayBeOneOfThem() {
    DynamoDbKeyStore store =
        DynamoDbKeyStore.builder(client)
            .table(table)
            .keyAttribute("owner")
            .keyPrefix("idem#")
            .sortKey("kind", "record")
            .clockSkew(Duration.ZERO)
            .createTableIfMissing()
            .build();
    KeyRecord doubt = doubt(store);
    Layout layout = new Layout(table, "owner", "idem#", "kind", "record", "expire_at_s");
    Map<String, AttributeValue> item = new Items(client, layout).get(doubt.keyId());
    List<WriteRequest> puts = new ArrayList<>();
    for (String[] key :
        new String[][] {
          {item.get("owner").s(), "another"},
          {"idem#", "record"},
          {"idem#" + "x".repeat(64), "record"},
          {item.get("owner").s() + "0", "record"},
          {layout.partitionKey(Samples.keyId()).substring(5), "record"}
        }) {
      Map<String, AttributeValue> copy = new HashMap<>(item);
      copy.put("owner", AttributeValue.fromS(key[0]));
      copy.put("kind", AttributeValue.fromS(key[1]));
      puts.add(WriteRequest.builder().putRequest(PutRequest.builder().item(copy).build()).build());
    }
    client.batchWriteItem(b -> b.requestItems(Map.of(table, puts)));
    for (int limit : new int[] {1, 2}) {
      assertThat(all(store, Kind.IN_DOUBT, limit)).containsExactly(doubt.keyId());
    }
    ScanPlace place = new ScanPlace(layout);
    for (WriteRequest each : puts) {
      Map<String, AttributeValue> key = layout.primaryKey(each.putRequest().item());
      assertThat(place.parse(Kind.IN_DOUBT, place.format(Kind.IN_DOUBT, key))).isEqualTo(key);
    }
  }

  @Test
  void damagedAndForeignFormats_areLeftOut_theFormerLogged() {
    DynamoDbKeyStore store = Rows.store(client, table);
    KeyRecord sound = doubt(store);
    Items items = new Items(client, Rows.layout(table));
    List<KeyRecord> broken = List.of(doubt(store), doubt(store), Rows.done(store));
    items.change(broken.get(0).keyId(), item -> item.remove(Layout.HEAD));
    items.change(
        broken.get(1).keyId(), item -> item.put(Layout.RETAIN_UNTIL_MS, AttributeValue.fromN("1")));
    items.change(
        broken.get(2).keyId(),
        item -> {
          byte[] head = item.get(Layout.HEAD).b().asByteArray();
          head[50] ^= 1;
          item.put(Layout.HEAD, AttributeValue.fromB(SdkBytes.fromByteArray(head)));
        });
    KeyRecord later = doubt(store);
    items.change(
        later.keyId(),
        item -> {
          byte[] head = item.get(Layout.HEAD).b().asByteArray();
          head[1] = 2;
          AttributeValue next = AttributeValue.fromB(SdkBytes.fromByteArray(head));
          item.put(Layout.HEAD, next);
          List<AttributeValue> guard = new ArrayList<>(item.get(Layout.GUARD).l());
          guard.set(Layout.GUARD_HEAD, next);
          item.put(Layout.GUARD, AttributeValue.fromL(guard));
        });
    String logged =
        Told.onStandardError(
            () -> assertThat(all(store, Kind.IN_DOUBT, 10)).containsExactly(sound.keyId()));
    broken.forEach(each -> assertThat(logged).contains("leaves out", each.keyId().shortDigest()));
    assertThat(logged)
        .as("sound, and for a later release")
        .doesNotContain(later.keyId().shortDigest());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "1:IN_DOUBT",
        "1:IN_DOUBT:",
        "1:IN_DOUBT:!",
        "1:IN_DOUBT:_w",
        "1:IN_DOUBT:YQ:YQ",
        "1:ABANDONED:YQ",
        "2:IN_DOUBT:YQ"
      })
  void place_thatTheStoreNeverGaveOut_isMisuse(String place) {
    DynamoDbKeyStore store = Rows.store(client, SHARED);
    meter.take();
    assertThatThrownBy(() -> store.scan(Kind.IN_DOUBT, 1, Optional.of(place)))
        .isInstanceOf(MisuseException.class);
    assertThat(meter.take()).as("requests").isEmpty();
    store.scan(Kind.IN_DOUBT, 1, Optional.of("1:IN_DOUBT:YQ"));
  }
}
