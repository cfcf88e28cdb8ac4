package io.idem4j;

/** A timing that runs out of timers, as where no thread can be had. */
final class TimersRunOut extends DelegatingTiming {
  int left = Integer.MAX_VALUE;

  TimersRunOut(Timing timing) {
    super(timing);
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    if (left-- <= 0) {
      throw new OutOfMemoryError("unable to create native thread");
    }
    return super.schedule(delayNanos, task);
  }
}
