package io.idem4j;

import static java.util.Objects.requireNonNull;

import io.idem4j.KeyMachine.Decision;
import io.idem4j.KeyMachine.Request;
import io.idem4j.KeyMachine.Settlement;
import io.idem4j.StoreCalls.Kind;
import io.idem4j.StoreCalls.Reply;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Slots;
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
    record InDoubt() implements Answer {}

    /** The key was used with another fingerprint. */
    record Reused() implements Answer {}
  }

  private static final Duration BUSY_RETRY = Duration.ofSeconds(1);

  private final Engine engine;
  private final Request request;
  private final Events.Subject subject;
  private final StoreCalls calls;
  private final Stamping stamps;
  private final OperationPolicy policy;
  private final long storeDeadline;
  private Decision.@Nullable Take taken;

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
    if (engine.store() instanceof ReadFirst) {
      Optional<StoredRecord> found = lookInsistently();
      if (found.isPresent()) {
        return pursue(decide(found.get()));
      }
    }
    return pursue(claimNew());
  }

  /** Claims again from what is live by now. */
  Answer resume(Optional<StoredRecord> seen) {
    return pursue(seen.isPresent() ? decide(seen.get()) : claimNew());
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

  private Decision claimNew() {
    return KeyMachine.claimNew(request, stamps, engine.timing().currentTimeMillis());
  }

  private Decision decide(StoredRecord live) {
    return KeyMachine.claim(
        request,
        live,
        engine.pending().of(live.stamp()),
        stamps,
        engine.timing().currentTimeMillis());
  }

  private Answer pursue(Decision first) {
    try (InterruptGuard guard = new InterruptGuard()) {
      long firstSent = now();
      Decision decision = first;
      while (true) {
        if (decision instanceof Decision.Replay replay) {
          return new Answer.Recorded(replay.recorded());
        } else if (decision instanceof Decision.Held held) {
          return new Answer.InFlight(held.leaseLeft());
        } else if (decision instanceof Decision.Doubt) {
          return new Answer.InDoubt();
        } else if (decision instanceof Decision.Reused) {
          return new Answer.Reused();
        } else if (decision instanceof Decision.Mine mine) {
          return grant(mine.locked(), firstSent, mine.leaseLeft(), requireNonNull(taken), guard);
        }
        long sentAt = subject.at(now());
        Reply reply;
        if (decision instanceof Decision.Take take) {
          taken = take;
          StoreCalls.Write write = calls.write(take.expected(), take.next());
          reply = send(write, sentAt + storeDeadline, false, guard);
          if (reply.kind() == Kind.APPLIED) {
            Duration leaseLeft = policy.lease().minusNanos(subject.at(now()) - sentAt);
            return grant(take.next(), sentAt, leaseLeft, take, guard);
          } else if (reply.kind() == Kind.UNKNOWN) {
            withdraw(take);
          }
        } else {
          Decision.Mark mark = (Decision.Mark) decision;
          StoreCalls.Write write = calls.write(mark.expected(), mark.next());
          reply = send(write, sentAt + storeDeadline, false, guard);
          if (reply.kind() == Kind.APPLIED) {
            return new Answer.InDoubt();
          }
        }
        if (reply.kind() == Kind.BUSY) {
          return new Answer.InFlight(BUSY_RETRY);
        } else if (reply.kind() != Kind.REFUSED) {
          throw failed(reply);
        }
        decision = reply.live().isPresent() ? decide(reply.live().get()) : claimNew();
        boolean writes = decision instanceof Decision.Take || decision instanceof Decision.Mark;
        if (writes && now() - firstSent - storeDeadline >= 0) {
          throw restless();
        }
      }
    }
  }

  /** The key is held; the operation may run as soon as enough of the lease is left. */
  private Answer grant(
      KeyRecord locked,
      long leaseFrom,
      Duration leaseLeft,
      Decision.Take take,
      InterruptGuard guard) {
    if (!KeyMachine.needsRenewal(policy.lease(), leaseLeft)) {
      return hold(locked, leaseFrom, take);
    }
    KeyRecord renewed =
        locked.toBuilder()
            .stamp(stamps.fresh())
            .slots(Slots.UNCHANGED)
            .lease(policy.lease())
            .retention(policy.lockedRetention())
            .build();
    long sentAt = now();
    Reply reply = send(calls.write(locked.stamp(), renewed), sentAt + storeDeadline, true, guard);
    if (reply.kind() == Kind.APPLIED) {
      return hold(renewed, sentAt, take);
    }
    if (reply.kind() == Kind.REFUSED) {
      return KeyMachine.renew(renewed, reply.live()) instanceof Settlement.Done
          ? hold(renewed, sentAt, take)
          : resumeRefused(reply.live());
    }
    withdraw(new Decision.Take(locked.stamp(), renewed, take.found(), take.putBack()));
    throw failed(reply);
  }

  private Answer resumeRefused(Optional<StoredRecord> live) {
    return pursue(live.isPresent() ? decide(live.get()) : claimNew());
  }

  private Answer hold(KeyRecord locked, long leaseFrom, Decision.Take take) {
    // The renewals begin before the listener is told, however long that takes.
    HeldKey held = new HeldKey(engine, request, locked, stamps, calls, subject, leaseFrom);
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
      StoreCalls.Write write, long deadline, boolean outlastBusy, InterruptGuard guard) {
    Backoff backoff = new Backoff(engine, guard);
    long begin = now();
    long transientEnd = Math.min(begin + TRANSIENT_BUDGET, deadline);
    Reply reply;
    long end;
    do {
      reply = write.send();
      guard.absorb();
      end =
          switch (reply.kind()) {
            case APPLIED, REFUSED, PERMANENT -> begin;
            case BUSY -> outlastBusy ? transientEnd : begin;
            case TRANSIENT -> transientEnd;
            case UNKNOWN -> deadline;
          };
    } while (backoff.pause(end));
    return reply;
  }

  /**
   * A read changes nothing, so whatever failed may be repeated, for as long as a write would be.
   */
  private Optional<StoredRecord> lookInsistently() {
    try (InterruptGuard guard = new InterruptGuard()) {
      Backoff backoff = new Backoff(engine, guard);
      long end = now() + Math.min(TRANSIENT_BUDGET, storeDeadline);
      while (true) {
        try {
          return calls.find();
        } catch (KeyStoreException e) {
          guard.absorb();
          if (!mayPass(e) || !backoff.pause(end)) {
            throw failed(e);
          }
        }
      }
    }
  }

  /** Puts back, in the background, what the unresolved claim found: its operation will not run. */
  private void withdraw(Decision.Take take) {
    Optional<KeyRecord> putBack = KeyMachine.withdrawal(policy, take, stamps);
    if (putBack.isPresent()) {
      Withdrawing withdrawing =
          new Withdrawing(engine, calls, stamps, take.expected(), take.next(), putBack.get());
      engine
          .pending()
          .add(
              "the withdrawal of a claim of key " + request.id().shortDigest(),
              take.next().stamp().grant(),
              new KeyMachine.Known.Released(putBack.get().attempt()),
              withdrawing::send,
              now() + policy.lease().toNanos());
    }
  }

  private KeyStoreException failed(Reply reply) {
    return reply.kind() == Kind.UNKNOWN
        ? KeyStoreException.unknown(
            describe() + ": the store did not say whether the claim was applied; " + NOT_RUN,
            reply.error())
        : failed(reply.failure());
  }

  /** Returns the same error, with what it means for the caller. */
  KeyStoreException failed(KeyStoreException error) {
    String message = describe() + ": the store failed (" + error.reason() + "); " + NOT_RUN;
    return error.certainty() == KeyStoreException.Certainty.UNKNOWN
        ? KeyStoreException.unknown(message, error)
        : KeyStoreException.notApplied(error.reason(), message, error);
  }

  private KeyStoreException restless() {
    return KeyStoreException.notApplied(
        KeyStoreException.Reason.CONFLICT,
        describe() + ": its record changed for as long as the store deadline; " + NOT_RUN,
        null);
  }

  private String describe() {
    return "operation %s, key %s".formatted(request.key().operation(), request.id().shortDigest());
  }

  private long now() {
    return engine.timing().nanoTime();
  }
}
