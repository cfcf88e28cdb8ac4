package io.idem4j;

import static java.util.Objects.requireNonNull;

import io.idem4j.KeyMachine.Decision;
import io.idem4j.KeyMachine.Request;
import io.idem4j.Refusals.Settlement;
import io.idem4j.StoreCalls.Kind;
import io.idem4j.StoreCalls.Reply;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One claim of a key: sends what {@link KeyMachine} decides until the key is held or somebody
 * else's state is the answer. Never waits for another holder. For one thread.
 */
final class Claiming {
  private static final long TRANSIENT_BUDGET = Duration.ofSeconds(1).toNanos();

  private static final String NOT_RUN = "the operation was not run, retry later";

  /** How a claim ends. */
  sealed interface Answer {
    /** The key is held. */
    record Held(HeldKey key) implements Answer {}

    /** An answer or a failure is recorded. */
    record Recorded(KeyRecord record) implements Answer {}

    /** Somebody holds the key. */
    record InFlight(Duration retryAfter) implements Answer {}

    /** Nobody knows whether the effect was made. */
    record InDoubt(Optional<Duration> untilAsked) implements Answer {}

    /** The key was used with another fingerprint. */
    record Reused(KeyRecord record) implements Answer {}

    /** Nothing was to be done about the record that a scan showed. */
    record Left() implements Answer {}
  }

  private static final Duration BUSY_RETRY = Duration.ofSeconds(1);

  private final Engine engine;
  private final Request request;
  private final Events.Subject subject;
  private final StoreCalls calls;
  private Stamping stamps;
  private final OperationPolicy policy;
  private final long storeDeadline;
  private Decision.@Nullable Take taken;
  private @Nullable Stamp scanned;

  Claiming(Engine engine, Request request, Events.Subject subject) {
    this.engine = engine;
    this.request = request;
    this.subject = subject;
    this.calls = new StoreCalls(engine.store(), request.id(), subject);
    this.stamps = new Stamping(engine.grants());
    this.policy = request.policy();
    this.storeDeadline = policy.storeDeadline().toNanos();
  }

  /** Claims from the beginning. */
  Answer start() {
    return resume(calls.readsFirst() ? lookFirst() : Optional.empty());
  }

  /** Claims a record as a scan showed it, or not at all: for a completer. */
  Answer take(StoredRecord record) {
    scanned = record.stamp();
    return resume(Optional.of(record));
  }

  /** Claims from what is known to be live. */
  Answer resume(Optional<StoredRecord> seen) {
    long now = now();
    return pursue(decide(seen), now, now);
  }

  /** Looks at the store once, for those who wait; null if it could not be asked just now. */
  WaitingRooms.@Nullable Sight look() {
    try {
      return new WaitingRooms.Sight(calls.find());
    } catch (KeyStoreException e) {
      if (mayPass(e)) {
        return null;
      }
      throw e;
    }
  }

  private static boolean mayPass(KeyStoreException e) {
    return e.isTransient() || e.certainty() == KeyStoreException.Certainty.UNKNOWN;
  }

  private Decision decide(Optional<StoredRecord> live) {
    if (taken != null && live.filter(it -> stamps.drew(it.stamp())).isEmpty()) {
      forgetGrant();
    }
    long nowMillis = engine.timing().currentTimeMillis();
    if (live.isEmpty()) {
      return scanned == null
          ? KeyMachine.claimNew(request, stamps, nowMillis)
          : new Decision.Leave();
    }
    // Not by the stamp: a doubt that another marked is still its own holder's to settle.
    KeyMachine.Known known = engine.pending().of(live.get().record().grant());
    return scanned == null
        ? KeyMachine.claim(request, live.get(), known, stamps, nowMillis)
        : KeyMachine.complete(request, scanned, live.get(), known, stamps, nowMillis);
  }

  /**
   * What was sent may have been applied, and lost again meanwhile: who takes the key from here on
   * is another grant (I2), which a withdrawal of the earlier one does not follow. It is drawn when
   * the next write needs it.
   */
  private void forgetGrant() {
    stamps = new Stamping(engine.grants());
    taken = null;
  }

  private Answer pursue(Decision first, long firstSent, long begin) {
    try (InterruptGuard guard = new InterruptGuard()) {
      Decision decision = first;
      while (true) {
        if (decision instanceof Decision.Replay replay) {
          return new Answer.Recorded(replay.recorded());
        } else if (decision instanceof Decision.Held held) {
          return new Answer.InFlight(held.leaseLeft());
        } else if (decision instanceof Decision.Doubt doubt) {
          return new Answer.InDoubt(doubt.untilAsked());
        } else if (decision instanceof Decision.Reused reused) {
          return new Answer.Reused(reused.record());
        } else if (decision instanceof Decision.Leave) {
          return new Answer.Left();
        } else if (decision instanceof Decision.Mine mine) {
          Duration leaseLeft = mine.leaseLeft();
          return grant(
              mine.locked(), firstSent, firstSent, leaseLeft, requireNonNull(taken), guard);
        }
        long now = decision == first ? begin : now();
        if (now - firstSent - storeDeadline >= 0) {
          throw restless();
        }
        Decision.Write wanted = (Decision.Write) decision;
        if (wanted instanceof Decision.Take take) {
          taken = take;
        }
        long sentAt = subject.at(now);
        StoreCalls.Write write = calls.write(wanted.expected(), wanted.next());
        Reply reply = send(write, sentAt, false, guard);
        if (reply.kind() == Kind.BUSY) {
          return new Answer.InFlight(BUSY_RETRY);
        } else if (reply.kind() == Kind.APPLIED) {
          if (wanted instanceof Decision.Take take) {
            Duration leaseLeft = policy.lease().minusNanos(subject.at(now()) - sentAt);
            return grant(take.next(), firstSent, sentAt, leaseLeft, take, guard);
          }
          return new Answer.InDoubt(Optional.empty());
        } else if (reply.kind() != Kind.REFUSED) {
          if (reply.kind() == Kind.UNKNOWN && wanted instanceof Decision.Take take) {
            withdraw(take);
          }
          throw failed(reply);
        }
        decision = decide(reply.live());
      }
    }
  }

  /** The key is held; the operation may run as soon as enough of the lease is left. */
  private Answer grant(
      KeyRecord locked,
      long firstSent,
      long leaseFrom,
      Duration leaseLeft,
      Decision.Take take,
      InterruptGuard guard) {
    if (engine.isBound() || !KeyMachine.needsRenewal(policy.lease(), leaseLeft)) {
      return hold(locked, leaseFrom, take);
    }
    KeyRecord renewed = Refusals.renewal(policy, locked, stamps).build();
    long sentAt = now();
    Reply reply = send(calls.write(locked.stamp(), renewed), sentAt, true, guard);
    if (reply.kind() == Kind.APPLIED) {
      return hold(renewed, sentAt, take);
    }
    if (reply.kind() == Kind.REFUSED) {
      if (Refusals.renew(renewed, reply.live()) instanceof Settlement.Done) {
        return hold(renewed, sentAt, take);
      } else if (take.isTakeover() || !Refusals.isOwnDoubt(stamps, reply.live())) {
        // The deadline counts on: a claim that went on for ever could meet its record's next life.
        return pursue(decide(reply.live()), firstSent, now());
      }
      withdraw(take);
      forgetGrant();
      return new Answer.InFlight(BUSY_RETRY);
    }
    withdraw(new Decision.Take(locked.stamp(), renewed, take.found(), take.putBack()));
    throw failed(reply);
  }

  private Answer hold(KeyRecord locked, long leaseFrom, Decision.Take take) {
    // The renewals begin before the listener is told, however long that takes.
    Grant earlier = (take.found() == null ? locked : take.found()).grant();
    var checkpoint =
        new CheckpointSlot(take.found() == null ? null : take.found().slots().checkpoint());
    HeldKey held;
    try {
      held =
          new HeldKey(
              engine, request, locked, earlier, checkpoint, stamps, calls, subject, leaseFrom);
    } catch (Throwable e) {
      withdraw(take, locked);
      throw e;
    }
    subject.holds(locked.attempt(), locked.fence());
    if (take.isTakeover()) {
      subject.tell("takenOver", IdempotencyListener::takenOver);
    } else {
      subject.tell("claimed", IdempotencyListener::claimed);
    }
    return new Answer.Held(held);
  }

  /**
   * Sends a write until it is settled. Before the first UNKNOWN, refused for good ends it at once,
   * and a passing refusal after a second; after it, only the store deadline does. Busy ends a
   * claim, for which it is an answer.
   */
  private Reply send(
      StoreCalls.Write write, long sentAt, boolean outlastBusy, InterruptGuard guard) {
    Reply reply = write.send();
    guard.absorb();
    // What belongs to a transaction is never sent again: it may be gone with the transaction.
    return engine.isBound() || !isOpen(reply, outlastBusy)
        ? reply
        : sendAgain(write, reply, sentAt, outlastBusy, guard);
  }

  private Reply sendAgain(
      StoreCalls.Write write, Reply first, long sentAt, boolean outlastBusy, InterruptGuard guard) {
    Backoff backoff = new Backoff(engine, guard);
    long deadline = sentAt + storeDeadline;
    long transientEnd = Math.min(sentAt + TRANSIENT_BUDGET, deadline);
    Reply reply = first;
    while (isOpen(reply, outlastBusy)
        && backoff.pause(reply.kind() == Kind.UNKNOWN ? deadline : transientEnd)) {
      reply = write.send();
      guard.absorb();
    }
    return reply;
  }

  private static boolean isOpen(Reply reply, boolean outlastBusy) {
    return switch (reply.kind()) {
      case APPLIED, REFUSED, PERMANENT -> false;
      case BUSY -> outlastBusy;
      case TRANSIENT, UNKNOWN -> true;
    };
  }

  /**
   * Looks once, before anything is drawn or sent. What may pass is left to the claim, which
   * insists, and so is what a replica said: plain reads may be led to one where writes are not.
   */
  private Optional<StoredRecord> lookFirst() {
    try (InterruptGuard guard = new InterruptGuard()) {
      try {
        return calls.find();
      } catch (KeyStoreException e) {
        guard.absorb();
        if (mayPass(e) || e.reason() == KeyStoreException.Reason.READ_ONLY) {
          return Optional.empty();
        }
        throw failed(e);
      }
    }
  }

  /** Puts back what a claim found whose last write is this one. */
  private void withdraw(Decision.Take take, KeyRecord locked) {
    withdraw(new Decision.Take(take.expected(), locked, take.found(), take.putBack()));
  }

  /** Puts back, in the background, what the unresolved claim found: its operation will not run. */
  private void withdraw(Decision.Take take) {
    if (engine.isBound()) {
      // The transaction is rolled back.
      return;
    }
    Optional<KeyRecord> putBack = Refusals.withdrawal(policy, take, stamps);
    if (putBack.isPresent()) {
      Withdrawing withdrawing =
          new Withdrawing(engine, calls, stamps, take.expected(), take.next(), putBack.get());
      engine
          .pending()
          .add(
              "the withdrawal of a claim of key " + request.id().shortDigest(),
              take.next().stamp().grant(),
              putBack.get().state() == KeyState.FAILED_RETRYABLE
                  ? new KeyMachine.Known.Released(putBack.get().attempt())
                  : new KeyMachine.Known.Ended(),
              withdrawing::send,
              now() + policy.lease().toNanos());
    }
  }

  /** Gives back a key that this claim got, and whose operation was never begun. */
  void giveBack(HeldKey held) {
    Stamp current = held.end();
    if (current == null) {
      return;
    }
    Decision.Take take = requireNonNull(taken);
    KeyRecord locked = take.next().toBuilder().stamp(current).build();
    withdraw(take, locked);
    held.release();
  }

  private KeyStoreException failed(Reply reply) {
    return reply.kind() == Kind.UNKNOWN
        ? KeyStoreException.unknown(
            request.describe()
                + ": the store did not say whether the claim was applied; "
                + NOT_RUN,
            reply.error())
        : failed(reply.failure());
  }

  /** Returns the same error, with what it means for the caller. */
  KeyStoreException failed(KeyStoreException error) {
    String message = request.describe() + ": the store failed (" + error.reason() + "); " + NOT_RUN;
    return error.certainty() == KeyStoreException.Certainty.UNKNOWN
        ? KeyStoreException.unknown(message, error)
        : KeyStoreException.notApplied(error.reason(), message, error);
  }

  private KeyStoreException restless() {
    return KeyStoreException.notApplied(
        KeyStoreException.Reason.CONFLICT,
        request.describe() + ": its record changed for as long as the store deadline; " + NOT_RUN,
        null);
  }

  private long now() {
    return engine.timing().nanoTime();
  }
}
