package io.idem4j;

import java.util.concurrent.Future;

/** Another timing, of which a test changes one thing. */
class DelegatingTiming implements Timing {
  private final Timing timing;

  DelegatingTiming(Timing timing) {
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
    return timing.schedule(delayNanos, task);
  }
}
