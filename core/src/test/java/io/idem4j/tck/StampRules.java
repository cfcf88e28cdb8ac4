package io.idem4j.tck;

import static io.idem4j.tck.Samples.completed;
import static io.idem4j.tck.Samples.keyId;
import static io.idem4j.tck.Samples.locked;
import static io.idem4j.tck.Samples.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** S1, S2, S3 and S6 as one caller at a time sees them. */
interface StampRules {
  /** How long a record lives that a test wants to see over. */
  Duration SHORT = Duration.ofMillis(50);

  /** Returns what the test runs against. */
  KeyStoreSubject subject();

  @Test
  default void s01_find_seesWhatAnotherInstanceJustWrote() {
    KeyStore one = subject().store();
    KeyStore other = subject().secondInstance();
    KeyId id = keyId();
    Expect.none(other, id);
    KeyRecord last = Expect.claimed(one, locked(id, stamp()).build());
    for (int i = 0; i < 10; i++) {
      // Read on the other side first, so that a cache there would have something to keep.
      Expect.live(other, last);
      last = Expect.applied(one, last.stamp(), locked(id, last.stamp().next()).attempt(i).build());
    }
    Expect.live(other, last);
    Expect.live(one, last);
  }

  @Test
  default void s01_chainOfWrites_alternatingInstances_eachMatchesTheOneBefore() {
    KeyId id = keyId();
    KeyRecord last = Expect.claimed(subject().store(), locked(id, stamp()).build());
    for (int i = 0; i < 10; i++) {
      KeyStore store = i % 2 == 0 ? subject().secondInstance() : subject().store();
      last = Expect.applied(store, last.stamp(), locked(id, last.stamp().next()).fence(i).build());
    }
    Expect.live(subject().store(), last);
  }

  @Test
  default void s02_absent_neverWritten_matches() {
    KeyRecord claim = locked(keyId(), stamp()).build();
    Expect.none(subject().store(), claim.keyId());
    Expect.claimed(subject().store(), claim);
    Expect.live(subject().store(), claim);
  }

  @Test
  default void s02_absent_whateverStateIsLive_isRefused() {
    KeyStore store = subject().store();
    for (KeyState state : KeyState.values()) {
      if (state != KeyState.NEW) {
        KeyRecord live = Expect.claimed(store, completed(keyId(), stamp()).state(state).build());
        Expect.refusedBy(live, store, Stamp.ABSENT, locked(live.keyId(), stamp()).build());
        Expect.live(store, live);
      }
    }
  }

  @Test
  default void s02_absent_leaseOver_isRefused() {
    KeyStore store = subject().store();
    KeyRecord live = Expect.claimed(store, locked(keyId(), stamp()).lease(Duration.ZERO).build());
    Expect.refusedBy(live, store, Stamp.ABSENT, locked(live.keyId(), stamp()).build());
    Expect.live(store, live);
  }

  @Test
  default void s02_absent_afterRetentionZero_matches() {
    KeyStore store = subject().store();
    KeyRecord last = Expect.claimed(store, locked(keyId(), stamp()).build());
    Expect.applied(
        store,
        last.stamp(),
        completed(last.keyId(), last.stamp().next()).retention(Duration.ZERO).build());
    Expect.none(store, last.keyId());
    KeyRecord claim = Expect.claimed(store, locked(last.keyId(), stamp()).build());
    Expect.live(store, claim);
  }

  @Test
  default void s02_stamp_neverWritten_isRefusedByNone() {
    KeyRecord next = locked(keyId(), stamp()).build();
    Expect.refusedByNone(subject().store(), stamp(), next);
    Expect.none(subject().store(), next.keyId());
  }

  @Test
  default void s02_stamp_ofAnExpiredRecord_doesNotMatch() {
    KeyStore store = subject().store();
    KeyRecord zero =
        Expect.claimed(store, locked(keyId(), stamp()).retention(Duration.ZERO).build());
    Expect.refusedByNone(store, zero.stamp(), completed(zero.keyId(), zero.stamp().next()).build());
    Expect.none(store, zero.keyId());
    KeyRecord brief = Expect.claimed(store, locked(keyId(), stamp()).retention(SHORT).build());
    subject().elapse(SHORT);
    Expect.refusedByNone(
        store, brief.stamp(), completed(brief.keyId(), brief.stamp().next()).build());
    Expect.none(store, brief.keyId());
  }

  @Test
  default void s02_stamp_differingInOneBit_doesNotMatch() {
    KeyStore store = subject().store();
    KeyRecord live = Expect.claimed(store, locked(keyId(), stamp()).build());
    for (int bit = 0; bit < Stamp.LENGTH * Byte.SIZE; bit++) {
      byte[] bytes = live.stamp().bytes();
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      Expect.refusedBy(live, store, Stamp.of(bytes), completed(live.keyId(), stamp()).build());
    }
    Expect.live(store, live);
  }

  @Test
  default void s02_stamp_earlierOneOfTheSameClaim_doesNotMatch() {
    KeyStore store = subject().store();
    KeyRecord first = Expect.claimed(store, locked(keyId(), stamp()).build());
    Stamp second = first.stamp().next();
    KeyRecord live = Expect.applied(store, first.stamp(), locked(first.keyId(), second).build());
    Expect.refusedBy(live, store, first.stamp(), completed(live.keyId(), second.next()).build());
    Expect.refusedBy(live, store, second.next(), completed(live.keyId(), stamp()).build());
    Expect.live(store, live);
  }

  @Test
  default void s02_stamp_ofAnotherKey_doesNotMatch() {
    KeyStore store = subject().store();
    KeyRecord one = Expect.claimed(store, locked(keyId(), stamp()).build());
    KeyRecord other = Expect.claimed(store, locked(keyId(), stamp()).build());
    Expect.refusedBy(one, store, other.stamp(), completed(one.keyId(), stamp()).build());
    Expect.live(store, one);
    Expect.live(store, other);
  }

  @Test
  default void s02_stampsOfExtremeBytes_matchThemselvesAlone() {
    KeyStore store = subject().store();
    Stamp[] stamps = {
      new Stamp(0, 1),
      new Stamp(1, 0),
      new Stamp(-1, -1),
      new Stamp(Long.MIN_VALUE, 0),
      new Stamp(Long.MAX_VALUE, Long.MIN_VALUE),
      new Stamp(0x2020_2020_2020_2020L, 0x2020_2020_2020_2020L),
      new Stamp(0x0027_5C22_0A0D_0025L, 0x5F00_0000_0000_0000L)
    };
    KeyId id = keyId();
    KeyRecord last = Expect.claimed(store, locked(id, stamp()).build());
    for (Stamp each : stamps) {
      last = Expect.applied(store, last.stamp(), locked(id, each).build());
      Expect.live(store, last);
      for (Stamp other : stamps) {
        if (!other.equals(each)) {
          Expect.refusedBy(last, store, other, completed(id, stamp()).build());
        }
      }
    }
  }

  @Test
  default void s02_holder_leaseOver_isNotRefused() {
    KeyStore store = subject().store();
    KeyRecord zero = Expect.claimed(store, locked(keyId(), stamp()).lease(Duration.ZERO).build());
    KeyRecord done =
        Expect.applied(store, zero.stamp(), completed(zero.keyId(), zero.stamp().next()).build());
    Expect.live(store, done);
    KeyRecord lapsed = Expect.claimed(store, locked(keyId(), stamp()).lease(SHORT).build());
    subject().elapse(SHORT);
    KeyRecord late =
        Expect.applied(
            store, lapsed.stamp(), completed(lapsed.keyId(), lapsed.stamp().next()).build());
    Expect.live(store, late);
  }

  @Test
  default void s03_refusal_returnsTheLiveRecord() {
    KeyStore store = subject().store();
    KeyRecord first = Expect.claimed(store, locked(keyId(), stamp()).build());
    KeyId id = first.keyId();
    Stamp mine = first.stamp();
    Expect.refusedBy(first, store, Stamp.ABSENT, locked(id, stamp()).build());
    KeyRecord live = Expect.applied(store, mine, completed(id, mine.next()).attempt(7).build());
    Expect.refusedBy(live, store, Stamp.ABSENT, locked(id, stamp()).build());
    Expect.refusedBy(live, store, mine, locked(id, stamp()).build());
    Expect.refusedBy(live, store, stamp(), locked(id, stamp()).build());
    Expect.refusedBy(live, subject().secondInstance(), mine, locked(id, stamp()).build());
  }

  @Test
  default void s03_refusal_changesNothing() {
    KeyStore store = subject().store();
    KeyRecord live = Expect.claimed(store, completed(keyId(), stamp()).build());
    Duration before = Expect.live(store, live).retentionLeft();
    Expect.refused(store, Stamp.ABSENT, locked(live.keyId(), stamp()).build());
    Expect.refused(
        store, stamp(), locked(live.keyId(), stamp()).retention(Duration.ofDays(9)).build());
    assertThat(Expect.live(store, live).retentionLeft()).isLessThanOrEqualTo(before);
  }

  @Test
  default void s03_refusal_ofAnExpiredRecord_saysThatNoneIsLive() {
    KeyStore store = subject().store();
    KeyRecord over = Expect.claimed(store, completed(keyId(), stamp()).retention(SHORT).build());
    subject().elapse(SHORT);
    Expect.refusedByNone(store, stamp(), locked(over.keyId(), stamp()).build());
  }

  @Test
  default void s06_retentionOver_isAbsentWithoutAnyPurge() {
    for (KeyState state : KeyState.values()) {
      if (state == KeyState.NEW) {
        continue;
      }
      KeyStore store = subject().store();
      KeyRecord over =
          Expect.claimed(store, completed(keyId(), stamp()).state(state).retention(SHORT).build());
      subject().elapse(SHORT);
      Expect.none(store, over.keyId());
      KeyRecord claim = Expect.claimed(store, locked(over.keyId(), stamp()).build());
      Expect.live(subject().secondInstance(), claim);
    }
  }

  @Test
  default void s06_retention_isCountedAnewAtEachWrite() {
    KeyStore store = subject().store();
    KeyRecord first = Expect.claimed(store, locked(keyId(), stamp()).build());
    KeyRecord brief =
        Expect.applied(
            store,
            first.stamp(),
            locked(first.keyId(), first.stamp().next()).retention(SHORT).build());
    subject().elapse(SHORT);
    // The hour of the first write is void: only the last write counts.
    Expect.none(store, brief.keyId());
    KeyRecord again = Expect.claimed(store, locked(first.keyId(), stamp()).build());
    Expect.live(store, again);
  }

  @Test
  default void s06_leaseLongerThanRetention_doesNotKeepARecord() {
    KeyStore store = subject().store();
    KeyRecord zero =
        Expect.claimed(store, locked(keyId(), stamp()).retention(Duration.ZERO).build());
    Expect.none(store, zero.keyId());
    Expect.claimed(store, locked(zero.keyId(), stamp()).build());
  }
}
