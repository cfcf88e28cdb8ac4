package io.idem4j.redis;

import io.idem4j.MisuseException;
import java.time.Duration;

/**
 * How many replicas must have a write before it counts, and how long to wait for them.
 *
 * @param replicas how many, at least one
 * @param timeout how long, between a millisecond and five seconds
 */
record Acknowledgement(int replicas, Duration timeout) {
  private static final Duration LONGEST = Duration.ofSeconds(5);

  Acknowledgement {
    if (replicas < 1 || timeout.toMillis() < 1 || timeout.compareTo(LONGEST) > 0) {
      throw new MisuseException(
          "at least one replica acknowledges, within a millisecond to five seconds");
    }
  }

  long millis() {
    return timeout.toMillis();
  }
}
