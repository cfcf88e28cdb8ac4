package io.idem4j;

import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The machine's own clocks, and timers on one thread that ends when it has been idle. */
final class SystemTiming implements Timing {
  private final Timers timers;

  SystemTiming(ThreadFactory threads) {
    timers = new Timers(threads);
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public long currentTimeMillis() {
    return System.currentTimeMillis();
  }

  @Override
  public boolean await(Future<?> signal, long nanos) throws InterruptedException {
    try {
      signal.get(Math.max(nanos, 0), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return signal.isDone();
    } catch (ExecutionException | CancellationException e) {
      return true;
    }
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    return timers.schedule(delayNanos, task);
  }
}
