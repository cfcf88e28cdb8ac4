package io.idem4j.examples.client;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * When a call is repeated, and when it is given up. Immutable.
 *
 * @param attempts how many there are at most
 * @param attemptTimeout how long one may take, from the connection to the last byte of the answer
 * @param deadline how long all of them and the pauses between them may take
 * @param firstPause the longest pause after the first failure; doubled after each one
 * @param longestPause where the doubling ends
 * @param maximumBody how many bytes of an answer's body are read
 */
public record RetryPolicy(
    int attempts,
    Duration attemptTimeout,
    Duration deadline,
    Duration firstPause,
    Duration longestPause,
    int maximumBody) {
  private static final Duration LONGEST = Duration.ofDays(1);

  /** Refuses what cannot be meant. */
  public RetryPolicy {
    if (attempts < 1 || maximumBody < 0) {
      throw new IllegalArgumentException("attempts or maximumBody");
    }
    for (Duration time : new Duration[] {attemptTimeout, deadline, firstPause, longestPause}) {
      if (time.isNegative() || time.isZero() || time.compareTo(LONGEST) > 0) {
        throw new IllegalArgumentException("a time must be more than 0, and a day at most");
      }
    }
  }

  /** Returns 8 attempts of 10 s in at most 60 s, pauses of 200 ms to 5 s, and bodies of 1 MiB. */
  public static RetryPolicy standard() {
    return new RetryPolicy(
        8,
        Duration.ofSeconds(10),
        Duration.ofSeconds(60),
        Duration.ofMillis(200),
        Duration.ofSeconds(5),
        1 << 20);
  }

  /** Returns a policy with another limit of attempts. */
  public RetryPolicy withAttempts(int attempts) {
    return new RetryPolicy(
        attempts, attemptTimeout, deadline, firstPause, longestPause, maximumBody);
  }

  /** Returns a policy with other limits for one attempt and for the whole call. */
  public RetryPolicy withTimes(Duration attemptTimeout, Duration deadline) {
    return new RetryPolicy(
        attempts, attemptTimeout, deadline, firstPause, longestPause, maximumBody);
  }

  /** Returns a policy that reads so many bytes of an answer's body. */
  public RetryPolicy withMaximumBody(int maximumBody) {
    return new RetryPolicy(
        attempts, attemptTimeout, deadline, firstPause, longestPause, maximumBody);
  }

  /**
   * Says whether the unchanged request, sent again, may well be answered otherwise. Every other
   * status is the answer: in particular 400, 413 and 422, which a repetition cannot mend, and a
   * redirection.
   *
   * @param saysWhen whether the answer has a {@code Retry-After}: a 409 without one is no "still
   *     running" but a conflict, or an outcome that somebody has to settle
   */
  boolean isRetried(int status, boolean saysWhen) {
    return switch (status) {
      case 408, 425, 429, 500, 502, 503, 504 -> true;
      case 409 -> saysWhen;
      default -> false;
    };
  }

  /**
   * Draws a pause, anything from none to the longest that so many failures allow: clients that were
   * cut off together must not come back together ("full jitter").
   */
  Duration pause(int failures, RandomGenerator random) {
    // 2^46 days are not too much for a Duration, and 2^46 ns are most of a day.
    Duration doubled = firstPause.multipliedBy(1L << Math.min(failures - 1, 46));
    Duration most = doubled.compareTo(longestPause) < 0 ? doubled : longestPause;
    return Duration.ofNanos(random.nextLong(most.toNanos() + 1));
  }
}
