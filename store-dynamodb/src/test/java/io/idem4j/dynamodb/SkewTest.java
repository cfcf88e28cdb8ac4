package io.idem4j.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * stores.md 3.5.5: clients whose clocks differ. Each has a clock of its own that stands still until
 * the test moves it; the true time is that of the test.
 */
@StoreUnderTest("DynamoDB")
final class SkewTest {
  private static final String TABLE = DynamoDb.freshTable();
  private static final Duration OFF = Duration.ofMinutes(5);
  private static final Duration MARGIN = OFF.multipliedBy(2);
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final Duration RETENTION = Duration.ofHours(1);
  private static final Duration MILLI = Duration.ofMillis(1);

  private Instant trueTime;
  private Duration jump = Duration.ZERO;
  private final DynamoDbKeyStore ahead = store(OFF, MARGIN);
  private final DynamoDbKeyStore behind = store(OFF.negated(), MARGIN);

  /** The clocks drift apart after start-up, which looks at them: see {@link StartUpTest}. */
  @BeforeEach
  void driftApart() {
    trueTime = Instant.now();
  }

  private DynamoDbKeyStore store(Duration off, Duration margin) {
    return DynamoDbKeyStore.builder(DynamoDb.client())
        .table(TABLE)
        .clockSkew(margin)
        .clock(() -> trueTime == null ? Instant.now() : trueTime.plus(off).plus(jump))
        .createTableIfMissing()
        .build();
  }

  private static KeyRecord claim() {
    return Samples.locked(Samples.keyId(), Samples.stamp())
        .lease(LEASE)
        .retention(RETENTION)
        .build();
  }

  private Duration leaseLeft(DynamoDbKeyStore store, KeyRecord record) {
    return store.find(record.keyId()).map(StoredRecord::leaseLeft).orElseThrow();
  }

  /** Never before the lease is truly over, and at most twice the margin after it. */
  @Test
  void stores_3_5_5_takeover_waitsForTheLease_andAtMostForTwiceTheMarginMore() {
    KeyRecord byBehind = Rows.apply(behind, Stamp.ABSENT, claim());
    KeyRecord byAhead = Rows.apply(ahead, Stamp.ABSENT, claim());
    assertThat(leaseLeft(ahead, byBehind)).isBetween(LEASE.minus(MILLI), LEASE);
    assertThat(leaseLeft(behind, byBehind))
        .isBetween(LEASE.plus(MARGIN).minus(MILLI), LEASE.plus(MARGIN));
    assertThat(leaseLeft(ahead, byAhead))
        .isBetween(LEASE.plus(MARGIN).minus(MILLI), LEASE.plus(MARGIN));
    Duration longest = LEASE.plus(MARGIN.multipliedBy(2));
    assertThat(leaseLeft(behind, byAhead)).isBetween(longest.minus(MILLI), longest);
    trueTime = trueTime.plus(longest).plus(MILLI);
    assertThat(leaseLeft(behind, byAhead)).isLessThanOrEqualTo(Duration.ZERO);
  }

  /** The client ahead is the first to see a record over: not before its retention truly is. */
  @Test
  void stores_3_5_5_retention_isNeverOverTooSoon() {
    KeyRecord done = Rows.done(behind);
    trueTime = trueTime.plus(Samples.RETENTION).minus(MILLI);
    assertThat(ahead.find(done.keyId())).isPresent();
    assertThat(ahead.compareAndSet(done.keyId(), Stamp.ABSENT, Rows.duplicate(done)))
        .isInstanceOf(CasResult.Refused.class);
    trueTime = trueTime.plus(MILLI).plus(MILLI);
    assertThat(ahead.find(done.keyId())).isEmpty();
    assertThat(behind.find(done.keyId())).as("as seen by the writer itself").isPresent();
    Rows.apply(ahead, Stamp.ABSENT, Rows.duplicate(done));
  }

  /** Whoever's clock says what: one stamp, one winner, and the old holder's answer is refused. */
  @Test
  void stores_3_5_5_takeover_oldHolderCompletesNothing() {
    for (DynamoDbKeyStore first : new DynamoDbKeyStore[] {ahead, behind}) {
      DynamoDbKeyStore second = first == ahead ? behind : ahead;
      KeyRecord held = Rows.apply(first, Stamp.ABSENT, claim());
      KeyRecord taken = Rows.apply(second, held.stamp(), Rows.duplicate(held));
      CasResult late = first.compareAndSet(held.keyId(), held.stamp(), Rows.completed(held));
      assertThat(((CasResult.Refused) late).live().orElseThrow().stamp().equals(taken.stamp()))
          .isTrue();
      Rows.apply(second, taken.stamp(), Rows.completed(taken));
    }
  }

  /** A lapsed lease alone never refuses its holder (S2), whoever's clock it lapsed by. */
  @Test
  void stores_3_5_5_holderBehind_completesAfterItsLease() {
    KeyRecord held = Rows.apply(behind, Stamp.ABSENT, claim());
    trueTime = trueTime.plus(LEASE).plus(MARGIN);
    Rows.apply(behind, held.stamp(), Rows.completed(held));
    assertThat(ahead.find(held.keyId())).isPresent();
  }

  /**
   * What the margin is for, shown where it is too small: a clock that jumps a day ahead after
   * start-up takes a recorded answer for absent, and the operation would run again. No stamp can
   * prevent that: there is none to compare with. The class comment says so.
   */
  @Test
  void stores_3_5_5_clockADayAhead_takesAnAnswerForAbsent_byDesign() {
    KeyRecord done = Rows.done(ahead);
    jump = Duration.ofDays(1);
    assertThat(behind.find(done.keyId())).isEmpty();
    KeyRecord again = Rows.apply(behind, Stamp.ABSENT, Rows.duplicate(done));
    assertThat(behind.find(done.keyId()).orElseThrow().stamp().equals(again.stamp())).isTrue();
  }

  /** The same clock and a lease: taken over too soon, and still only one of the two completes. */
  @Test
  void stores_3_5_5_clockBeyondTheMargin_leaseTakenTooSoon_oneCompletes() {
    KeyRecord held = Rows.apply(ahead, Stamp.ABSENT, claim());
    jump = MARGIN.plus(LEASE);
    assertThat(leaseLeft(ahead, held)).isLessThanOrEqualTo(Duration.ZERO);
    KeyRecord taken = Rows.apply(ahead, held.stamp(), Rows.duplicate(held));
    assertThat(behind.compareAndSet(held.keyId(), held.stamp(), Rows.completed(held)))
        .isInstanceOf(CasResult.Refused.class);
    Rows.apply(ahead, taken.stamp(), Rows.completed(taken));
  }

  /** A retention of zero is over at once for everybody: the margin does not keep it. */
  @Test
  void retentionZero_isAbsentAtOnce_whateverTheMargin() {
    KeyRecord held = Rows.apply(ahead, Stamp.ABSENT, claim());
    Rows.apply(
        ahead, held.stamp(), Rows.completed(held).toBuilder().retention(Duration.ZERO).build());
    assertThat(ahead.find(held.keyId())).isEmpty();
    assertThat(behind.find(held.keyId())).isEmpty();
    Rows.apply(behind, Stamp.ABSENT, Rows.duplicate(held));
  }

  /** A hundred years and the margin are more than a record may have left. */
  @Test
  void longestRetention_isReadable_whateverTheMargin() {
    KeyRecord claim =
        claim().toBuilder()
            .lease(KeyRecord.MAXIMUM_DURATION)
            .retention(KeyRecord.MAXIMUM_DURATION)
            .slots(Slots.EMPTY)
            .build();
    Rows.apply(ahead, Stamp.ABSENT, claim);
    for (DynamoDbKeyStore store : new DynamoDbKeyStore[] {ahead, behind}) {
      StoredRecord read = store.find(claim.keyId()).orElseThrow();
      assertThat(read.retentionLeft()).isEqualTo(KeyRecord.MAXIMUM_DURATION);
      assertThat(read.leaseLeft()).isEqualTo(KeyRecord.MAXIMUM_DURATION);
    }
  }
}
