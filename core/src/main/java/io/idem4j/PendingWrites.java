package io.idem4j;

import io.idem4j.spi.Grant;
import io.idem4j.spi.Stamp;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes that are re-sent in the background until they are answered or their time is over:
 * withdrawals of unresolved claims and completions that are not known to be recorded. Bounded in
 * number and in time. Safe for use by many threads.
 */
final class PendingWrites {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);
  private static final long FIRST_PAUSE = Duration.ofMillis(50).toNanos();
  private static final long LONGEST_PAUSE = Duration.ofSeconds(1).toNanos();

  private final Timing timing;
  private final Executor executor;
  private final Activity activity;
  private final int maximum;
  private final AtomicInteger size = new AtomicInteger();
  private final ConcurrentHashMap<Grant, Integer> releases = new ConcurrentHashMap<>();

  PendingWrites(Timing timing, Executor executor, Activity activity, int maximum) {
    this.timing = timing;
    this.executor = executor;
    this.activity = activity;
    this.maximum = maximum;
  }

  /**
   * A claim whose operation ended or never began, and the attempt count that its release writes.
   */
  record Release(Grant grant, int attempt) {}

  /**
   * Re-sends a write from now on.
   *
   * @param what names the write in the log
   * @param release the claim that the write releases, or null if it does not release one
   * @param send sends once, and says whether the write is answered
   * @param until when to give up, on the monotonic clock
   * @return false if there is no room; nothing is re-sent then
   */
  boolean add(String what, @Nullable Release release, BooleanSupplier send, long until) {
    if (size.incrementAndGet() > maximum) {
      size.decrementAndGet();
      log.warn("{} pending writes already; {} is not re-sent", maximum, what);
      return false;
    }
    activity.begin();
    if (release != null) {
      releases.put(release.grant(), release.attempt());
    }
    submit(new Pending(what, release, send, until));
    return true;
  }

  /** Returns the attempt count that a pending release of this stamp's claim writes, if any. */
  OptionalInt released(Stamp live) {
    if (releases.isEmpty()) {
      return OptionalInt.empty();
    }
    Integer attempt = releases.get(live.grant());
    return attempt == null ? OptionalInt.empty() : OptionalInt.of(attempt);
  }

  int size() {
    return size.get();
  }

  private void submit(Pending pending) {
    try {
      executor.execute(pending);
    } catch (RejectedExecutionException e) {
      pending.end("the executor refused it");
    }
  }

  private final class Pending implements Runnable {
    private final String what;
    private final @Nullable Release release;
    private final BooleanSupplier send;
    private final long until;
    private long pause = FIRST_PAUSE;

    Pending(String what, @Nullable Release release, BooleanSupplier send, long until) {
      this.what = what;
      this.release = release;
      this.send = send;
      this.until = until;
    }

    @Override
    public void run() {
      boolean answered = false;
      try {
        answered = send.getAsBoolean();
      } catch (RuntimeException e) {
        log.warn("{} failed with {}", what, e.getClass().getName());
      }
      if (answered) {
        end(null);
      } else if (timing.nanoTime() + pause - until >= 0) {
        end("its time is over");
      } else {
        timing.schedule(pause, () -> submit(this));
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }

    private void end(@Nullable String givenUp) {
      if (givenUp != null) {
        log.warn("{} was not answered: {}", what, givenUp);
      }
      if (release != null) {
        releases.remove(release.grant(), release.attempt());
      }
      size.decrementAndGet();
      activity.end();
    }
  }
}
