package io.idem4j.tck;

import static io.idem4j.tck.Samples.completed;
import static io.idem4j.tck.Samples.keyId;
import static io.idem4j.tck.Samples.locked;
import static io.idem4j.tck.Samples.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.FaultyKeyStore.Fault;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * S7 and S8: errors, lost and late messages. The invariants I4, I16, I17, I20 and I22 rest here.
 */
interface FaultRules {
  /** Returns what the test runs against. */
  KeyStoreSubject subject();

  @Test
  default void s07_backendUnreachable_everyCallThrowsKeyStoreException() {
    KeyStore unreachable =
        subject()
            .unreachable()
            .orElseThrow(() -> Expect.skipped("the subject has no unreachable() store"));
    KeyRecord claim = locked(keyId(), stamp()).build();
    Expect.storeException(() -> unreachable.find(claim.keyId()));
    Expect.storeException(() -> unreachable.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
    KeyRecord later = completed(claim.keyId(), claim.stamp().next()).build();
    Expect.storeException(() -> unreachable.compareAndSet(later.keyId(), claim.stamp(), later));
  }

  @Test
  default void s08_reissueAfterApplied_isRefusedByItsOwnStamp() {
    KeyRecord claim = Expect.claimed(subject().store(), locked(keyId(), stamp()).build());
    Expect.refusedBy(claim, subject().store(), Stamp.ABSENT, claim);
    Expect.refusedBy(claim, subject().secondInstance(), Stamp.ABSENT, claim);
    KeyRecord done = completed(claim.keyId(), claim.stamp().next()).build();
    Expect.applied(subject().store(), claim.stamp(), done);
    Expect.refusedBy(done, subject().store(), claim.stamp(), done);
    Expect.refusedBy(done, subject().secondInstance(), claim.stamp(), done);
    // A driver that repeats the claim even later meets the completion.
    Expect.refusedBy(done, subject().store(), Stamp.ABSENT, claim);
    Expect.live(subject().store(), done);
  }

  @Test
  default void s08_reissueOfARefusedWrite_isRefusedAgain() {
    KeyStore store = subject().store();
    KeyRecord live = Expect.claimed(store, completed(keyId(), stamp()).build());
    KeyRecord claim = locked(live.keyId(), stamp()).build();
    for (int i = 0; i < 3; i++) {
      Expect.refusedBy(live, store, Stamp.ABSENT, claim);
    }
  }

  @Test
  default void s08_reissue_doesNotExtendLeaseOrRetention() {
    KeyStore store = subject().store();
    Duration time = Duration.ofMillis(40);
    KeyRecord claim = Expect.claimed(store, locked(keyId(), stamp()).build());
    subject().elapse(time);
    Expect.refusedBy(claim, store, Stamp.ABSENT, claim);
    var found = Expect.live(store, claim);
    assertThat(found.leaseLeft())
        .isLessThanOrEqualTo(claim.lease().minus(time).plus(TimeRules.TOLERANCE));
    assertThat(found.retentionLeft())
        .isLessThanOrEqualTo(claim.retention().minus(time).plus(TimeRules.TOLERANCE));
  }

  @Test
  default void s08_replyLost_reissueIsRefusedByOwnStamp() {
    FaultyKeyStore line = new FaultyKeyStore(subject().store());
    KeyRecord claim = locked(keyId(), stamp()).build();
    line.onWrites(Fault.REPLY_LOST);
    unknown(line, Stamp.ABSENT, claim);
    Expect.refusedBy(claim, line, Stamp.ABSENT, claim);
    KeyRecord done = completed(claim.keyId(), claim.stamp().next()).slots(Slots.UNCHANGED).build();
    line.onWrites(Fault.REPLY_LOST);
    unknown(line, claim.stamp(), done);
    Expect.refusedBy(done, line, claim.stamp(), done);
  }

  @Test
  default void s08_requestLost_reissueIsApplied() {
    FaultyKeyStore line = new FaultyKeyStore(subject().store());
    KeyRecord claim = locked(keyId(), stamp()).build();
    line.onWrites(Fault.REQUEST_LOST, Fault.REQUEST_LOST);
    unknown(line, Stamp.ABSENT, claim);
    unknown(line, Stamp.ABSENT, claim);
    Expect.claimed(line, claim);
    Expect.live(subject().store(), claim);
  }

  @Test
  default void s08_lateClaim_afterANewerGrant_changesNothing() {
    FaultyKeyStore line = new FaultyKeyStore(subject().store()).onWrites(Fault.HELD);
    KeyRecord late = locked(keyId(), stamp()).build();
    unknown(line, Stamp.ABSENT, late);
    KeyRecord newer =
        Expect.claimed(subject().secondInstance(), locked(late.keyId(), stamp()).build());
    refusedWhenDelivered(line, newer);
  }

  @Test
  default void s08_lateRenewal_afterATakeover_changesNothing() {
    FaultyKeyStore line = new FaultyKeyStore(subject().store());
    KeyRecord old = Expect.claimed(line, locked(keyId(), stamp()).lease(Duration.ZERO).build());
    line.onWrites(Fault.HELD, Fault.HELD);
    unknown(line, old.stamp(), locked(old.keyId(), old.stamp().next()).build());
    unknown(line, old.stamp(), completed(old.keyId(), old.stamp().next().next()).build());
    KeyRecord taken =
        Expect.applied(
            subject().secondInstance(),
            old.stamp(),
            locked(old.keyId(), stamp()).attempt(2).build());
    refusedWhenDelivered(line, taken);
    KeyRecord done =
        Expect.applied(line, taken.stamp(), completed(taken.keyId(), taken.stamp().next()).build());
    Expect.live(subject().store(), done);
  }

  @Test
  default void s08_lateDelivery_afterItsReissueAndALaterWrite_changesNothing() {
    FaultyKeyStore line = new FaultyKeyStore(subject().store()).onWrites(Fault.HELD);
    KeyRecord claim = locked(keyId(), stamp()).build();
    unknown(line, Stamp.ABSENT, claim);
    Expect.claimed(line, claim);
    KeyRecord done =
        Expect.applied(line, claim.stamp(), completed(claim.keyId(), claim.stamp().next()).build());
    refusedWhenDelivered(line, done);
  }

  @Test
  default void s08_lateDelivery_withNothingInBetween_appliesOnce() {
    FaultyKeyStore line = new FaultyKeyStore(subject().store()).onWrites(Fault.HELD);
    KeyRecord claim = locked(keyId(), stamp()).build();
    unknown(line, Stamp.ABSENT, claim);
    Expect.none(subject().store(), claim.keyId());
    assertThat(line.deliverHeld()).containsExactly(CasResult.APPLIED);
    Expect.refusedBy(claim, line, Stamp.ABSENT, claim);
  }

  @Test
  default void s08_duplicatedDelivery_appliesOnce() {
    FaultyKeyStore line = new FaultyKeyStore(subject().store());
    KeyRecord claim = locked(keyId(), stamp()).build();
    line.onWrites(Fault.DUPLICATED);
    Expect.claimed(line, claim);
    refusedWhenDelivered(line, claim);
    KeyRecord done = completed(claim.keyId(), claim.stamp().next()).build();
    line.onWrites(Fault.DUPLICATED);
    Expect.applied(line, claim.stamp(), done);
    refusedWhenDelivered(line, done);
  }

  @Test
  default void s08_sameCallFromManyThreads_appliesOnce() {
    int threads = 8;
    try (Together together = new Together(threads)) {
      for (int round = 0; round < subject().rounds(); round++) {
        KeyRecord claim = locked(keyId(), stamp()).build();
        List<Boolean> applied =
            together.run(
                thread -> {
                  KeyStore store = thread % 2 == 0 ? subject().store() : subject().secondInstance();
                  return isApplied(Expect.decided(store, Stamp.ABSENT, claim));
                });
        assertThat(applied).as("one call, sent %d times", threads).containsOnlyOnce(true);
        Expect.live(subject().store(), claim);
      }
    }
  }

  private static boolean isApplied(CasResult result) {
    return result instanceof CasResult.Applied;
  }

  private static void unknown(KeyStore line, Stamp expected, KeyRecord next) {
    KeyStoreException e =
        Expect.storeException(() -> line.compareAndSet(next.keyId(), expected, next));
    assertThat(e.certainty()).isEqualTo(Certainty.UNKNOWN);
  }

  private static void refusedWhenDelivered(FaultyKeyStore line, KeyRecord live) {
    for (CasResult result : line.deliverHeld()) {
      assertThat(result).as("a late delivery").isInstanceOf(CasResult.Refused.class);
    }
    Expect.live(line, live);
  }
}
