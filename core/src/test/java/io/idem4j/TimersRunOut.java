package io.idem4j;

import java.util.concurrent.Future;

/** A timing that runs out of timers, as where no thread can be had. */
final class TimersRunOut implements Timing {
  private final Timing timing;
  int left = Integer.MAX_VALUE;

  TimersRunOut(Timing timing) {
    this.timing = timing;
  }

  @Override
  public long nanoTime() {
    return timing.nanoTime();
  }

  @Override
  public long currentTimeMillis() {
    return timing.currentTimeMillis();
  }

  @Override
  public boolean await(Future<?> signal, long nanos) throws InterruptedException {
    return timing.await(signal, nanos);
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    if (left-- <= 0) {
      throw new OutOfMemoryError("unable to create native thread");
    }
    return timing.schedule(delayNanos, task);
  }
}
