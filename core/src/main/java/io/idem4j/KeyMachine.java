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

    /**
     * Nobody knows whether the effect was made.
     *
     * @param untilAsked after what time the recovery is asked again; empty without one
     */
    record Doubt(Optional<Duration> untilAsked) implements Decision {}

    /** The key was used with another fingerprint. */
    record Reused(KeyRecord record) implements Decision {}

    /** The record is not what a completer saw, or not its turn yet. */
    record Leave() implements Decision {}
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
   * @throws KeyStoreException if the key is free, and its steps cannot be read
   */
  static Decision claim(
      Request request, StoredRecord live, Known known, Stamps stamps, long nowMillis) {
    KeyRecord record = live.record();
    // Own write first: its reply was lost, and its fingerprint is the first one offered anyway.
    if (stamps.drew(record.stamp())) {
      return record.state() == KeyState.LOCKED
          ? new Decision.Mine(record, live.leaseLeft())
          : doubt(request, live);
    }
    if (!isSameRequest(request, record)) {
      return new Decision.Reused(record);
    }
    return switch (record.state()) {
      case COMPLETED, FAILED_FINAL -> new Decision.Replay(record);
      case FAILED_RETRYABLE ->
          retake(request, record, record.attempt(), KeyState.FAILED_RETRYABLE, stamps, nowMillis);
      case FAILED_IN_DOUBT ->
          request.policy().mode() == Mode.RECOVER
                  && !isRunning(live.leaseLeft())
                  && !(known instanceof Known.Ended)
              ? retake(
                  request, record, record.attempt(), KeyState.FAILED_IN_DOUBT, stamps, nowMillis)
              : doubt(request, live);
      case LOCKED -> locked(request, live, known, stamps, nowMillis);
      case NEW -> throw new IllegalStateException("NEW is never stored");
    };
  }

  /**
   * Says whether {@link #claim} would replay this record to a claim that has written nothing yet.
   *
   * @throws IncomparableFingerprintException if no offered fingerprint can be compared
   */
  static boolean isAnswered(Request request, KeyRecord record) {
    return record.state().isTerminal() && isSameRequest(request, record);
  }

  /**
   * The decision of a completer, which knows no more of a request than the record that a scan
   * showed: it takes that very record, if it waits for somebody, or none. What became of it since
   * is another's doing, and seen by the next scan.
   */
  static Decision complete(
      Request request, Stamp scanned, StoredRecord live, Known known, Stamps stamps, long millis) {
    KeyRecord record = live.record();
    if (stamps.drew(record.stamp()) && record.state() == KeyState.LOCKED) {
      return new Decision.Mine(record, live.leaseLeft());
    }
    boolean waits =
        record.stamp().equals(scanned)
            && known instanceof Known.Nothing
            && !isRunning(live.leaseLeft());
    if (waits && record.state() == KeyState.LOCKED) {
      return retake(request, record, record.attempt(), null, stamps, millis);
    } else if (waits
        && record.state() == KeyState.FAILED_IN_DOUBT
        && request.policy().mode() != Mode.RERUN) {
      return retake(request, record, record.attempt(), record.state(), stamps, millis);
    }
    return new Decision.Leave();
  }

  private static Decision.Doubt doubt(Request request, StoredRecord live) {
    return new Decision.Doubt(
        request.policy().mode() == Mode.RECOVER
            ? Optional.of(isRunning(live.leaseLeft()) ? live.leaseLeft() : PENDING_RETRY)
            : Optional.empty());
  }

  /**
   * Says whether the recovery is asked before the operation runs under this lock: whenever an
   * earlier attempt may have started.
   */
  static boolean asksRecovery(OperationPolicy policy, KeyRecord locked) {
    return policy.mode() == Mode.RECOVER && locked.attempt() > 1;
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
    return request.policy().mode() == Mode.HOLD
        ? mark(request, record, stamps)
        : retake(request, record, record.attempt(), null, stamps, nowMillis);
  }

  /**
   * Says whether so little is left of a lease that it must be renewed before the operation runs.
   */
  static boolean needsRenewal(Duration lease, Duration leaseLeft) {
    // Rounded up, and what is left is not multiplied: it may be any time in the past.
    return leaseLeft.toNanos() < (lease.toNanos() * 2 + 2) / 3;
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
    // Steps that cannot be read would be made again (S10).
    RecordedSteps.requireReadable(found.keyId(), found.slots().checkpoint());
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
