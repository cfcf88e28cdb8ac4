package io.idem4j;

import io.idem4j.KeyMachine.Request;
import io.idem4j.Refusals.Settlement;
import io.idem4j.StoreCalls.Kind;
import io.idem4j.StoreCalls.Reply;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A key that this process holds: renews the lease until the operation ends, and hands over to
 * {@link Settling} then. Renewals of one key never overlap; the timer thread only submits them, so
 * that a stuck one delays no other key's. Safe for use by many threads; the lock is never held
 * during a store call.
 */
final class HeldKey extends GrantedClaim {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);
  private static final long SHORTEST_RETRY = Duration.ofMillis(5).toNanos();

  private final long lease;
  private final long holdEnd;

  /** Where this key is counted as under way. */
  private final int cell;

  private final ReentrantLock lock;
  private final RunningThread runner;
  private Stamp current;
  private long leaseEnd;
  private long nextRenewal;
  private StoreCalls.@Nullable Write renewal;
  private long renewalSentAt;
  private boolean renewing;
  private boolean sending;
  private boolean suspended;
  private @Nullable CompletableFuture<@Nullable Void> answered;
  private boolean ended;
  private boolean lost;
  private boolean lossTold;
  private Timing.@Nullable Timer timer;
  private @Nullable String reference;

  HeldKey(
      Engine engine,
      Request request,
      KeyRecord locked,
      Grant earlier,
      CheckpointSlot checkpoint,
      Stamping stamps,
      StoreCalls calls,
      Events.Subject subject,
      long leaseFrom) {
    super(engine, request, locked, earlier, checkpoint, stamps, calls, subject);
    this.lock = checkpoint.lock();
    this.runner =
        request.policy().interruptsOnLeaseLoss() ? new RunningThread() : RunningThread.UNWATCHED;
    this.lease = request.policy().lease().toNanos();
    this.holdEnd = leaseFrom + request.policy().maximumHold().toNanos();
    this.current = locked.stamp();
    this.leaseEnd = leaseFrom + lease;
    this.nextRenewal = leaseFrom + lease / 3;
    this.reference = locked.reference().orElse(null);
    this.cell = engine.activity().begin();
    try {
      resume();
    } catch (Throwable e) {
      // Without a timer there are no renewals, and nobody has this key to release it.
      engine.activity().end(cell);
      throw e;
    }
  }

  long holdEnd() {
    return holdEnd;
  }

  @Nullable String reference() {
    return locked(() -> reference);
  }

  void reference(String text) {
    locked(() -> reference = Text.requireReference(text));
  }

  /** Advisory: the local deadline counts from before the first send of the winning stamp. */
  boolean isLost() {
    // A claim that is bound to a transaction is held by the transaction, not by its lease.
    return locked(() -> lost || (!engine.isBound() && now() - leaseEnd >= 0));
  }

  boolean hasEnded() {
    return locked(() -> ended);
  }

  /** Says that nothing is written any more for as long as the operation runs. */
  boolean isSettledOrLost() {
    return locked(() -> ended || lost);
  }

  /**
   * Sends now what is unresolved, or else a renewal, unless a write is being sent.
   *
   * @return whether a checkpoint is still to be written, and nothing is unresolved
   */
  boolean renewNow() {
    renew();
    return locked(() -> renewal == null && !sending && !checkpoint.isStored());
  }

  /** The thread that runs the operation, which a loss interrupts if the policy says so. */
  RunningThread runner() {
    return runner;
  }

  /**
   * Ends the renewals: nothing follows but the settlement, or nothing at all.
   *
   * @return the stamp that a settlement expects first, or null if they were ended before
   */
  @Nullable Stamp end() {
    return locked(
        () -> {
          if (ended) {
            return null;
          }
          ended = true;
          if (timer != null) {
            timer.cancel();
          }
          return current;
        });
  }

  /**
   * Sends no renewal until it is resumed: the record stays as it is while another party replaces
   * it.
   *
   * @return what is done as soon as no renewal is being sent
   */
  Future<?> suspend() {
    return locked(
        () -> {
          if (ended) {
            throw Settling.settledBefore(this);
          }
          requireNotSuspended();
          suspended = true;
          return sending && answered != null ? answered : CompletableFuture.completedFuture(null);
        });
  }

  void requireNotSuspended() {
    if (locked(() -> suspended)) {
      throw new MisuseException(
          request.describe() + ": a completion is prepared; report what became of it first");
    }
  }

  /** Renews from here on. */
  void resume() {
    lock.lock();
    try {
      suspended = false;
      arm();
    } finally {
      lock.unlock();
    }
  }

  /** While suspended: the renewal whose outcome is not known, or null. */
  StoreCalls.@Nullable Write unsettled() {
    return locked(() -> lost ? null : renewal);
  }

  /** The stamp of the last write of this claim that is known to be applied. */
  Stamp current() {
    return locked(() -> current);
  }

  /** While suspended: takes note of a reply to {@link #unsettled}. */
  void settled(StoreCalls.Write write, Reply reply) {
    if (reply.kind() == Kind.APPLIED || reply.kind() == Kind.REFUSED) {
      afterRenewal(write, reply);
    } else if (reply.kind() != Kind.UNKNOWN) {
      // Never applied, at none of its sends: the stamp before it is still the one.
      if (reply.error() instanceof PayloadTooLargeException) {
        checkpoint.refuse();
      }
      locked(() -> renewal = null);
    }
  }

  /** The lease is over for good, settled or not. */
  void release() {
    engine.rooms().ring(request.id());
    engine.activity().end(cell);
  }

  private <V extends @Nullable Object> V locked(Supplier<V> task) {
    lock.lock();
    try {
      return task.get();
    } finally {
      lock.unlock();
    }
  }

  private long now() {
    return engine.timing().nanoTime();
  }

  /** Sets the timer to what comes first: the next renewal, or the end of the lease. */
  private void arm() {
    if (ended || lost || engine.isBound()) {
      return;
    }
    if (timer != null) {
      timer.cancel();
    }
    long now = now();
    // A renewal under way arms the timer again itself, and past the maximum hold there is none.
    boolean mayRenew = !renewing && !suspended && now - holdEnd < 0 && nextRenewal - holdEnd < 0;
    long next;
    if (mayRenew && (lossTold || nextRenewal - leaseEnd < 0)) {
      next = nextRenewal;
    } else if (!lossTold) {
      next = leaseEnd;
    } else {
      return;
    }
    timer = engine.timing().schedule(Math.max(next - now, 0), this::tick);
  }

  private void tick() {
    boolean tell;
    boolean renew;
    lock.lock();
    try {
      if (ended || lost) {
        return;
      }
      long now = now();
      tell = !lossTold && now - leaseEnd >= 0;
      lossTold |= tell;
      renew = !renewing && !suspended && now - nextRenewal >= 0 && now - holdEnd < 0;
      renewing |= renew;
      arm();
    } finally {
      lock.unlock();
    }
    if (tell && !engine.submit(() -> tellLoss("no renewal was confirmed in time"))) {
      tellLoss("no renewal was confirmed in time, and the executor refuses work");
    }
    if (renew && !engine.submit(this::renew)) {
      log.warn("{}: the executor refuses renewals", request.describe());
      afterRenewal(null, null);
    }
  }

  private void renew() {
    StoreCalls.Write write = null;
    Reply reply = null;
    try {
      write = renewalToSend();
      reply = write == null ? null : write.send();
    } finally {
      afterRenewal(write, reply);
    }
  }

  private StoreCalls.@Nullable Write renewalToSend() {
    return locked(
        () -> {
          // Since the tick the operation may have ended: no renewal follows then.
          if (ended || lost || suspended || sending) {
            return null;
          }
          if (renewal == null) {
            renewalSentAt = now();
            renewal = calls.write(current, renewed(Math.min(lease, holdEnd - renewalSentAt)));
          }
          answered = new CompletableFuture<>();
          sending = true;
          return renewal;
        });
  }

  private void afterRenewal(StoreCalls.@Nullable Write write, @Nullable Reply reply) {
    String why = null;
    lock.lock();
    try {
      renewing = false;
      if (write != null) {
        sending = false;
        if (answered != null) {
          answered.complete(null);
        }
      }
      if (write != null && reply != null && reply.kind() == Kind.APPLIED) {
        confirm(write);
      } else if (write != null && reply != null && reply.kind() == Kind.REFUSED) {
        why = refused(write, reply);
      } else {
        nextRenewal = now() + Math.max(lease / 12, SHORTEST_RETRY);
        if (reply != null && reply.error() instanceof PayloadTooLargeException) {
          // Refused before it was written, at each of its sends (S4).
          checkpoint.refuse();
          renewal = null;
        }
      }
      if (why != null) {
        // A settlement under way refuses a late renewal: that is no loss.
        lost = !ended;
        why = ended || lossTold ? null : why;
        lossTold = true;
      }
      arm();
    } finally {
      lock.unlock();
    }
    if (why != null) {
      tellLoss(why);
    }
  }

  private @Nullable String refused(StoreCalls.Write write, Reply reply) {
    Settlement settlement;
    try {
      settlement = Refusals.renew(write.next(), reply.live());
    } catch (KeyStoreException e) {
      return "its record cannot be understood";
    }
    if (settlement instanceof Settlement.Done) {
      confirm(write);
      return null;
    } else if (settlement instanceof Settlement.Follow follow) {
      current = follow.expected();
      renewal = null;
      nextRenewal = now() + Math.max(lease / 12, SHORTEST_RETRY);
      return null;
    }
    return ((Settlement.Lost) settlement).why();
  }

  private void confirm(StoreCalls.Write write) {
    current = write.next().stamp();
    renewal = null;
    checkpoint.applied(write.next());
    leaseEnd = renewalSentAt + write.next().lease().toNanos();
    // What was first sent long ago may be over by now; the next renewal is due at once then.
    lossTold &= now() - leaseEnd >= 0;
    nextRenewal = renewalSentAt + lease / 3;
    if (!checkpoint.isStored()) {
      nextRenewal = now();
    }
  }

  private KeyRecord renewed(long length) {
    return Refusals.renewal(request.policy(), locked, stamps)
        .reference(reference)
        .slots(checkpoint.slots())
        .lease(Duration.ofNanos(Math.max(length, 0)))
        .build();
  }

  private void tellLoss(String why) {
    if (locked(() -> ended)) {
      return;
    }
    runner.interrupt();
    subject.leaseLost(why);
  }

  /** The record that a settlement writes, but for stamp and slots. */
  KeyRecord.Builder settled(KeyState state) {
    return locked.toBuilder()
        .state(state)
        .reference(reference())
        .lease(Duration.ZERO)
        .retention(request.policy().retentionOf(state));
  }
}
