package io.idem4j.examples.outbound;

import io.idem4j.IdempotencyException;
import io.idem4j.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The job runner around an example: it calls again, under the same key, until there is an answer.
 */
final class Retrying {
  private static final long LONGEST_PAUSE_MILLIS = 100;

  /**
   * What came of it.
   *
   * @param tries how many calls it took
   */
  record Answer(Outcome<String> outcome, int tries) {
    /** Says whether the effect was made just now, or was there. */
    String origin() {
      return outcome.getClass().getSimpleName();
    }

    String value() {
      return String.valueOf(outcome.orElseThrow());
    }
  }

  private Retrying() {}

  /**
   * Calls until there is an answer.
   *
   * @throws IOException if there is none in this time
   */
  static Answer untilAnswered(Callable<Outcome<String>> call, Duration most) throws Exception {
    long start = System.nanoTime();
    for (int tries = 1; System.nanoTime() - start < most.toNanos(); tries++) {
      Duration pause;
      try {
        Outcome<String> outcome = call.call();
        if (outcome instanceof Outcome.InFlight<String> inFlight) {
          pause = inFlight.retryAfter();
        } else if (outcome instanceof Outcome.InDoubt<String> inDoubt
            && inDoubt.retryAfter().isPresent()) {
          pause = inDoubt.retryAfter().get();
        } else {
          return new Answer(outcome, tries);
        }
      } catch (IOException | ExpiredException | IdempotencyException e) {
        pause = Duration.ofMillis(tries * 5L); // Nobody knows, and the next call finds out.
      }
      long millis = Math.min(pause.toMillis(), LONGEST_PAUSE_MILLIS);
      Thread.sleep(ThreadLocalRandom.current().nextLong(millis + 1));
    }
    throw new IOException("no answer in " + most);
  }
}
