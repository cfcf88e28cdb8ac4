package io.idem4j;

import java.util.concurrent.Future;

/**
 * Clocks and timers, so that tests can own time. Safe for use by many threads.
 *
 * <p>No safety rests on any of them: the stamp alone decides who holds a key.
 */
interface Timing {
  /** A monotonic clock, in nanoseconds. */
  long nanoTime();

  /** The wall clock, in milliseconds since 1970; only fences are made from it. */
  long currentTimeMillis();

  /** Waits until the signal is done or the time is over; says whether it is done. */
  boolean await(Future<?> signal, long nanos) throws InterruptedException;

  /** Runs a task later. The task neither blocks nor does I/O. */
  Timer schedule(long delayNanos, Runnable task);

  /** A scheduled task. */
  interface Timer {
    /** Drops the task if it has not begun. */
    void cancel();
  }
}
