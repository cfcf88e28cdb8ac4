package io.idem4j;

import io.idem4j.spi.Grant;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes that are re-sent in the background until they are answered or their time is over:
 * withdrawals of unresolved claims and completions that are not known to be recorded. Bounded in
 * number and in time. Safe for use by many threads.
 */
final class PendingWrites {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);
  private static final KeyMachine.Known NOTHING = new KeyMachine.Known.Nothing();
  private static final long FIRST_PAUSE = Duration.ofMillis(50).toNanos();
  private static final long LONGEST_PAUSE = Duration.ofSeconds(1).toNanos();

  private final Timing timing;
  private final Executor executor;
  private final Activity activity;
  private final int maximum;
  private final AtomicInteger size = new AtomicInteger();
  private final ConcurrentHashMap<Grant, KeyMachine.Known> claims = new ConcurrentHashMap<>();

  PendingWrites(Timing timing, Executor executor, Activity activity, int maximum) {
    this.timing = timing;
    this.executor = executor;
    this.activity = activity;
    this.maximum = maximum;
  }

  /**
   * Re-sends a write from now on; with too many others pending it is dropped, and logged.
   *
   * @param what names the write in the log
   * @param grant the claim whose last write it is
   * @param known what claims of this engine may know of that claim meanwhile
   * @param send sends once, and says whether the write is answered
   * @param until when to give up, on the monotonic clock
   */
  void add(String what, Grant grant, KeyMachine.Known known, BooleanSupplier send, long until) {
    if (size.getAndUpdate(present -> Math.min(present + 1, maximum)) >= maximum) {
      log.warn("{} pending writes already; {} is not re-sent", maximum, what);
      return;
    }
    int cell = activity.begin();
    claims.put(grant, known);
    new Pending(what, grant, send, until, cell).submit();
  }

  /** Returns what is known of the claim with this grant. */
  KeyMachine.Known of(Grant claim) {
    return claims.isEmpty() ? NOTHING : claims.getOrDefault(claim, NOTHING);
  }

  int size() {
    return size.get();
  }

  private final class Pending implements Runnable {
    private final String what;
    private final Grant grant;
    private final BooleanSupplier send;
    private final long until;
    private final int cell;
    private long pause = FIRST_PAUSE;

    Pending(String what, Grant grant, BooleanSupplier send, long until, int cell) {
      this.what = what;
      this.grant = grant;
      this.send = send;
      this.until = until;
      this.cell = cell;
    }

    void submit() {
      try {
        executor.execute(this);
      } catch (Throwable e) {
        // Refused, or no thread could be had: later perhaps.
        log.warn("{} could not be submitted: {}", what, e.getClass().getName());
        again();
      }
    }

    @Override
    public void run() {
      boolean answered = false;
      try {
        answered = send.getAsBoolean();
      } catch (Throwable e) {
        log.warn("{} failed with {}", what, e.getClass().getName());
      }
      if (answered) {
        end();
      } else {
        again();
      }
    }

    private void again() {
      if (timing.nanoTime() + pause - until >= 0) {
        log.warn("{} was not answered in its time", what);
        end();
        return;
      }
      try {
        timing.schedule(pause, this::submit);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      } catch (Throwable e) {
        log.warn("{} is given up, there is no timer: {}", what, e.getClass().getName());
        end();
      }
    }

    private void end() {
      claims.remove(grant);
      size.decrementAndGet();
      activity.end(cell);
    }
  }
}
