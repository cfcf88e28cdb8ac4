package io.idem4j;

import io.idem4j.KeyMachine.Settlement;
import io.idem4j.StoreCalls.Kind;
import io.idem4j.StoreCalls.Reply;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a held key: writes the completion or the failure until it is answered, first on the
 * caller's thread up to the store deadline, then in the background up to the maximum hold. A
 * failure to write it is never taken for a failure of the operation. Used by one thread at a time.
 */
final class Settling {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);
  private static final long FIRST_PAUSE = Duration.ofMillis(10).toNanos();
  private static final long LONGEST_PAUSE = Duration.ofMillis(250).toNanos();

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
  }

  private final HeldKey held;
  private final byte[] withoutBody;
  private StoreCalls.Write write;
  private boolean bodyDropped;

  private Settling(HeldKey held, KeyState state, Slots slots, byte[] withoutBody) {
    Stamp expected = held.end();
    if (expected == null) {
      throw new MisuseException(
          "operation %s, key %s: this lease was completed, failed or closed before"
              .formatted(held.request().key().operation(), held.request().id().shortDigest()));
    }
    this.held = held;
    this.withoutBody = withoutBody;
    this.write =
        held.calls()
            .write(expected, held.settled(state).stamp(held.stamps().fresh()).slots(slots).build());
  }

  /** Records that the operation completed; the body is dropped where it does not fit. */
  static Result complete(HeldKey held, byte[] payload, byte[] withoutBody) {
    return new Settling(held, KeyState.COMPLETED, Slots.of(payload, null), withoutBody).settle();
  }

  /** Records a failure that is an answer. */
  static Result failFinal(HeldKey held, byte[] payload, byte[] withoutBody) {
    return new Settling(held, KeyState.FAILED_FINAL, Slots.of(payload, null), withoutBody).settle();
  }

  /** Records a failure that is none: released, or in doubt. The checkpoint stays. */
  static Result fail(HeldKey held, KeyState state) {
    return new Settling(held, state, Slots.UNCHANGED, new byte[0]).settle();
  }

  private Result settle() {
    try {
      return settleInForeground();
    } finally {
      held.release();
    }
  }

  private Result settleInForeground() {
    Engine engine = held.engine();
    long end =
        held.subject().at(engine.timing().nanoTime())
            + held.request().policy().storeDeadline().toNanos();
    long pause = FIRST_PAUSE;
    try (InterruptGuard guard = new InterruptGuard()) {
      while (true) {
        Result result = send();
        guard.absorb();
        if (!(result instanceof Result.NotKnown)) {
          return result;
        }
        if (engine.timing().nanoTime() + pause - end >= 0) {
          resendInBackground();
          return result;
        }
        guard.pause(engine.timing(), pause / 2 + engine.random().nextLong(pause / 2 + 1));
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  private void resendInBackground() {
    KeyRecord wanted = write.next();
    boolean releases = wanted.state() == KeyState.FAILED_RETRYABLE;
    held.engine()
        .pending()
        .add(
            "the record " + wanted.state() + " of key " + wanted.keyId().shortDigest(),
            releases
                ? new PendingWrites.Release(held.record().stamp().grant(), wanted.attempt())
                : null,
            this::sendInBackground,
            held.holdEnd());
  }

  private boolean sendInBackground() {
    Result result = send();
    if (result instanceof Result.NotKnown) {
      return false;
    }
    if (result instanceof Result.Superseded || result instanceof Result.Lost) {
      held.subject().leaseLost("an answer that was given out could not be recorded");
    }
    held.engine().rooms().ring(held.request().id());
    return true;
  }

  /** Sends until there is an answer, or none for now. */
  private Result send() {
    while (true) {
      Reply reply = write.send();
      if (reply.kind() == Kind.APPLIED) {
        return new Result.Recorded();
      } else if (reply.kind() == Kind.REFUSED) {
        Settlement settlement;
        try {
          settlement = KeyMachine.settle(held.record(), write.next().state(), reply.live());
        } catch (KeyStoreException e) {
          held.subject().storeError(e);
          return new Result.NotKnown();
        }
        if (settlement instanceof Settlement.Done) {
          return new Result.Recorded();
        } else if (settlement instanceof Settlement.Superseded superseded) {
          return new Result.Superseded(superseded.recorded());
        } else if (settlement instanceof Settlement.Lost lost) {
          return new Result.Lost(lost.why());
        }
        // Each turn follows a write of this very claim, and no new ones are begun: it ends.
        rewrite(((Settlement.Follow) settlement).expected(), write.next().slots());
      } else if (reply.failure() instanceof PayloadTooLargeException tooLarge && !bodyDropped) {
        bodyDropped = true;
        log.warn(
            "operation {}, key {}: an answer of {} bytes is over the store's limit of {};"
                + " recorded without its body",
            held.request().key().operation(),
            held.request().id().shortDigest(),
            tooLarge.size(),
            tooLarge.limit());
        rewrite(write.expected(), Slots.of(withoutBody, null));
      } else {
        return new Result.NotKnown();
      }
    }
  }

  private void rewrite(Stamp expected, Slots slots) {
    KeyRecord next = write.next().toBuilder().stamp(held.stamps().fresh()).slots(slots).build();
    write = held.calls().write(expected, next);
  }
}
