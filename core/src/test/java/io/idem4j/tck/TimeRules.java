package io.idem4j.tck;

import static io.idem4j.tck.Samples.keyId;
import static io.idem4j.tck.Samples.locked;
import static io.idem4j.tck.Samples.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** S5: durations go in, what is left of them comes out. */
interface TimeRules {
  /** What a clock in whole milliseconds, and one that runs a little faster, may lose. */
  Duration TOLERANCE = Duration.ofMillis(4);

  /** Returns what the test runs against. */
  KeyStoreSubject subject();

  @Test
  default void s05_timeLeft_isWhatWentInToTheMillisecond() {
    for (Duration length :
        List.of(
            Duration.ofMillis(200),
            Duration.ofMillis(999),
            Duration.ofMillis(1001),
            Duration.ofMillis(1500),
            Duration.ofMillis(30_500),
            Duration.ofHours(24),
            Duration.ofDays(30).plusMillis(1),
            Duration.ofDays(400))) {
      long before = System.nanoTime();
      KeyRecord lease =
          Expect.claimed(subject().store(), locked(keyId(), stamp()).lease(length).build());
      KeyRecord retention =
          Expect.claimed(
              subject().store(),
              locked(keyId(), stamp()).lease(Duration.ZERO).retention(length).build());
      Duration leaseLeft =
          subject().store().find(lease.keyId()).map(StoredRecord::leaseLeft).orElseThrow();
      // A short retention may be over by now, where a call takes that long.
      Duration retentionLeft =
          subject()
              .store()
              .find(retention.keyId())
              .map(StoredRecord::retentionLeft)
              .orElse(Duration.ZERO);
      Duration least = length.minus(Duration.ofNanos(System.nanoTime() - before)).minus(TOLERANCE);
      assertThat(leaseLeft).as("lease left of %s", length).isBetween(least, length);
      assertThat(retentionLeft)
          .as("retention left of %s", length)
          .isBetween(least.isNegative() ? Duration.ZERO : least, length);
    }
  }

  @Test
  default void s05_timeLeft_decreases() {
    KeyRecord record = Expect.claimed(subject().store(), locked(keyId(), stamp()).build());
    StoredRecord before = Expect.live(subject().store(), record);
    Duration time = Duration.ofMillis(40);
    subject().elapse(time);
    StoredRecord after = Expect.live(subject().secondInstance(), record);
    assertThat(after.leaseLeft())
        .as("lease left after %s", time)
        .isLessThanOrEqualTo(before.leaseLeft().minus(time).plus(TOLERANCE));
    assertThat(after.retentionLeft())
        .as("retention left after %s", time)
        .isLessThanOrEqualTo(before.retentionLeft().minus(time).plus(TOLERANCE));
  }

  @Test
  default void s05_timeLeft_inARefusal_isThatOfTheLiveRecord() {
    KeyStore store = subject().store();
    KeyRecord live =
        Expect.claimed(
            store,
            locked(keyId(), stamp())
                .lease(Duration.ofMinutes(2))
                .retention(Duration.ofMinutes(3))
                .build());
    subject().elapse(Duration.ofMillis(20));
    StoredRecord found = Expect.live(store, live);
    KeyRecord other =
        locked(live.keyId(), stamp())
            .lease(Duration.ofMinutes(50))
            .retention(Duration.ofMinutes(60))
            .build();
    for (Stamp expected : List.of(Stamp.ABSENT, stamp())) {
      StoredRecord refusal = Expect.refused(store, expected, other).orElseThrow();
      assertThat(refusal.leaseLeft())
          .isBetween(Duration.ofMinutes(1), found.leaseLeft().plus(TOLERANCE));
      assertThat(refusal.retentionLeft())
          .isBetween(Duration.ofMinutes(2), found.retentionLeft().plus(TOLERANCE));
    }
  }

  @Test
  default void s05_leaseOver_isZeroOrLess() {
    KeyStore store = subject().store();
    KeyRecord zero = Expect.claimed(store, locked(keyId(), stamp()).lease(Duration.ZERO).build());
    assertThat(Expect.live(store, zero).leaseLeft()).isLessThanOrEqualTo(Duration.ZERO);
    Duration time = Duration.ofMillis(50);
    KeyRecord lapsed = Expect.claimed(store, locked(keyId(), stamp()).lease(time).build());
    subject().elapse(time);
    assertThat(Expect.live(store, lapsed).leaseLeft()).isLessThanOrEqualTo(Duration.ZERO);
    Optional<StoredRecord> refusal =
        Expect.refused(store, Stamp.ABSENT, locked(lapsed.keyId(), stamp()).build());
    assertThat(refusal.orElseThrow().leaseLeft()).isLessThanOrEqualTo(Duration.ZERO);
  }

  @Test
  default void s05_lease_isCountedAnewAtEachWrite() {
    KeyStore store = subject().store();
    KeyRecord first = Expect.claimed(store, locked(keyId(), stamp()).lease(Duration.ZERO).build());
    KeyRecord renewed =
        Expect.applied(store, first.stamp(), locked(first.keyId(), first.stamp().next()).build());
    assertThat(Expect.live(store, renewed).leaseLeft())
        .isGreaterThan(Samples.LEASE.minus(Duration.ofMinutes(2)));
    KeyRecord shorter =
        Expect.applied(
            store,
            renewed.stamp(),
            locked(first.keyId(), renewed.stamp().next()).lease(Duration.ofMinutes(1)).build());
    assertThat(Expect.live(store, shorter).leaseLeft()).isLessThanOrEqualTo(Duration.ofMinutes(1));
  }

  @Test
  default void s05_aHundredYears_doNotOverflow() {
    KeyStore store = subject().store();
    Duration longest = KeyRecord.MAXIMUM_DURATION;
    KeyRecord record =
        Expect.claimed(store, locked(keyId(), stamp()).lease(longest).retention(longest).build());
    StoredRecord found = Expect.live(store, record);
    assertThat(found.leaseLeft()).isGreaterThan(longest.minus(Duration.ofMinutes(2)));
    assertThat(found.retentionLeft()).isGreaterThan(longest.minus(Duration.ofMinutes(2)));
    // The row must not outlive the test by a century.
    Expect.applied(
        store,
        record.stamp(),
        locked(record.keyId(), record.stamp().next()).retention(Duration.ZERO).build());
    Expect.none(store, record.keyId());
  }
}
