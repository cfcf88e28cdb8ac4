package io.idem4j;

import io.idem4j.Refusals.Settlement;
import io.idem4j.StoreCalls.Kind;
import io.idem4j.StoreCalls.Reply;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a held key: writes the completion or the failure until it is answered, first on the
 * caller's thread up to the store deadline, then in the background up to the maximum hold. A
 * failure to write it is never taken for a failure of the operation. Used by one thread at a time.
 */
final class Settling {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);

  private static final int MOST_TURNS = 16;

  /** What became of it. */
  sealed interface Result {
    /** It is recorded. */
    record Recorded() implements Result {}

    /** It is not known to be recorded, and is being re-sent. */
    record NotKnown() implements Result {}

    /** Another's answer to the same request was recorded first. */
    record Superseded(KeyRecord recorded) implements Result {}

    /** The key is another's, or its record is gone; nothing was changed. */
    record Lost(String why) implements Result {}

    /** The only instance of {@link Recorded} that is needed. */
    Result RECORDED = new Recorded();
  }

  private final HeldKey held;
  private final Iterable<Supplier<byte[]>> smaller;
  private @Nullable Iterator<Supplier<byte[]>> smallerLeft;
  private StoreCalls.Write write;

  private Settling(HeldKey held, KeyState state, Slots slots, Iterable<Supplier<byte[]>> smaller) {
    this(held, held.settled(state).slots(slots), smaller);
  }

  private Settling(HeldKey held, KeyRecord.Builder settled, Iterable<Supplier<byte[]>> smaller) {
    held.requireNotSuspended();
    // Built before the lease ends: whatever throws here leaves it to be settled otherwise.
    KeyRecord wanted = settled.stamp(held.stamps().fresh()).build();
    Stamp expected = held.end();
    if (expected == null) {
      throw settledBefore(held);
    }
    this.held = held;
    this.smaller = smaller;
    this.write = held.calls().write(expected, wanted);
  }

  static MisuseException settledBefore(HeldKey held) {
    return new MisuseException(
        held.request().describe() + ": this lease was completed, failed or closed before");
  }

  /**
   * Records that the operation completed.
   *
   * @param smaller what is recorded instead where the store says that it does not fit, one after
   *     the other; the last one fits into every store (I44)
   */
  static Result complete(HeldKey held, byte[] payload, Iterable<Supplier<byte[]>> smaller) {
    return new Settling(held, KeyState.COMPLETED, Slots.of(payload, null), smaller).settle();
  }

  /** Records a failure that is an answer. */
  static Result failFinal(HeldKey held, byte[] payload, Iterable<Supplier<byte[]>> smaller) {
    return new Settling(held, KeyState.FAILED_FINAL, Slots.of(payload, null), smaller).settle();
  }

  /** Records a failure that is none: released, or in doubt. The checkpoint stays, or is carried. */
  static Result fail(HeldKey held, KeyState state) {
    Slots slots = held.checkpoint().slots();
    // Refused meanwhile: what was done would be done again.
    KeyState end = held.checkpoint().isTooLarge() ? KeyState.FAILED_IN_DOUBT : state;
    return new Settling(held, end, slots, List.of()).settle();
  }

  /**
   * Records that a recovery could not tell. The operation was not started, and the earlier holder,
   * if it lives, may still settle what is its own. The checkpoint stays.
   */
  static Result unrecovered(HeldKey held) {
    KeyRecord.Builder unrecovered =
        held.settled(KeyState.FAILED_IN_DOUBT)
            .attempt(held.record().attempt() - 1)
            .grant(held.earlier())
            .lease(held.request().policy().recoveryPause());
    return new Settling(held, unrecovered.slots(Slots.UNCHANGED), List.of()).settle();
  }

  /** Records that nothing was done under this lock, nor before it. The checkpoint stays. */
  static Result released(HeldKey held) {
    return new Settling(
            held,
            held.settled(KeyState.FAILED_RETRYABLE)
                .attempt(held.record().attempt() - 1)
                .slots(Slots.UNCHANGED),
            List.of())
        .settle();
  }

  private Result settle() {
    try {
      return settleInForeground();
    } finally {
      held.release();
    }
  }

  private Result settleInForeground() {
    // What belongs to a transaction is never sent again: it may be gone with the transaction.
    boolean isBound = held.engine().isBound();
    long end =
        held.subject().at(held.engine().timing().nanoTime())
            + held.request().policy().storeDeadline().toNanos();
    try (InterruptGuard guard = new InterruptGuard()) {
      Backoff backoff = new Backoff(held.engine(), guard);
      Result result;
      do {
        result = send();
        guard.absorb();
      } while (result instanceof Result.NotKnown && !isBound && backoff.pause(end));
      if (result instanceof Result.NotKnown && !isBound) {
        resendInBackground(end - held.request().policy().storeDeadline().toNanos());
      }
      if (result instanceof Result.NotKnown && isBound) {
        throw KeyStoreException.unknown(
            held.request().describe() + ": its transaction took no record of the end; roll it back",
            null);
      }
      return result;
    }
  }

  private void resendInBackground(long firstSent) {
    // Not past its own retention: what was applied then would be gone, and look like a loss (S8).
    KeyRecord wanted = write.next();
    KeyMachine.Known known =
        wanted.state() == KeyState.FAILED_RETRYABLE && wanted.slots().isUnchanged()
            ? new KeyMachine.Known.Released(wanted.attempt())
            : new KeyMachine.Known.Ended();
    held.engine()
        .pending()
        .add(
            "the record " + wanted.state() + " of key " + wanted.keyId().shortDigest(),
            held.record().stamp().grant(),
            known,
            this::sendInBackground,
            Math.min(held.holdEnd() - firstSent, wanted.retention().toNanos()) + firstSent);
  }

  private boolean sendInBackground() {
    Result result = send();
    if (result instanceof Result.NotKnown) {
      return false;
    }
    if (!(result instanceof Result.Recorded) && write.next().state().isTerminal()) {
      held.subject().leaseLost("an answer that was given out could not be recorded");
    }
    held.engine().rooms().ring(held.request().id());
    return true;
  }

  /** Sends until there is an answer, or none for now. */
  private Result send() {
    // Each turn follows another write of this very claim, and no new ones are begun; a store whose
    // refusals go on for ever is asked again later.
    for (int turn = 0; turn < MOST_TURNS; turn++) {
      Reply reply = write.send();
      if (reply.kind() == Kind.APPLIED) {
        return Result.RECORDED;
      } else if (reply.kind() == Kind.REFUSED) {
        Settlement settlement;
        try {
          settlement = Refusals.settle(held.record(), write.next().state(), reply.live());
        } catch (KeyStoreException e) {
          held.subject().storeError(e);
          return new Result.NotKnown();
        }
        if (settlement instanceof Settlement.Done && !isToBeCarried(reply.live())) {
          return Result.RECORDED;
        } else if (settlement instanceof Settlement.Done) {
          write = write.over(reply.live().orElseThrow().record(), held.stamps().fresh());
          continue;
        } else if (settlement instanceof Settlement.Superseded superseded) {
          return new Result.Superseded(superseded.recorded());
        } else if (settlement instanceof Settlement.Lost lost) {
          return new Result.Lost(lost.why());
        }
        write = write.over(reply.live().orElseThrow().record(), held.stamps().fresh());
      } else if (reply.error() instanceof PayloadTooLargeException
          && write.next().slots().checkpoint() != null) {
        log.warn("{}: a step cannot be recorded; in doubt", held.request().describe());
        KeyRecord.Builder doubt =
            held.settled(KeyState.FAILED_IN_DOUBT)
                .fence(write.next().fence())
                .slots(Slots.UNCHANGED);
        write = held.calls().write(write.expected(), doubt.stamp(held.stamps().fresh()).build());
      } else if (reply.error() instanceof PayloadTooLargeException tooLarge) {
        if (smallerLeft == null) {
          smallerLeft = smaller.iterator();
        }
        byte[] payload = smallerThan(write.next().slots().payload(), smallerLeft);
        if (payload == null) {
          return new Result.NotKnown();
        }
        log.warn(
            "{}: an answer of {} bytes is over the store's limit of {}; recorded without its body",
            held.request().describe(),
            tooLarge.size(),
            tooLarge.limit());
        rewrite(write.expected(), Slots.of(payload, null));
      } else {
        return new Result.NotKnown();
      }
    }
    return new Result.NotKnown();
  }

  /**
   * Somebody marked this grant as in doubt, and does not know the last steps, or that nothing ran
   * under it and the doubt is an earlier holder's.
   */
  private boolean isToBeCarried(Optional<StoredRecord> live) {
    Grant own = held.record().stamp().grant();
    boolean saysMore =
        write.next().slots().checkpoint() != null || !write.next().grant().equals(own);
    return saysMore && live.filter(it -> it.stamp().isOf(own)).isEmpty();
  }

  /** What was refused is not offered again under another name. */
  static byte @Nullable [] smallerThan(
      byte @Nullable [] refused, Iterator<Supplier<byte[]>> smaller) {
    while (refused != null && smaller.hasNext()) {
      byte[] next = smaller.next().get();
      if (next.length < refused.length) {
        return next;
      }
    }
    return null;
  }

  private void rewrite(Stamp expected, Slots slots) {
    KeyRecord next = write.next().toBuilder().stamp(held.stamps().fresh()).slots(slots).build();
    write = held.calls().write(expected, next);
  }
}
