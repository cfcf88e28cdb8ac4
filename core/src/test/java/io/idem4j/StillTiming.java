package io.idem4j;

import java.util.concurrent.Future;

/** Time that stands still: nobody waits for it. Stateless. */
final class StillTiming implements Timing {
  @Override
  public long nanoTime() {
    return 0;
  }

  @Override
  public long currentTimeMillis() {
    throw new AssertionError("no fences here");
  }

  @Override
  public boolean await(Future<?> signal, long nanos) {
    throw new AssertionError("nobody blocks here");
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    throw new AssertionError("no timers here");
  }
}
