package io.idem4j.dynamodb;

import java.time.Duration;
import java.time.InstantSource;

/**
 * This client's clock, and by how much it may differ from those of others (stores.md 3.5.5). What
 * was stored as the end of something is over only when the margin has passed as well. Immutable.
 */
record SkewedClock(InstantSource source, Duration margin) {
  /** Returns the milliseconds since 1970. */
  long now() {
    return source.millis();
  }

  /** Returns the latest end that counts as over at {@code now}. */
  long latestOver(long now) {
    return now - margin.toMillis();
  }
}
