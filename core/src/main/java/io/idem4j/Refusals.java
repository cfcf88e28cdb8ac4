package io.idem4j;

import io.idem4j.KeyMachine.Decision;
import io.idem4j.KeyMachine.Stamps;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What follows when a write of a holder is refused, or a claim is given back: pure decisions over
 * the record that is there, beside those of {@link KeyMachine} over what a claim finds.
 */
final class Refusals {
  private Refusals() {}

  /** What to put back when the fate of {@code taken} is unknown; nothing over a lapsed lock. */
  static Optional<KeyRecord> withdrawal(
      OperationPolicy policy, Decision.Take taken, Stamps stamps) {
    KeyState putBack = taken.putBack();
    if (putBack == null) {
      return Optional.empty();
    }
    KeyRecord claimed = taken.next();
    return Optional.of(
        claimed.toBuilder()
            .stamp(stamps.fresh())
            .state(putBack)
            .attempt(claimed.attempt() - 1)
            .grant(taken.found() == null ? claimed.grant() : taken.found().grant())
            .slots(Slots.UNCHANGED)
            .lease(Duration.ZERO)
            .retention(
                putBack == KeyState.FAILED_IN_DOUBT
                    ? policy.inDoubtRetention()
                    : policy.releasedRetention())
            .build());
  }

  /** What a refused withdrawal of an unresolved claim does next. */
  enum Withdrawal {
    /** Another record shows that the claim was not and will not be applied, or is long over. */
    SETTLED,
    /** What the claim expected is still there, so the claim may still be applied: send again. */
    AGAIN,
    /** The claim's lock bears another stamp of the same claim: put back over that one. */
    FOLLOW
  }

  /** The decision over a refused withdrawal of a claim that expected {@code claimExpected}. */
  static Withdrawal withdrawn(Stamp claimExpected, Stamps stamps, Optional<StoredRecord> live) {
    if (live.isEmpty()) {
      return Withdrawal.AGAIN;
    }
    // A lock under another stamp of this claim, and a doubt that somebody marked on its grant: the
    // operation never ran, so both may be put back. Where a doubt was found, its own holder gets
    // back the right to settle it.
    KeyState state = live.get().record().state();
    boolean ownLock = state == KeyState.LOCKED && stamps.drew(live.get().stamp());
    if (ownLock || isOwnDoubt(stamps, live)) {
      return Withdrawal.FOLLOW;
    }
    return live.get().stamp().equals(claimExpected) ? Withdrawal.AGAIN : Withdrawal.SETTLED;
  }

  /**
   * Says whether somebody marked the grant of this claim, which has not run anything, as in doubt.
   */
  static boolean isOwnDoubt(Stamps stamps, Optional<StoredRecord> live) {
    return live.isPresent()
        && live.get().record().state() == KeyState.FAILED_IN_DOUBT
        && stamps.drew(Stamp.first(live.get().record().grant()));
  }

  /** What a refused settlement (complete, fail) or renewal of a holder does next. */
  sealed interface Settlement {
    /** The write had been applied. */
    record Done() implements Settlement {}

    /** The record is still this holder's, under another of its stamps: write again over it. */
    record Follow(Stamp expected) implements Settlement {}

    /** Somebody else's answer to the same request is recorded, and stands. */
    record Superseded(KeyRecord recorded) implements Settlement {}

    /** The record is another's, or gone. */
    record Lost(String why) implements Settlement {}
  }

  /** The decision over a refused settlement of the holder of {@code mine}. */
  static Settlement settle(KeyRecord mine, KeyState wanted, Optional<StoredRecord> live) {
    if (live.isEmpty()) {
      return new Settlement.Lost("its record is gone");
    }
    KeyRecord record = live.get().record();
    if (record.stamp().isOf(mine.stamp().grant())) {
      return record.state() == KeyState.LOCKED
          ? new Settlement.Follow(record.stamp())
          : new Settlement.Done();
    }
    if (record.state().isTerminal() && record.fingerprint().equals(mine.fingerprint())) {
      return new Settlement.Superseded(record);
    }
    if (record.state() == KeyState.FAILED_IN_DOUBT && record.grant().equals(mine.stamp().grant())) {
      return wanted == KeyState.FAILED_IN_DOUBT
          ? new Settlement.Done()
          : new Settlement.Follow(record.stamp());
    }
    return new Settlement.Lost("its record is now " + record.state());
  }

  /**
   * What a read says about a write of {@code mine}'s holder that a transaction made, if it was
   * committed; null if nothing yet: what it was to replace is there, or nothing is live, and the
   * commit may still be under way. {@link Settlement.Follow}: it never was, and the record is still
   * this holder's.
   */
  static @Nullable Settlement fate(KeyRecord mine, KeyRecord written, Optional<StoredRecord> live) {
    if (live.isEmpty()) {
      return null;
    }
    if (live.get().stamp().equals(written.stamp())) {
      return new Settlement.Done();
    }
    KeyRecord record = live.get().record();
    boolean isBefore = record.fence() < mine.fence() && !record.state().isTerminal();
    if (isBefore || record.stamp().isOf(mine.stamp().grant())) {
      return null;
    }
    Settlement settlement = settle(mine, KeyState.COMPLETED, live);
    // What is no answer may have been committed, and have been taken, or doubted, since.
    return !(settlement instanceof Settlement.Superseded) && !written.state().isTerminal()
        ? null
        : settlement;
  }

  /** The decision over a refused renewal that would have made {@code renewed}. */
  static Settlement renew(KeyRecord renewed, Optional<StoredRecord> live) {
    if (live.isPresent() && live.get().stamp().equals(renewed.stamp())) {
      return new Settlement.Done();
    }
    if (live.isPresent()
        && live.get().stamp().isOf(renewed.stamp().grant())
        && live.get().record().state() == KeyState.LOCKED) {
      return new Settlement.Follow(live.get().stamp());
    }
    return new Settlement.Lost(
        live.isEmpty() ? "its record is gone" : "its record is now " + live.get().record().state());
  }

  /** A renewal of a lock: the same record under another stamp, its times counted anew. */
  static KeyRecord.Builder renewal(OperationPolicy policy, KeyRecord locked, Stamps stamps) {
    return locked.toBuilder()
        .stamp(stamps.fresh())
        .slots(Slots.UNCHANGED)
        .lease(policy.lease())
        .retention(policy.lockedRetention());
  }
}
