package io.idem4j.dynamodb;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableResponse;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.MultiRegionConsistency;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;
import software.amazon.awssdk.services.dynamodb.model.TimeToLiveDescription;
import software.amazon.awssdk.services.dynamodb.model.TimeToLiveStatus;

/**
 * What start-up asks of table and clock: whether records that the store writes there can be kept
 * apart and kept long enough.
 */
final class TableCheck {
  private static final Logger LOG = LoggerFactory.getLogger(DynamoDbKeyStore.class);

  /** What core waits for a store at most, by default. */
  private static final Duration STORE_DEADLINE = Duration.ofSeconds(5);

  private final DynamoDbClient client;
  private final Layout layout;
  private final SkewedClock clock;

  TableCheck(DynamoDbClient client, Layout layout, SkewedClock clock) {
    this.client = client;
    this.layout = layout;
    this.clock = clock;
  }

  /**
   * Checks everything.
   *
   * @throws KeyStoreException if the store would not work, or not safely, with what to do about it
   */
  void run() {
    Instant sent = clock.source().instant();
    SdkHttpResponse answer;
    try {
      DescribeTableResponse response = client.describeTable(b -> b.tableName(layout.table()));
      answer = response.sdkHttpResponse();
      checkClock(answer, sent);
      checkTable(response.table());
    } catch (AwsServiceException e) {
      if (!isDenied(e)) {
        throw SdkFailure.of(e).exception("start-up", e);
      }
      LOG.warn(
          "table {} cannot be described: without the permission dynamodb:DescribeTable neither its"
              + " key, nor whether it is a global table, can be checked",
          layout.table());
      probe();
    }
    checkTimeToLive();
    checkTimeouts();
  }

  /** One read of a key that does not exist: table, key attributes and the right to read. */
  private void probe() {
    Map<String, AttributeValue> key = layout.probeKey();
    Instant sent = clock.source().instant();
    SdkHttpResponse answer =
        client
            .getItem(b -> b.tableName(layout.table()).key(key).consistentRead(true))
            .sdkHttpResponse();
    checkClock(answer, sent);
  }

  private void checkTable(TableDescription table) {
    TableStatus status = table.tableStatus();
    if (status == TableStatus.CREATING) {
      throw KeyStoreException.notApplied(
          Reason.UNAVAILABLE, named("is being created; try again"), null);
    }
    if (status != TableStatus.ACTIVE && status != TableStatus.UPDATING) {
      throw misconfigured("has the status " + status + ", and must be ACTIVE");
    }
    List<String> wanted = new ArrayList<>();
    wanted.add(layout.keyAttribute() + " HASH S");
    if (layout.sortAttribute() != null) {
      wanted.add(layout.sortAttribute() + " RANGE S");
    }
    List<String> found = keySchema(table);
    if (!found.equals(wanted)) {
      throw misconfigured(
          "has the key "
              + found
              + ", and the store was built for "
              + wanted
              + "; see keyAttribute and sortKey of the builder");
    }
    if (table.hasReplicas()
        && !table.replicas().isEmpty()
        && table.multiRegionConsistency() != MultiRegionConsistency.STRONG) {
      throw misconfigured(
          "is a global table with eventual consistency, where the last writer wins and two regions"
              + " can both hold a key; use a table of one region, or multi-region strong"
              + " consistency");
    }
  }

  private static List<String> keySchema(TableDescription table) {
    List<String> keys = new ArrayList<>();
    for (KeySchemaElement element : table.keySchema()) {
      ScalarAttributeType type =
          table.attributeDefinitions().stream()
              .filter(each -> each.attributeName().equals(element.attributeName()))
              .map(AttributeDefinition::attributeType)
              .findFirst()
              .orElse(ScalarAttributeType.UNKNOWN_TO_SDK_VERSION);
      String key = element.attributeName() + " " + element.keyType() + " " + type;
      keys.add(element.keyType() == KeyType.HASH ? 0 : keys.size(), key);
    }
    return keys;
  }

  /**
   * Two clients that are off by half the margin each, in opposite directions, differ by all of it.
   */
  private void checkClock(SdkHttpResponse answer, Instant sent) {
    Instant received = clock.source().instant();
    Duration tolerance = clock.margin().dividedBy(2);
    Optional<ClockOffset> offset = ClockOffset.of(answer, sent, received);
    if (offset.isEmpty()) {
      LOG.warn("DynamoDB's answer has no date: this clock cannot be compared with the service's");
    } else if (offset.get().isCertainlyBeyond(tolerance)) {
      throw KeyStoreException.notApplied(
          Reason.MISCONFIGURED,
          "this clock is off by %s to %s from DynamoDB's, and half of clockSkew, %s, is tolerated;"
                  .formatted(offset.get().least(), offset.get().most(), tolerance)
              + " synchronise the clock, or raise clockSkew on all clients of the table",
          null);
    }
  }

  private void checkTimeToLive() {
    try {
      @Nullable TimeToLiveDescription found =
          client.describeTimeToLive(b -> b.tableName(layout.table())).timeToLiveDescription();
      boolean isOn =
          found != null
              && (found.timeToLiveStatus() == TimeToLiveStatus.ENABLED
                  || found.timeToLiveStatus() == TimeToLiveStatus.ENABLING);
      if (!isOn) {
        LOG.warn(
            "table {} has no time to live: records past their retention stay there for ever; set it"
                + " to {}",
            layout.table(),
            layout.ttlAttribute());
      } else if (!layout.ttlAttribute().equals(found.attributeName())) {
        LOG.warn(
            "table {} goes by another TTL attribute than {}: records past their retention stay"
                + " there for ever; see ttlAttribute of the builder",
            layout.table(),
            layout.ttlAttribute());
      }
    } catch (AwsServiceException e) {
      // Space is at stake, not safety: an endpoint that does not know TTL is good enough.
      LOG.warn(
          "whether table {} has a time to live cannot be seen: {}",
          layout.table(),
          SdkFailure.withheld(e).getMessage());
    }
  }

  private void checkTimeouts() {
    Optional<Duration> timeout =
        client.serviceClientConfiguration().overrideConfiguration().apiCallTimeout();
    if (timeout.filter(each -> each.compareTo(STORE_DEADLINE) <= 0).isEmpty()) {
      LOG.warn(
          "the DynamoDB client has no apiCallTimeout of at most {} s: with the SDK's own retries a"
              + " call may take a minute, and core can end none before",
          STORE_DEADLINE.toSeconds());
    }
  }

  private static boolean isDenied(AwsServiceException failure) {
    return SdkFailure.code(failure).equals("AccessDeniedException");
  }

  private KeyStoreException misconfigured(String what) {
    return KeyStoreException.notApplied(Reason.MISCONFIGURED, named(what), null);
  }

  private String named(String what) {
    return "table " + layout.table() + " " + what;
  }
}
