package io.idem4j.examples.client;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Time that passes only in pauses, which take none. */
class FakeTime implements RetryingClient.Time {
  private final Instant start = Instant.parse("2026-03-01T12:00:00Z");
  private Duration passed = Duration.ZERO;
  final List<Duration> pauses = new ArrayList<>();

  void pass(Duration time) {
    passed = passed.plus(time);
  }

  @Override
  public long nanoTime() {
    // Near the overflow, which differences survive.
    return Long.MAX_VALUE - 5 + passed.toNanos();
  }

  @Override
  public Instant now() {
    return start.plus(passed);
  }

  @Override
  public void sleep(Duration pause) throws InterruptedException {
    pauses.add(pause);
    pass(pause);
  }
}
