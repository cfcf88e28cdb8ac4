package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.dynamodb.FaultyHttp.Fault;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Told;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;

/** Attack list: no message, cause or log line shows a key, a stamp, a fingerprint or an answer. */
@StoreUnderTest("DynamoDB")
final class SecrecyTest {
  private static final String CANARY = "canary-7f3a";

  private final String table = DynamoDb.freshTable();
  private final List<KeyRecord> tried = new ArrayList<>();
  private final List<Throwable> thrown = new ArrayList<>();

  private static KeyRecord canary(KeyId id) {
    return Samples.completed(id, Samples.stamp())
        .reference(CANARY)
        .fingerprint(new FingerprintDigest(CANARY, Samples.bytes(FingerprintDigest.LENGTH)))
        .slots(Slots.of(CANARY.getBytes(StandardCharsets.UTF_8), null))
        .build();
  }

  @Test
  void everyFailure_showsNothingOfARecord() {
    try (FaultyHttp line = new FaultyHttp();
        DynamoDbClient client =
            DynamoDb.builder()
                .httpClient(line)
                .overrideConfiguration(o -> o.retryStrategy(DefaultRetryStrategy.doNotRetry()))
                .build()) {
      String logged = Told.onStandardError(() -> failInManyWays(line, client));
      assertThat(thrown).hasSizeGreaterThan(20);
      assertThat(thrown).allSatisfy(e -> assertThat(e).isInstanceOf(KeyStoreException.class));
      StringBuilder text = new StringBuilder(logged);
      thrown.forEach(e -> text.append(Told.by(e)));
      tried.forEach(record -> assertClean(text.toString(), record));
    }
  }

  private void failInManyWays(FaultyHttp line, DynamoDbClient client) {
    DynamoDbKeyStore store = Rows.store(client, table);
    Items items = new Items(DynamoDb.client(), Rows.layout(table));
    KeyRecord stored = Rows.apply(store, Stamp.ABSENT, canary(Samples.keyId()));
    tried.add(stored);
    for (Fault fault : Fault.values()) {
      if (fault != Fault.NONE && fault != Fault.NO_ITEM && fault != Fault.REPLY_TOO_SLOW) {
        line.onWrites(fault, fault);
        fail(store, Stamp.ABSENT, canary(Samples.keyId()));
        fail(store, stored.stamp(), canary(stored.keyId()));
        if (store.find(stored.keyId()).orElseThrow().stamp().equals(stored.stamp())) {
          continue;
        }
        stored = tried.get(tried.size() - 1);
      }
    }
    line.onWrites();
    KeyRecord broken = stored;
    for (String each : List.of("head", "guard", "slots", "retain_until_ms")) {
      Map<String, AttributeValue> before = items.get(broken.keyId());
      items.change(broken.keyId(), item -> item.put(each, AttributeValue.fromS(CANARY)));
      thrown.add(catchThrowable(() -> store.find(broken.keyId())));
      fail(store, Stamp.ABSENT, canary(broken.keyId()));
      fail(store, broken.stamp(), canary(broken.keyId()));
      items.change(broken.keyId(), item -> item.putAll(before));
    }
    DynamoDb.client().deleteTable(b -> b.tableName(table));
    fail(store, Stamp.ABSENT, canary(Samples.keyId()));
    thrown.add(catchThrowable(() -> DynamoDbKeyStore.builder(client).table(table).build()));
  }

  private void fail(DynamoDbKeyStore store, Stamp expected, KeyRecord next) {
    tried.add(next);
    thrown.add(catchThrowable(() -> store.compareAndSet(next.keyId(), expected, next)));
  }

  private static void assertClean(String text, KeyRecord record) {
    String lower = text.toLowerCase(Locale.ROOT);
    HexFormat hex = HexFormat.of();
    Base64.Encoder base64 = Base64.getEncoder();
    assertThat(lower)
        .doesNotContain(CANARY)
        .doesNotContain(hex.formatHex(record.stamp().bytes()))
        .doesNotContain(hex.formatHex(record.fingerprint().digest()))
        // The short digest is the first six bytes of the key id, and all that may be shown.
        .doesNotContain(hex.formatHex(record.keyId().bytes()).substring(0, 16));
    assertThat(text)
        .doesNotContain(base64.encodeToString(record.stamp().bytes()).substring(0, 20))
        .doesNotContain(base64.encodeToString(record.fingerprint().digest()).substring(0, 20));
  }

  /** The test would prove nothing if the SDK's exceptions held no items. */
  @Test
  void sdksOwnException_holdsTheItem() {
    DynamoDbKeyStore store = Rows.store(DynamoDb.client(), table);
    KeyRecord stored = Rows.apply(store, Stamp.ABSENT, canary(Samples.keyId()));
    Map<String, AttributeValue> item =
        new Items(DynamoDb.client(), Rows.layout(table)).get(stored.keyId());
    Throwable e =
        catchThrowable(
            () ->
                DynamoDb.client()
                    .putItem(
                        b ->
                            b.tableName(table)
                                .item(item)
                                .conditionExpression("attribute_not_exists(pk)")
                                .returnValuesOnConditionCheckFailure("ALL_OLD")));
    assertThat(((ConditionalCheckFailedException) e).item()).isEqualTo(item);
    assertThat(
            ((ConditionalCheckFailedException) e)
                .toBuilder().build().awsErrorDetails().rawResponse().asUtf8String())
        .contains(Rows.layout(table).partitionKey(stored.keyId()));
  }
}
