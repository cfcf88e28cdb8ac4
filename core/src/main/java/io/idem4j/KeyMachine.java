package io.idem4j;

import io.idem4j.OperationPolicy.Mode;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Every decision about a key: current record and request in, decision out. Pure: no clock, no
 * randomness, no store.
 */
final class KeyMachine {
  private KeyMachine() {}

  /** What one claim asks for; the same for all its writes. */
  record Request(IdempotencyKey key, Fingerprint offered, OperationPolicy policy) {
    KeyId id() {
      return key.id();
    }

    /** Names the call in messages, without the key. */
    String describe() {
      return "operation %s, key %s".formatted(key.operation(), id().shortDigest());
    }
  }

  /** The stamps of one claim. The grant behind them is drawn with the first. */
  interface Stamps {
    /** Returns a stamp of this claim that no write bore before. */
    Stamp fresh();

    /** Says whether this claim drew the stamp. */
    boolean drew(Stamp stamp);
  }

  /** What this engine knows of a claim whose last write is still pending. */
  sealed interface Known {
    /** Nothing: it is another's, or still running. */
    record Nothing() implements Known {}

    /** The operation never ran, or may run again: its release is being sent. */
    record Released(int attempt) implements Known {}

    /** The operation ended, with an answer or in doubt: its record is being sent. */
    record Ended() implements Known {}
  }

  private static final Duration PENDING_RETRY = Duration.ofSeconds(1);

  /** What a claim does next. */
  sealed interface Decision {
    /** The store is to be written to. */
    sealed interface Write extends Decision {
      Stamp expected();

      KeyRecord next();
    }

    /**
     * Take the key.
     *
     * @param found the record that is taken, null if there was none
     * @param putBack the state that a withdrawal puts back; null over a lapsed lock, which lapses
     *     again by itself
     */
    record Take(
        Stamp expected, KeyRecord next, @Nullable KeyRecord found, @Nullable KeyState putBack)
        implements Write {
      boolean isTakeover() {
        return putBack == null;
      }
    }

    /** Mark a lapsed lock as in doubt. */
    record Mark(Stamp expected, KeyRecord next) implements Write {}

    /** The key is already held, by this very claim: a reply was lost. */
    record Mine(KeyRecord locked, Duration leaseLeft) implements Decision {}

    /** The recorded answer or failure is the answer. */
    record Replay(KeyRecord recorded) implements Decision {}

    /** Somebody holds the key. */
    record Held(Duration leaseLeft) implements Decision {}

    /** Nobody knows whether the effect was made. */
    record Doubt() implements Decision {}

    /** The key was used with another fingerprint. */
    record Reused(KeyRecord record) implements Decision {}
  }

  /** The decision where nothing is known to be live: try to be the first. */
  static Decision.Take claimNew(Request request, Stamps stamps, long nowMillis) {
    KeyRecord next =
        locked(request, stamps, nowMillis, 0)
            .attempt(1)
            .fingerprint(request.offered().first())
            .reference(request.key().reference())
            .build();
    return new Decision.Take(Stamp.ABSENT, next, null, KeyState.FAILED_RETRYABLE);
  }

  /**
   * The decision over a live record.
   *
   * @param known what this engine knows of the claim that the record bears
   * @throws IncomparableFingerprintException if no offered fingerprint can be compared
   */
  static Decision claim(
      Request request, StoredRecord live, Known known, Stamps stamps, long nowMillis) {
    KeyRecord record = live.record();
    // Own write first: its reply was lost, and its fingerprint is the first one offered anyway.
    if (stamps.drew(record.stamp())) {
      return record.state() == KeyState.LOCKED
          ? new Decision.Mine(record, live.leaseLeft())
          : new Decision.Doubt();
    }
    if (!isSameRequest(request, record)) {
      return new Decision.Reused(record);
    }
    return switch (record.state()) {
      case COMPLETED, FAILED_FINAL -> new Decision.Replay(record);
      case FAILED_RETRYABLE ->
          retake(request, record, record.attempt(), KeyState.FAILED_RETRYABLE, stamps, nowMillis);
      case FAILED_IN_DOUBT -> new Decision.Doubt();
      case LOCKED -> locked(request, live, known, stamps, nowMillis);
      case NEW -> throw new IllegalStateException("NEW is never stored");
    };
  }

  private static Decision locked(
      Request request, StoredRecord live, Known known, Stamps stamps, long nowMillis) {
    KeyRecord record = live.record();
    if (known instanceof Known.Released released) {
      return retake(
          request, record, released.attempt(), KeyState.FAILED_RETRYABLE, stamps, nowMillis);
    }
    if (known instanceof Known.Ended) {
      // The lease may be over, but the answer is on its way: a re-run would make the effect twice.
      return new Decision.Held(isRunning(live.leaseLeft()) ? live.leaseLeft() : PENDING_RETRY);
    }
    if (isRunning(live.leaseLeft())) {
      return new Decision.Held(live.leaseLeft());
    }
    return request.policy().mode() == Mode.RERUN
        ? retake(request, record, record.attempt(), null, stamps, nowMillis)
        : mark(request, record, stamps);
  }

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
    // operation never ran, so both may be put back.
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

  /**
   * Says whether so little is left of a lease that it must be renewed before the operation runs.
   */
  static boolean needsRenewal(Duration lease, Duration leaseLeft) {
    return leaseLeft.multipliedBy(3).compareTo(lease.multipliedBy(2)) < 0;
  }

  private static boolean isRunning(Duration leaseLeft) {
    return !leaseLeft.isNegative() && !leaseLeft.isZero();
  }

  private static boolean isSameRequest(Request request, KeyRecord record) {
    FingerprintDigest bound = record.fingerprint();
    return request
        .offered()
        .matching(bound.algorithm())
        .orElseThrow(
            () ->
                new IncomparableFingerprintException(
                    "operation %s, key %s: the record bears a fingerprint of %s, and only %s was"
                            .formatted(
                                request.key().operation(),
                                request.id().shortDigest(),
                                bound.algorithm(),
                                request.offered())
                        + " offered; offer the old one too until its records are gone"))
        .equals(bound);
  }

  private static Decision.Take retake(
      Request request,
      KeyRecord found,
      int attempts,
      @Nullable KeyState putBack,
      Stamps stamps,
      long nowMillis) {
    KeyRecord next =
        locked(request, stamps, nowMillis, found.fence())
            .attempt(attempts + 1)
            .fingerprint(found.fingerprint())
            .reference(found.reference().orElse(request.key().reference()))
            .slots(Slots.UNCHANGED)
            .build();
    return new Decision.Take(found.stamp(), next, found, putBack);
  }

  private static Decision.Mark mark(Request request, KeyRecord found, Stamps stamps) {
    KeyRecord next =
        found.toBuilder()
            .stamp(stamps.fresh())
            .state(KeyState.FAILED_IN_DOUBT)
            .slots(Slots.UNCHANGED)
            .lease(Duration.ZERO)
            .retention(request.policy().inDoubtRetention())
            .build();
    return new Decision.Mark(found.stamp(), next);
  }

  private static KeyRecord.Builder locked(
      Request request, Stamps stamps, long nowMillis, long previousFence) {
    return KeyRecord.builder()
        .keyId(request.id())
        .stamp(stamps.fresh())
        .state(KeyState.LOCKED)
        .fence(Math.max(previousFence + 1, nowMillis))
        .lease(request.policy().lease())
        .retention(request.policy().lockedRetention());
  }
}
