package io.idem4j;

import io.idem4j.StoreCalls.Kind;
import io.idem4j.StoreCalls.Reply;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an operator, or a program that looks after abandoned keys, may do to the records of one
 * operation. Each takes the bare {@link KeyId}, which is all that a scan or a log line has. Made by
 * {@link Operation#admin}; safe for use by many threads.
 *
 * <p>All of them throw {@link KeyStoreException} if the store could not be asked, or did not say
 * whether a write was applied: then look again, and repeat. Nothing is re-sent in the background.
 *
 * @param <T> the type of the operation's answers
 */
public final class KeyAdmin<T extends @Nullable Object> {
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final Engine engine;
  private final Operation<T> operation;

  KeyAdmin(Engine engine, Operation<T> operation) {
    this.engine = engine;
    this.operation = operation;
  }

  /**
   * What a record says, without its answer. Immutable.
   *
   * @param state the state
   * @param reference what the record is about, if its claimer or holder said
   * @param attempt how many times the operation may have started
   * @param fence of the claim that last ran
   * @param leaseLeft while LOCKED, what is left of the lease: none if the holder died or stalled;
   *     while IN_DOUBT, after what time the recovery is asked next
   * @param retentionLeft after what time the record is absent
   */
  public record Inspection(
      KeyState state,
      Optional<String> reference,
      int attempt,
      long fence,
      Duration leaseLeft,
      Duration retentionLeft) {
    static Inspection of(StoredRecord live) {
      return new Inspection(
          live.record().state(),
          live.record().reference(),
          live.record().attempt(),
          live.record().fence(),
          atLeastZero(live.leaseLeft()),
          live.retentionLeft());
    }

    @Override
    public String toString() {
      return "Inspection[%s attempt=%d fence=%d]".formatted(state, attempt, fence);
    }
  }

  /** What became of a request to change a record. */
  public enum Result {
    /** It was changed. */
    DONE,
    /** There is no live record. */
    ABSENT,
    /** A holder's lease runs; nothing was changed. */
    RUNNING,
    /** Its state allows no such change: it is settled, or was never in doubt. */
    NOT_IN_DOUBT
  }

  /**
   * Returns what is recorded under a key; empty if nothing is. No effect.
   *
   * @throws KeyStoreException if the store cannot be asked, or the record cannot be read
   */
  public Optional<Inspection> inspect(KeyId id) {
    return read(id).map(Inspection::of);
  }

  /**
   * Returns the steps that are done under a key: what a failed or abandoned attempt left behind,
   * such as a draft to be removed before the key is failed or forgotten. None if nothing is
   * recorded, or the key has its answer. No effect.
   *
   * @throws KeyStoreException if the store cannot be asked, or the record cannot be read
   */
  public RecordedSteps steps(KeyId id) {
    return RecordedSteps.open(
        operation.name(),
        id,
        read(id).map(live -> live.record().slots().checkpoint()).orElse(null));
  }

  private static Duration atLeastZero(Duration time) {
    return time.isNegative() ? Duration.ZERO : time;
  }

  /**
   * Settles a key that is in doubt: the effect was made, and this is the answer. Every retry gets
   * it from here on. One atomic write; safe to repeat: it then finds the key settled.
   *
   * <p>A lock whose lease is over counts as in doubt under every policy but {@link
   * OperationPolicy#rerun}. Its holder, should it still live, cannot record anything any more.
   *
   * @return {@link Result#DONE}, or why nothing was changed
   */
  public Result complete(KeyId id, T answer) {
    byte[] payload = operation.answers().seal(answer, id);
    return resolve(id, KeyState.COMPLETED, Slots.of(payload, null));
  }

  /**
   * Settles a key that is in doubt: the effect was not made, and cannot be made any more by an
   * earlier attempt. The next call runs the operation. As {@link #complete}.
   */
  public Result release(KeyId id) {
    return resolve(id, KeyState.FAILED_RETRYABLE, Slots.UNCHANGED);
  }

  /**
   * Settles a key that is in doubt: it failed for good, and this is the failure. Every retry gets
   * it from here on. As {@link #complete}.
   */
  public Result fail(KeyId id, RecordedFailure failure) {
    byte[] payload = operation.answers().seal(failure);
    return resolve(id, KeyState.FAILED_FINAL, Slots.of(payload, null));
  }

  /**
   * Erases what is recorded under a key, answer, failure and doubt included: the next call runs as
   * a first one. Refused while a lease runs. One atomic write; safe to repeat.
   *
   * @return {@link Result#DONE}, {@link Result#ABSENT} or {@link Result#RUNNING}
   */
  public Result forget(KeyId id) {
    return change(
        id,
        Result.DONE,
        (live, stamps) -> {
          KeyRecord record = live.record();
          if (record.state() == KeyState.LOCKED && runs(live)) {
            return new Step(Result.RUNNING, null);
          }
          return new Step(
              Result.DONE,
              record.toBuilder()
                  .stamp(stamps.fresh())
                  .state(KeyState.FAILED_RETRYABLE)
                  .reference(null)
                  .slots(Slots.EMPTY)
                  .lease(Duration.ZERO)
                  .retention(Duration.ZERO)
                  .build());
        });
  }

  private Result resolve(KeyId id, KeyState to, Slots slots) {
    OperationPolicy policy = operation.policy();
    return change(
        id,
        Result.ABSENT,
        (live, stamps) -> {
          KeyRecord record = live.record();
          if (record.state() == KeyState.LOCKED && runs(live)) {
            return new Step(Result.RUNNING, null);
          }
          boolean isAbandoned =
              record.state() == KeyState.LOCKED && policy.mode() != OperationPolicy.Mode.RERUN;
          if (record.state() != KeyState.FAILED_IN_DOUBT && !isAbandoned) {
            return new Step(Result.NOT_IN_DOUBT, null);
          }
          return new Step(
              Result.DONE,
              record.toBuilder()
                  .stamp(stamps.fresh())
                  .state(to)
                  .slots(slots)
                  .lease(Duration.ZERO)
                  .retention(policy.retentionOf(to))
                  .build());
        });
  }

  private static boolean runs(StoredRecord live) {
    return !live.leaseLeft().isNegative() && !live.leaseLeft().isZero();
  }

  /** What is to be written, and what has become of the request once it is. */
  private record Step(Result result, @Nullable KeyRecord next) {}

  /** Decides over the record as it is. */
  private interface Change {
    Step over(StoredRecord live, Stamping stamps);
  }

  private Optional<StoredRecord> read(KeyId id) {
    return calls(id).find();
  }

  private StoreCalls calls(KeyId id) {
    Events.Subject subject =
        engine.events().about(operation.name(), id, engine.timing().nanoTime());
    return new StoreCalls(engine.store(), id, subject);
  }

  /**
   * Looks, and writes what the change makes of what is there, until that is settled.
   *
   * @param gone the result where the record was there and is not any more
   */
  private Result change(KeyId id, Result gone, Change change) {
    StoreCalls calls = calls(id);
    Stamping stamps = new Stamping(engine.grants());
    long end = engine.timing().nanoTime() + DEADLINE.toNanos();
    Optional<StoredRecord> live = calls.find();
    boolean isSent = false;
    try (InterruptGuard guard = new InterruptGuard()) {
      Backoff backoff = new Backoff(engine, guard);
      while (live.isPresent()) {
        if (stamps.drew(live.get().stamp())) {
          return Result.DONE;
        }
        Step step = change.over(live.get(), stamps);
        if (step.next() == null) {
          return step.result();
        }
        StoreCalls.Write write = calls.write(live.get().stamp(), step.next());
        isSent = true;
        Reply reply = write.send();
        boolean wasUnknown = reply.kind() == Kind.UNKNOWN;
        guard.absorb();
        while (mayPass(reply) && backoff.pause(end)) {
          reply = write.send();
          wasUnknown |= reply.kind() == Kind.UNKNOWN;
          guard.absorb();
        }
        if (reply.kind() == Kind.APPLIED) {
          return step.result();
        } else if (reply.kind() != Kind.REFUSED) {
          throw failed(id, reply);
        }
        live = reply.live();
        if (wasUnknown && live.isPresent() && !stamps.drew(live.get().stamp())) {
          // Applied perhaps, and followed by another run: that one's record is not what was meant.
          throw KeyStoreException.unknown(
              describe(id) + ": its record is another by now, and may have been changed before",
              null);
        }
        if (live.isPresent() && engine.timing().nanoTime() - end >= 0) {
          throw KeyStoreException.notApplied(
              KeyStoreException.Reason.CONFLICT,
              describe(id) + ": its record keeps changing",
              null);
        }
      }
    }
    return isSent ? gone : Result.ABSENT;
  }

  private static boolean mayPass(Reply reply) {
    return switch (reply.kind()) {
      case BUSY, TRANSIENT, UNKNOWN -> true;
      case APPLIED, REFUSED, PERMANENT -> false;
    };
  }

  private KeyStoreException failed(KeyId id, Reply reply) {
    String message = describe(id) + ": the store failed (" + reply.failure().reason() + ")";
    return reply.kind() == Kind.UNKNOWN
        ? KeyStoreException.unknown(message + ", and may have changed the record", reply.failure())
        : KeyStoreException.notApplied(reply.failure().reason(), message, reply.failure());
  }

  private String describe(KeyId id) {
    return "operation %s, key %s".formatted(operation.name(), id.shortDigest());
  }

  @Override
  public String toString() {
    return "KeyAdmin[" + operation + "]";
  }
}
