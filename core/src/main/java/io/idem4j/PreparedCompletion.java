package io.idem4j;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Refusals.Settlement;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The completion of a held key as something that another party writes: a transaction that also
 * makes the effect, so that both are there or neither is. Made by {@link Lease#prepare}.
 *
 * <p>While it exists the lease is not renewed, so that {@link #expected} stays what the record
 * bears. The other party replaces the record by {@link #next} if it bears that stamp, once, and
 * never sends that write again. Then exactly one of {@link #committed}, {@link #handedOver}, {@link
 * #rolledBack}, {@link #refused} and {@link #unknown} says what became of it. Should none be
 * called, the lease lapses and the policy decides, as after a crash; and the lease counts as under
 * way, so that {@link Idempotency#close(java.time.Duration)} waits for it, until {@link
 * Lease#close} gives it up.
 *
 * <p>For one thread at a time.
 *
 * @param <T> the type of the answer
 */
public final class PreparedCompletion<T extends @Nullable Object> {
  private final Lease<T> lease;
  private final Engine engine;
  private final T value;
  private final Optional<Verdict> verdict;
  private final Stamp expected;
  private final Iterator<Supplier<byte[]>> smaller;
  private final AtomicBoolean isReported = new AtomicBoolean();
  private KeyRecord next;

  /**
   * @param engine of the store on which the fate is read, which is bound to no transaction
   * @param verdict what is recorded instead of the answer, if anything is
   */
  PreparedCompletion(
      Lease<T> lease,
      Engine engine,
      T value,
      Optional<Verdict> verdict,
      Stamp expected,
      KeyRecord next,
      Iterator<Supplier<byte[]>> smaller) {
    this.lease = lease;
    this.engine = engine;
    this.value = value;
    this.verdict = verdict;
    this.expected = expected;
    this.next = next;
    this.smaller = smaller;
  }

  /** Returns the id of the key. */
  public KeyId keyId() {
    return next.keyId();
  }

  /** Returns the stamp that the record must bear to be replaced. */
  public Stamp expected() {
    return expected;
  }

  /**
   * Returns the record that is to be written. Its state is COMPLETED, unless the operation's {@link
   * AnswerClassifier} gave another verdict on the answer.
   */
  public KeyRecord next() {
    return next;
  }

  /**
   * Makes the record smaller: for a party that knows, before it writes, that the answer does not
   * fit. The key is completed all the same, and a replay says that the body was not kept.
   *
   * @return whether {@link #next} is another, smaller record now; false if there is none
   */
  public boolean dropBody() {
    byte[] tooLarge = next.slots().isUnchanged() ? null : next.slots().payload();
    byte[] payload = Settling.smallerThan(tooLarge, smaller);
    if (payload == null) {
      return false;
    }
    Stamp stamp = lease.held().stamps().fresh();
    next = next.toBuilder().stamp(stamp).slots(Slots.of(payload, null)).build();
    return true;
  }

  /**
   * Writes the record by one compare-and-set on a store that is bound to the transaction; what does
   * not fit is made smaller first. Not to be repeated, whatever it throws.
   *
   * @throws KeyStoreException what the store throws
   */
  public CasResult writeTo(KeyStore transaction) {
    while (true) {
      try {
        return transaction.compareAndSet(keyId(), expected, next);
      } catch (PayloadTooLargeException e) {
        // Found before anything was sent (S4).
        if (!dropBody()) {
          throw e;
        }
      }
    }
  }

  /**
   * The transaction was committed, and the record with it. The lease is over.
   *
   * @throws MisuseException if its fate was reported before; so do the other four
   */
  public Outcome<T> committed() {
    report();
    end();
    return lease.outcome(Settling.Result.RECORDED, value, verdict, false);
  }

  /**
   * The record is written, and somebody else will commit or roll back later: until then it is not
   * known to be recorded. The lease is over; should the transaction be rolled back, a lease that
   * was claimed outside of it lapses.
   */
  public Outcome<T> handedOver() {
    report();
    end();
    lease.held().subject().tell("recordedUnknown", IdempotencyListener::recordedUnknown);
    return new Outcome.Executed<>(value, false);
  }

  /**
   * The record was certainly not written, and never will be. The lease is renewed again and is to
   * be settled in another way: failed, completed, or prepared once more.
   */
  public void rolledBack() {
    report();
    lease.held().resume();
  }

  /**
   * The record bore another stamp, or none was live; the transaction is rolled back for certain.
   * Reads once who holds the key, on a connection that is not the transaction's.
   *
   * @return another's answer to the same request, with the caller's own value attached; or nothing
   *     if the key is still held, as after {@link #rolledBack}
   * @throws LeaseLostException if the key is another's or its record is gone, with the value
   */
  public Optional<Outcome<T>> refused() {
    report();
    Settlement settlement;
    try {
      Optional<StoredRecord> live = calls().find();
      if (live.isPresent() && live.get().stamp().equals(next.stamp())) {
        // By its own effect: whoever made the transaction sent it twice.
        return conclude(new Settlement.Done());
      }
      settlement = Refusals.settle(lease.held().record(), next.state(), live);
    } catch (KeyStoreException e) {
      // Who holds it is found out by whatever settles the lease.
      settlement = new Settlement.Follow(expected);
    }
    if (settlement instanceof Settlement.Done) {
      // Marked as in doubt by somebody else, under this grant: still this holder's to settle.
      settlement = new Settlement.Follow(expected);
    }
    return conclude(settlement);
  }

  /**
   * The transaction was to be committed, and nobody knows whether it was. Only reads, up to the
   * store deadline and on a connection that is not the transaction's: the write is never sent
   * again.
   *
   * @return {@link Outcome.Executed} if it was committed; another's answer as {@link #refused}; or
   *     nothing if it was certainly rolled back and the key is still held, as after {@link
   *     #rolledBack}
   * @throws LeaseLostException if it was rolled back, and the key is another's, with the value
   * @throws KeyStoreException if it is still not known; the lease is over and lapses, after which
   *     the policy decides. A lapsed lease alone does not tell: the commit may be under way
   */
  public Optional<Outcome<T>> unknown() {
    report();
    Settlement settlement = read();
    if (settlement == null) {
      end();
      lease.held().subject().tell("recordedUnknown", IdempotencyListener::recordedUnknown);
      throw KeyStoreException.unknown(
          lease.held().request().describe()
              + ": nobody knows whether its transaction was committed, and nothing is sent again;"
              + " repeat the call later",
          null);
    }
    return conclude(settlement);
  }

  private Optional<Outcome<T>> conclude(Settlement settlement) {
    if (settlement instanceof Settlement.Follow) {
      lease.held().resume();
      return Optional.empty();
    }
    end();
    Settling.Result result;
    if (settlement instanceof Settlement.Superseded superseded) {
      result = new Settling.Result.Superseded(superseded.recorded());
    } else if (settlement instanceof Settlement.Lost lost) {
      result = new Settling.Result.Lost(lost.why());
    } else {
      result = Settling.Result.RECORDED;
    }
    return Optional.of(lease.outcome(result, value, verdict, false));
  }

  /** What the record says, as soon as it says anything; null if it does not in time. */
  private @Nullable Settlement read() {
    StoreCalls calls = calls();
    long end =
        engine.timing().nanoTime() + lease.held().request().policy().storeDeadline().toNanos();
    try (InterruptGuard guard = new InterruptGuard()) {
      Backoff backoff = new Backoff(engine, guard);
      do {
        try {
          Optional<StoredRecord> live = calls.find();
          Settlement settlement = Refusals.fate(lease.held().record(), next, live);
          if (settlement != null) {
            return settlement;
          }
        } catch (KeyStoreException e) {
          // A read has no effect: it is simply made again.
        }
        guard.absorb();
      } while (backoff.pause(end));
      return null;
    }
  }

  private StoreCalls calls() {
    return new StoreCalls(engine.store(), keyId(), lease.held().subject());
  }

  private void report() {
    if (!isReported.compareAndSet(false, true)) {
      throw new MisuseException(
          lease.held().request().describe() + ": the fate of this completion was reported before");
    }
  }

  private void end() {
    if (lease.held().end() != null) {
      lease.held().release();
    }
  }

  @Override
  public String toString() {
    return "PreparedCompletion[" + lease.held().request().describe() + "]";
  }
}
