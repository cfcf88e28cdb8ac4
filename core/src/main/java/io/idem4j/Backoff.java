package io.idem4j;

import java.time.Duration;

/** Pauses between the sends of one write: doubling, jittered, and never past an end. */
final class Backoff {
  private static final long LONGEST = Duration.ofMillis(250).toNanos();

  private final Engine engine;
  private final InterruptGuard guard;
  private long next = Duration.ofMillis(10).toNanos();

  Backoff(Engine engine, InterruptGuard guard) {
    this.engine = engine;
    this.guard = guard;
  }

  /** Pauses and says true; or says false at once, because the end has come. */
  boolean pause(long end) {
    long left = end - engine.timing().nanoTime();
    if (left <= 0) {
      return false;
    }
    long jittered = next / 2 + engine.random().nextLong(next / 2 + 1);
    guard.pause(engine.timing(), Math.min(jittered, left));
    next = Math.min(next * 2, LONGEST);
    return true;
  }
}
