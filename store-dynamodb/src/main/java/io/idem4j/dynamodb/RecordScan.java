package io.idem4j.dynamodb;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbTable;
import software.amazon.awssdk.enhanced.dynamodb.model.Page;
import software.amazon.awssdk.enhanced.dynamodb.model.ScanEnhancedRequest;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * What {@link io.idem4j.spi.RecordScanner} means on one table: one consistent Scan request for each
 * page, and a consistent read of each record that it hands out. Immutable and safe for use by many
 * threads.
 *
 * <p>The request brings heads, not slots. No expression can look into a head, so it only leaves out
 * what is provably over, and the state is judged here. Whatever looks damaged is read as well,
 * because reading says what is wrong with it.
 */
final class RecordScan {
  private static final Logger LOG = LoggerFactory.getLogger(DynamoDbKeyStore.class);

  /** How many items a request examines, whether or not they are records: what bounds its cost. */
  static final int EXAMINED = 256;

  /** Where {@link io.idem4j.spi.RecordCodec} puts the state. */
  private static final int STATE_AT = Short.BYTES + Stamp.LENGTH + KeyId.LENGTH;

  private final Layout layout;
  private final SkewedClock clock;
  private final RecordTable records;
  private final DynamoDbTable<Map<String, AttributeValue>> table;
  private final ScanPlace place;

  RecordScan(
      Layout layout,
      SkewedClock clock,
      RecordTable records,
      DynamoDbTable<Map<String, AttributeValue>> table) {
    this.layout = layout;
    this.clock = clock;
    this.records = records;
    this.table = table;
    this.place = new ScanPlace(layout);
  }

  /**
   * Returns the key behind which a page begins, or null for the first; nothing is asked for yet.
   *
   * @throws MisuseException as {@link io.idem4j.spi.RecordScanner#scan} says
   */
  @Nullable Map<String, AttributeValue> start(Kind kind, int limit, Optional<String> from) {
    if (limit < 1) {
      throw new MisuseException("the limit is " + limit + ", and must be positive");
    }
    return from.map(text -> place.parse(kind, text)).orElse(null);
  }

  /** See {@link io.idem4j.spi.RecordScanner#scan}; {@code after} is of {@link #start}. */
  RecordScanner.Page scan(Kind kind, int limit, @Nullable Map<String, AttributeValue> after) {
    Page<Map<String, AttributeValue>> examined = examine(kind, after);
    List<StoredRecord> found = new ArrayList<>();
    @Nullable Map<String, AttributeValue> last = examined.lastEvaluatedKey();
    Iterator<Map<String, AttributeValue>> items = examined.items().iterator();
    while (items.hasNext() && found.size() < limit) {
      Map<String, AttributeValue> item = items.next();
      Optional<KeyId> id = layout.keyId(item);
      if (id.isPresent() && mayBe(kind, item)) {
        read(kind, id.get()).ifPresent(found::add);
      }
      if (found.size() == limit && items.hasNext()) {
        // The page is full before the request is used up: the next one begins behind this item.
        last = layout.primaryKey(item);
      }
    }
    return new RecordScanner.Page(
        List.copyOf(found), Optional.ofNullable(last).map(key -> place.format(kind, key)));
  }

  private Page<Map<String, AttributeValue>> examine(
      Kind kind, @Nullable Map<String, AttributeValue> after) {
    ScanEnhancedRequest request =
        ScanEnhancedRequest.builder()
            .consistentRead(true)
            .limit(EXAMINED)
            .exclusiveStartKey(after)
            .filterExpression(Conditions.scanned(layout, kind, clock.latestOver(clock.now())))
            .attributesToProject(layout.scanned())
            .build();
    // Lazy: what follows the first page is not asked for.
    return table.scan(request).iterator().next();
  }

  /** Says whether a head is of the wanted state, or in no state that could be told. */
  private static boolean mayBe(Kind kind, Map<String, AttributeValue> item) {
    @Nullable AttributeValue head = item.get(Layout.HEAD);
    @Nullable AttributeValue guard = item.get(Layout.GUARD);
    if (head == null
        || head.type() != AttributeValue.Type.B
        || head.b().asByteArrayUnsafe().length <= STATE_AT
        || guard == null
        || guard.type() != AttributeValue.Type.L
        || guard.l().size() <= Layout.GUARD_HEAD
        || !guard.l().get(Layout.GUARD_HEAD).equals(head)) {
      return true;
    }
    ByteBuffer bytes = ByteBuffer.wrap(head.b().asByteArrayUnsafe());
    return bytes.getShort() == KeyRecord.FORMAT && bytes.get(STATE_AT) == state(kind).code();
  }

  private Optional<StoredRecord> read(Kind kind, KeyId id) {
    try {
      return records
          .find(id)
          .filter(stored -> stored.format() == KeyRecord.FORMAT)
          .filter(stored -> stored.record().state() == state(kind))
          .filter(stored -> kind == Kind.IN_DOUBT || isOver(stored.leaseLeft()));
    } catch (KeyStoreException e) {
      if (e.reason() != Reason.UNREADABLE) {
        throw e;
      }
      // One broken item must not hide all others from a completer; whoever calls its key is told.
      LOG.warn("a scan leaves out a record: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private static boolean isOver(Duration left) {
    return left.compareTo(Duration.ZERO) <= 0;
  }

  private static KeyState state(Kind kind) {
    return switch (kind) {
      case ABANDONED -> KeyState.LOCKED;
      case IN_DOUBT -> KeyState.FAILED_IN_DOUBT;
    };
  }
}
