package io.idem4j;

import io.idem4j.KeyMachine.Request;
import io.idem4j.KeyMachine.Settlement;
import io.idem4j.StoreCalls.Reply;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A key that this process holds: renews the lease until the operation ends, and hands over to
 * {@link Settling} then. Renewals of one key never overlap; the timer thread only submits them, so
 * that a stuck one delays no other key's. Safe for use by many threads; the lock is never held
 * during a store call.
 */
final class HeldKey {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);
  private static final long SHORTEST_RETRY = Duration.ofMillis(5).toNanos();

  private final Engine engine;
  private final Request request;
  private final KeyRecord locked;
  private final Stamping stamps;
  private final StoreCalls calls;
  private final Events.Subject subject;
  private final long lease;
  private final long holdEnd;

  private final RunningThread runner = new RunningThread();

  private final ReentrantLock lock = new ReentrantLock();
  private Stamp current;
  private long leaseEnd;
  private long nextRenewal;
  private StoreCalls.@Nullable Write renewal;
  private long renewalSentAt;
  private boolean renewing;
  private boolean ended;
  private boolean lost;
  private boolean lossTold;
  private Timing.@Nullable Timer timer;
  private @Nullable String reference;

  HeldKey(
      Engine engine,
      Request request,
      KeyRecord locked,
      Stamping stamps,
      StoreCalls calls,
      Events.Subject subject,
      long leaseFrom) {
    this.engine = engine;
    this.request = request;
    this.locked = locked;
    this.stamps = stamps;
    this.calls = calls;
    this.subject = subject;
    this.lease = request.policy().lease().toNanos();
    this.holdEnd = leaseFrom + request.policy().maximumHold().toNanos();
    this.current = locked.stamp();
    this.leaseEnd = leaseFrom + lease;
    this.nextRenewal = leaseFrom + lease / 3;
    this.reference = locked.reference().orElse(null);
    engine.activity().begin();
    lock.lock();
    try {
      arm();
    } finally {
      lock.unlock();
    }
  }

  Engine engine() {
    return engine;
  }

  Request request() {
    return request;
  }

  Events.Subject subject() {
    return subject;
  }

  StoreCalls calls() {
    return calls;
  }

  Stamping stamps() {
    return stamps;
  }

  /** The record as it was claimed. */
  KeyRecord record() {
    return locked;
  }

  long holdEnd() {
    return holdEnd;
  }

  @Nullable String reference() {
    lock.lock();
    try {
      return reference;
    } finally {
      lock.unlock();
    }
  }

  void reference(String text) {
    lock.lock();
    try {
      reference = Text.requireReference(text);
    } finally {
      lock.unlock();
    }
  }

  /** Advisory: the local deadline counts from before the first send of the winning stamp. */
  boolean isLost() {
    lock.lock();
    try {
      return lost || now() - leaseEnd >= 0;
    } finally {
      lock.unlock();
    }
  }

  /** The thread that runs the operation, to be interrupted if the policy says so. */
  RunningThread runner() {
    return runner;
  }

  /**
   * Ends the renewals: nothing follows but the settlement, or nothing at all.
   *
   * @return the stamp that a settlement expects first, or null if they were ended before
   */
  @Nullable Stamp end() {
    lock.lock();
    try {
      if (ended) {
        return null;
      }
      ended = true;
      if (timer != null) {
        timer.cancel();
      }
      return current;
    } finally {
      lock.unlock();
    }
  }

  /** The lease is over for good, settled or not. */
  void release() {
    engine.rooms().ring(request.id());
    engine.activity().end();
  }

  private long now() {
    return engine.timing().nanoTime();
  }

  /** Sets the timer to what comes first: the next renewal, or the end of the lease. */
  private void arm() {
    if (ended || lost) {
      return;
    }
    if (timer != null) {
      timer.cancel();
    }
    long now = now();
    // A renewal under way arms the timer again itself, and past the maximum hold there is none.
    boolean mayRenew = !renewing && now - holdEnd < 0 && nextRenewal - holdEnd < 0;
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
      renew = !renewing && now - nextRenewal >= 0 && now - holdEnd < 0;
      renewing |= renew;
      arm();
    } finally {
      lock.unlock();
    }
    if (tell && !submitted(() -> tellLoss("no renewal was confirmed in time"))) {
      tellLoss("no renewal was confirmed in time, and the executor refuses work");
    }
    if (renew && !submitted(this::renew)) {
      log.warn("{}: the executor refuses renewals", request.describe());
      afterRenewal(null, null);
    }
  }

  private boolean submitted(Runnable task) {
    try {
      engine.executor().execute(task);
      return true;
    } catch (Throwable e) {
      // Refused, or no thread could be had. A renewal is due again soon.
      return false;
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
    lock.lock();
    try {
      // Between the tick and this line the operation may have ended: no renewal follows then.
      if (ended || lost) {
        return null;
      }
      if (renewal == null) {
        renewalSentAt = now();
        renewal = calls.write(current, renewed(Math.min(lease, holdEnd - renewalSentAt)));
      }
      return renewal;
    } finally {
      lock.unlock();
    }
  }

  private void afterRenewal(StoreCalls.@Nullable Write write, @Nullable Reply reply) {
    String why = null;
    lock.lock();
    try {
      renewing = false;
      if (write != null && reply != null && reply.kind() == StoreCalls.Kind.APPLIED) {
        confirm(write);
      } else if (write != null && reply != null && reply.kind() == StoreCalls.Kind.REFUSED) {
        why = refused(write, reply);
      } else {
        nextRenewal = now() + Math.max(lease / 12, SHORTEST_RETRY);
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
      settlement = KeyMachine.renew(write.next(), reply.live());
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
    leaseEnd = renewalSentAt + write.next().lease().toNanos();
    // What was first sent long ago may be over by now; the next renewal is due at once then.
    lossTold &= now() - leaseEnd >= 0;
    nextRenewal = renewalSentAt + lease / 3;
  }

  private KeyRecord renewed(long length) {
    return KeyMachine.renewal(request.policy(), locked, stamps)
        .reference(reference)
        .lease(Duration.ofNanos(Math.max(length, 0)))
        .build();
  }

  private void tellLoss(String why) {
    lock.lock();
    try {
      if (ended) {
        return;
      }
    } finally {
      lock.unlock();
    }
    if (request.policy().interruptsOnLeaseLoss()) {
      runner.interrupt();
    }
    subject.leaseLost(why);
  }

  /** The record that a settlement writes, but for stamp and slots. */
  KeyRecord.Builder settled(KeyState state) {
    OperationPolicy policy = request.policy();
    return locked.toBuilder()
        .state(state)
        .reference(reference())
        .lease(Duration.ZERO)
        .retention(
            switch (state) {
              case COMPLETED -> policy.retention();
              case FAILED_FINAL -> policy.failureRetention();
              case FAILED_IN_DOUBT -> policy.inDoubtRetention();
              default -> policy.releasedRetention();
            });
  }
}
