package io.idem4j.dynamodb;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.MisuseException;
import io.idem4j.Outcome;
import io.idem4j.PayloadTooLargeException;
import io.idem4j.PreparedCompletion;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;

/**
 * Keeps records in a table of DynamoDB, one item for each key.
 *
 * <pre>{@code
 * KeyStore store = DynamoDbKeyStore.builder(dynamoDbClient).build();
 * }</pre>
 *
 * <p><b>Item.</b> The partition key, {@code pk}, is a string: a prefix of your choice and the key
 * id in hexadecimal. A table of its own needs nothing else; a table that other things live in may
 * have a sort key, which is the same in all records. The attributes of format 1: {@code head} (the
 * record without its slots, as {@link io.idem4j.spi.RecordCodec#encodeHead} makes it), {@code
 * slots} and {@code slots_size} (payload and checkpoint, {@link
 * io.idem4j.spi.RecordCodec#encodeSlots}), {@code lease_until_ms} and {@code retain_until_ms}
 * (milliseconds since 1970), {@code guard} (a list of copies: retention end, lease end, head) and
 * {@code expire_at_s} (seconds since 1970, for the table's time to live). {@code retain_until_ms},
 * its copy and the first 18 bytes of {@code head} are the same in every format. {@link
 * Builder#build()} tests the table and refuses one that would not keep two claims apart.
 *
 * <p><b>Clock</b> (S5): this client's, because no condition can ask for the service's. The clocks
 * of two clients may differ by {@link Builder#clockSkew}, two seconds by default, and lease and
 * retention count as over only when that has passed as well. So a takeover waits for the lease and
 * at most twice the margin more, and no recorded answer is over too soon. Start-up compares this
 * clock with the service's {@code Date} header and refuses to go on when it is certainly off by
 * more than half the margin: two clients may err in opposite directions. The header has whole
 * seconds, so an offset is only certain once it is more than half the margin and another second,
 * and it is only looked for at start-up; keep clocks synchronised. The default margin is far above
 * what synchronised clocks differ by, and short beside a lease of 30 seconds. <em>Beyond the
 * margin</em> two claims still never both complete, because the stamp decides; but a clock that is
 * ahead by more than margin and what is left of the retention takes a recorded answer for absent,
 * and the operation runs again. Lease and retention count from before the request is first sent,
 * which they may be shorter by.
 *
 * <p><b>Atomic</b>: each write is one conditional PutItem, or UpdateItem where the slots stay as
 * they are, whose failure brings the stored item. A write that the SDK sends again after it was
 * applied is refused by its own stamp, as S8 says, and core takes it for applied. Where an endpoint
 * does not return the item a consistent read follows, and likewise where a holder's write meets no
 * item at all. Reads are strongly consistent; no index is used. A transaction of the caller's is
 * neither joined nor harmed (S11).
 *
 * <p><b>Time to live</b> only frees space: the service deletes days later, and whoever asks before
 * finds the record absent. Without it, records stay for ever, and the next claim of a key replaces
 * its own. A table has one TTL attribute: name it with {@link Builder#ttlAttribute}.
 *
 * <p><b>Cost</b>, measured on records without a reference. With an answer of up to 300 bytes an
 * item has less than 1 KiB: each write is one write unit, each read one read unit; a first call is
 * two writes, a replay one refused write, for which the service charges as for a write of the
 * stored item. With an answer of 256 KiB: a first call 1 + 257 write units; a replay by a refused
 * write 257 write units (four a second exhaust a partition), and with {@link Builder#readFirst} 65
 * read units. A renewal is charged for the whole item, a large checkpoint included. Read first
 * where answers are large or often replayed: it adds a read, of at most one unit where there is no
 * record, to a first call.
 *
 * <p><b>Scan.</b> There is no index by state, so a scan reads the whole table, other things in it
 * too, and is charged for all of it, also for what it leaves out. A page is one strongly consistent
 * Scan of at most 256 items and 1 MiB, and a read of each record that it hands out: measured, 36
 * read units for 256 records with answers of 100 bytes, and at most 256 for large ones (and what
 * the last item has over the mebibyte). A million small records are some 140,000 units. A page that
 * is full before its 256 items are used up pays for the rest again in the next; ask for pages of
 * some hundred. It is the caller's to pause between pages; with the pause a scan takes what
 * provisioned capacity can spare. Abandoned is what any client may take over: lease and margin are
 * over by this client's clock.
 *
 * <p><b>Size.</b> An item has at most 400 KiB. The whole item is weighed before it is sent, with
 * room kept for the longest reference, and refused as {@link PayloadTooLargeException} if it does
 * not fit; so is a slot over {@link Builder#maximumSlot}.
 *
 * <p><b>Timeouts.</b> Give the client an {@code apiCallTimeout} below core's store deadline (5
 * seconds, or a third of the lease), and an {@code apiCallAttemptTimeout} of a fraction of that.
 * With the SDK's default of eight retries a throttled call was seen to take 50 seconds, and core
 * can end none before. The retries may stay. The failure of a request that was sent once, with an
 * error code that proves it, is NOT_APPLIED; all others are UNKNOWN, because an earlier attempt may
 * have been applied. An HTTP client that repeats requests unseen by the SDK must not be used.
 *
 * <p><b>Regions.</b> A global table with eventual consistency is refused: the last writer wins
 * there, and two regions can both hold a key. One with multi-region strong consistency is accepted.
 * Global tables of the version 2017.11.29 do not show as such: do not use them. A table that is
 * restored from a backup has forgotten what came after.
 *
 * <p><b>Permissions</b>: {@code dynamodb:GetItem}, {@code PutItem} and {@code UpdateItem}; {@code
 * dynamodb:Scan} for a scan; for start-up {@code DescribeTable} and {@code DescribeTimeToLive},
 * without which it warns and checks less (a read shows that table and key attributes are there, not
 * whether the table is global); for {@link Builder#createTableIfMissing} {@code CreateTable} and
 * {@code UpdateTimeToLive} as well.
 *
 * <p><b>Unreadable items</b> (S10) are refused and left alone: whatever is missing, mistyped, cut
 * or differs from its copy. What no condition can see, a change within {@code slots} that keeps
 * their length, is refused by reads; the holder's own write still replaces such slots.
 *
 * <p><b>Secrecy.</b> No exception carries the SDK's text, nor its exception, which holds an item:
 * it is replaced by its class, error code, status and stack trace. The SDK's own debug log shows
 * requests; leave it off.
 *
 * <p>Safe for use by many threads. There is nothing to close; the client stays the caller's.
 */
public sealed class DynamoDbKeyStore implements RecordScanner {
  private final RecordTable table;
  private final RecordScan scan;
  private final int maximumSlot;

  private DynamoDbKeyStore(RecordTable table, int maximumSlot) {
    this.table = table;
    this.scan = table.scan();
    this.maximumSlot = maximumSlot;
  }

  /** Returns a builder of a store on the tables of this client. */
  public static Builder builder(DynamoDbClient client) {
    return new Builder(client);
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    requireFits(next.slots().payload());
    requireFits(next.slots().checkpoint());
    return call("a compare-and-set", () -> table.compareAndSet(id, expected, next));
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    return call("a read", () -> table.find(id));
  }

  /**
   * {@inheritDoc}
   *
   * <p>A page may be empty and still have a next. Records are in no order. One that cannot be
   * understood is left out and logged as a warning. See the class comment for what a scan costs.
   */
  @Override
  public Page scan(Kind kind, int limit, Optional<String> from) {
    @Nullable Map<String, AttributeValue> start = scan.start(kind, limit, from);
    return call("a scan", () -> scan.scan(kind, limit, start));
  }

  /**
   * Returns a completion as an item of the caller's own {@code TransactWriteItems}, under the same
   * condition as {@link #compareAndSet}: with it, the effect and the record of it are both made or
   * neither is. Nothing is sent.
   *
   * <p>Build it right before the request: retention and condition are of the clock's now. Put it
   * into one request, which the caller sends once; the SDK may repeat that, because it gives each
   * request a {@code ClientRequestToken}, by which the service knows it again for ten minutes. Then
   * report to {@code prepared}: {@link PreparedCompletion#committed} after an answer, {@link
   * #transactFailed} after an exception. The request has at most 100 items and 4 MB, all of one
   * region and account, and no other that touches the record; writes in it are charged twice.
   *
   * <p>An answer over {@link Builder#maximumSlot} or an item's size is prepared without its body.
   *
   * @throws PayloadTooLargeException if even that does not fit
   */
  public TransactWriteItem transactItem(PreparedCompletion<?> prepared) {
    while (true) {
      try {
        KeyRecord next = prepared.next();
        requireFits(next.slots().payload());
        return table.transactItem(prepared.expected(), next);
      } catch (PayloadTooLargeException e) {
        // Found before anything was sent (S4).
        if (!prepared.dropBody()) {
          throw e;
        }
      }
    }
  }

  /**
   * Reports to a completion what the failure of the request with its {@link #transactItem} proves.
   *
   * <p>A transaction that was cancelled in the only attempt wrote nothing: where a condition did
   * not hold, the record is read once, because it may have been taken over; for another reason
   * (conflict, throttling, size) it is not. The same holds for an error code that proves that
   * nothing was written. All else is ambiguous, such as a lost answer, or a refusal in a later
   * attempt of the SDK: then the record is only read, up to the store deadline.
   *
   * @param failure what the client threw
   * @return nothing if the transaction is certainly rolled back and the key still held, which is
   *     then renewed again and to be settled: throw {@code failure} on, or try once more with
   *     another {@link io.idem4j.Lease#prepare}; {@link Outcome.Executed} if it was committed all
   *     the same; or another's answer to the same request
   * @throws io.idem4j.LeaseLostException if it is rolled back, and the key is another's
   * @throws KeyStoreException if nobody knows
   * @throws MisuseException if the fate was reported before
   */
  public <T extends @Nullable Object> Optional<Outcome<T>> transactFailed(
      PreparedCompletion<T> prepared, RuntimeException failure) {
    return switch (TransactionItem.fate(failure)) {
      case REFUSED -> prepared.refused();
      case UNKNOWN -> prepared.unknown();
      case ROLLED_BACK -> {
        prepared.rolledBack();
        yield Optional.empty();
      }
    };
  }

  private void requireFits(byte @Nullable [] slot) {
    if (slot != null && slot.length > maximumSlot) {
      throw new PayloadTooLargeException(slot.length, maximumSlot);
    }
  }

  /** S7: whatever comes out of the SDK, its own exceptions or others, is classified here. */
  private static <V> V call(String action, Supplier<V> request) {
    try {
      return request.get();
    } catch (KeyStoreException e) {
      throw e;
    } catch (RuntimeException e) {
      throw SdkFailure.of(e).exception(action, e);
    }
  }

  /** What {@link Builder#readFirst} builds. */
  private static final class ReadingFirst extends DynamoDbKeyStore implements ReadFirst {
    private ReadingFirst(RecordTable table, int maximumSlot) {
      super(table, maximumSlot);
    }
  }

  /** Builds a {@link DynamoDbKeyStore}. Not for use by several threads. */
  public static final class Builder {
    /** The largest {@link #maximumSlot}, in bytes: 384 KiB. */
    public static final int LARGEST_SLOT = 384 << 10;

    /** The largest {@link #clockSkew}: ten minutes. */
    public static final Duration LARGEST_CLOCK_SKEW = Duration.ofMinutes(10);

    private final DynamoDbClient client;
    private String table = "idem4j_record";
    private String keyAttribute = "pk";
    private String keyPrefix = "";
    private @Nullable String sortAttribute;
    private String sortValue = "";
    private String ttlAttribute = "expire_at_s";
    private Duration clockSkew = Duration.ofSeconds(2);
    private InstantSource clock = InstantSource.system();
    private int maximumSlot = 256 << 10;
    private boolean readFirst;
    private boolean createTable;

    private Builder(DynamoDbClient client) {
      this.client = client;
    }

    /** Sets the table's name or ARN; without it, {@code idem4j_record}. */
    public Builder table(String table) {
      this.table = table;
      return this;
    }

    /** Sets the attribute that is the table's partition key, of type S; without it, {@code pk}. */
    public Builder keyAttribute(String keyAttribute) {
      this.keyAttribute = keyAttribute;
      return this;
    }

    /**
     * Sets what a record's partition key begins with, where other things live in the same table;
     * without it, nothing. The key id follows, in 64 hexadecimal digits.
     */
    public Builder keyPrefix(String keyPrefix) {
      this.keyPrefix = keyPrefix;
      return this;
    }

    /**
     * Sets the attribute that is the table's sort key, of type S, and its value in all records;
     * without it, the table has none.
     */
    public Builder sortKey(String sortAttribute, String sortValue) {
      this.sortAttribute = sortAttribute;
      this.sortValue = sortValue;
      return this;
    }

    /**
     * Sets the attribute by which the table's time to live deletes items, in seconds since 1970;
     * without it, {@code expire_at_s}. A table has one such attribute for everything in it. Its
     * name may have letters of ASCII, digits, {@code _}, {@code .} and {@code -}.
     */
    public Builder ttlAttribute(String ttlAttribute) {
      this.ttlAttribute = ttlAttribute;
      return this;
    }

    /**
     * Sets by how much the clocks of any two clients may differ; without it, two seconds. The same
     * on all clients of a table. Zero is for tests, and for a single client.
     *
     * @throws MisuseException if it is negative or more than {@link #LARGEST_CLOCK_SKEW}
     */
    public Builder clockSkew(Duration clockSkew) {
      if (clockSkew.isNegative() || clockSkew.compareTo(LARGEST_CLOCK_SKEW) > 0) {
        throw new MisuseException("a clock skew is between zero and " + LARGEST_CLOCK_SKEW);
      }
      this.clockSkew = clockSkew;
      return this;
    }

    /**
     * Sets how large payload and checkpoint may be, each; without it, 256 KiB. What is larger is
     * refused before anything is sent, and so is an item that would not fit as a whole.
     *
     * @throws MisuseException if it is not between 1 and {@link #LARGEST_SLOT}
     */
    public Builder maximumSlot(int bytes) {
      if (bytes < 1 || bytes > LARGEST_SLOT) {
        throw new MisuseException("the largest slot is between 1 and " + LARGEST_SLOT + " bytes");
      }
      this.maximumSlot = bytes;
      return this;
    }

    /** Makes the store one that core reads before it claims: see {@link ReadFirst}. */
    public Builder readFirst() {
      this.readFirst = true;
      return this;
    }

    /**
     * Makes {@link #build()} create the table where there is none, paid per request and with its
     * time to live: for development and examples. Several processes may start at once. An existing
     * table is never changed.
     */
    public Builder createTableIfMissing() {
      this.createTable = true;
      return this;
    }

    /** Sets the clock. */
    Builder clock(InstantSource clock) {
      this.clock = clock;
      return this;
    }

    /**
     * Tests table and clock, and builds the store.
     *
     * @throws MisuseException if a name is empty, too long or not well-formed, or two attributes of
     *     a record would have the same
     * @throws KeyStoreException if the service cannot be asked, the table is missing or does not
     *     fit, or the clock is off, with what to do about it
     */
    public DynamoDbKeyStore build() {
      Layout layout =
          new Layout(table, keyAttribute, keyPrefix, sortAttribute, sortValue, ttlAttribute);
      SkewedClock skewed = new SkewedClock(clock, clockSkew);
      return call(
          "start-up",
          () -> {
            if (createTable) {
              new TableMaker(client, layout).createIfMissing();
            }
            new TableCheck(client, layout, skewed).run();
            RecordTable records = new RecordTable(client, layout, skewed);
            return readFirst
                ? new ReadingFirst(records, maximumSlot)
                : new DynamoDbKeyStore(records, maximumSlot);
          });
    }
  }
}
