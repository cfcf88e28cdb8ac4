package io.idem4j;

import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Timers of which nearly all are dropped before they ring: one for each key that is held. To set or
 * to drop one links it into a wheel of buckets or takes it out, in constant time, and wakes nobody
 * but where it is to ring before all others. One thread, which ends when it has been idle for a
 * while. Safe for use by many threads.
 */
final class Timers {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);

  /** A bucket holds what is to ring within some 8 ms, 2^23 ns, of each turn of the wheel. */
  private static final int TICK_BITS = 23;

  /** A turn is some 17 s: a third of the default lease fits in. Later ones wait for their turn. */
  private static final int BUCKETS = 2_048;

  private static final Duration IDLE = Duration.ofSeconds(5);

  private final ThreadFactory threads;
  private final long idle;

  /** All times count from here, so that no sum of one and a delay runs over. */
  private final long origin = System.nanoTime();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition earlier = lock.newCondition();
  private final @Nullable Entry[] wheel = new @Nullable Entry[BUCKETS];
  private int size;

  /** Nothing that is to ring before this tick is in the wheel. */
  private long swept;

  private boolean running;

  /** When the thread looks again by itself. */
  private long wakeAt;

  Timers(ThreadFactory threads) {
    this(threads, IDLE);
  }

  Timers(ThreadFactory threads, Duration idle) {
    this.threads = threads;
    this.idle = idle.toNanos();
  }

  private long now() {
    return System.nanoTime() - origin;
  }

  /** One timer. All but the task is guarded by the lock. */
  private final class Entry implements Timing.Timer {
    private final long at;
    private @Nullable Runnable task;
    private @Nullable Entry before;
    private @Nullable Entry after;
    private int bucket = -1;

    Entry(long at, Runnable task) {
      this.at = at;
      this.task = task;
    }

    @Override
    public void cancel() {
      lock.lock();
      try {
        task = null;
        unlink(this);
      } finally {
        lock.unlock();
      }
    }
  }

  /** Runs a task on the timer thread, after the delay. */
  Timing.Timer schedule(long delayNanos, Runnable task) {
    long delay = Math.min(Math.max(delayNanos, 0), Long.MAX_VALUE / 2);
    Entry entry = new Entry(now() + delay, task);
    lock.lock();
    try {
      link(entry);
      if (!running) {
        start(entry);
      } else if (entry.at - wakeAt < 0) {
        wakeAt = entry.at;
        earlier.signal();
      }
    } finally {
      lock.unlock();
    }
    return entry;
  }

  private void start(Entry first) {
    boolean started = false;
    running = true;
    // It looks at once, whatever is set until then.
    wakeAt = now();
    try {
      threads.newThread(this::run).start();
      started = true;
    } finally {
      if (!started) {
        running = false;
        unlink(first);
      }
    }
  }

  private static long tick(long nanos) {
    return nanos >> TICK_BITS;
  }

  private void link(Entry entry) {
    // Where the thread has been already it does not look before the next turn.
    int bucket = bucket(Math.max(tick(entry.at), swept));
    Entry head = wheel[bucket];
    entry.bucket = bucket;
    entry.after = head;
    if (head != null) {
      head.before = entry;
    }
    wheel[bucket] = entry;
    size++;
  }

  private void unlink(Entry entry) {
    if (entry.bucket < 0) {
      return;
    }
    if (entry.before == null) {
      wheel[entry.bucket] = entry.after;
    } else {
      entry.before.after = entry.after;
    }
    if (entry.after != null) {
      entry.after.before = entry.before;
    }
    entry.bucket = -1;
    entry.before = null;
    entry.after = null;
    size--;
  }

  private static int bucket(long tick) {
    return (int) (tick & (BUCKETS - 1));
  }

  private void run() {
    boolean goesOn = true;
    while (goesOn) {
      try {
        goesOn = ring();
      } catch (Throwable e) {
        tell(e);
      }
    }
  }

  private static void tell(Throwable thrown) {
    try {
      log.warn("a timer threw {}", thrown.getClass().getName());
    } catch (Throwable unheard) {
      // Memory may be what lacks; without this thread no lease is renewed any more.
    }
  }

  /** Waits for the next timer and runs its task; false when there was none for a while. */
  private boolean ring() {
    Runnable task;
    lock.lock();
    try {
      Entry due = takeDue();
      while (due == null) {
        long now = now();
        boolean isIdle = size == 0;
        // Whoever drops the timer that is waited for wakes nobody: what is left is seen by then.
        wakeAt = isIdle ? now + idle : Math.min(earliest(), now + idle);
        await(wakeAt - now);
        due = takeDue();
        if (due == null && isIdle && size == 0 && now() - wakeAt >= 0) {
          running = false;
          return false;
        }
      }
      task = due.task;
      // Until it looks again, nobody needs to wake it.
      wakeAt = now();
    } finally {
      lock.unlock();
    }
    if (task != null) {
      task.run();
    }
    return true;
  }

  @SuppressWarnings("WaitNotInLoop") // the caller's loop looks at what there is
  private void await(long nanos) {
    try {
      earlier.awaitNanos(nanos);
    } catch (InterruptedException e) {
      // Nobody means this thread; it looks again.
    }
  }

  /** Takes one timer out whose time has come, or returns null. */
  private @Nullable Entry takeDue() {
    long now = now();
    long until = tick(now);
    // The present tick is looked at again: more of it may be to come.
    long from = Math.max(swept, until - BUCKETS + 1);
    for (long tick = from; tick <= until; tick++) {
      for (Entry each = wheel[bucket(tick)]; each != null; each = each.after) {
        if (each.at - now <= 0) {
          swept = tick;
          unlink(each);
          return each;
        }
      }
    }
    swept = until;
    return null;
  }

  /** Returns when the first one rings; there is one, and none is due. */
  private long earliest() {
    long first = Long.MAX_VALUE;
    boolean found = false;
    for (long tick = swept; tick < swept + BUCKETS; tick++) {
      boolean ofThisTurn = false;
      for (Entry each = wheel[bucket(tick)]; each != null; each = each.after) {
        if (!found || each.at - first < 0) {
          found = true;
          first = each.at;
        }
        ofThisTurn |= tick(each.at) <= tick;
      }
      if (ofThisTurn) {
        return first;
      }
    }
    return first;
  }
}
