package io.idem4j.examples.payments;

import io.idem4j.spi.KeyStore;
import io.idem4j.spi.RecordPurger;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Frees the space of records whose retention is over, once in a period. */
final class Purging implements AutoCloseable {
  private static final int LIMIT = 1_000;

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "payments-purge");
            thread.setDaemon(true);
            return thread;
          });

  Purging(KeyStore keys, Duration period) {
    if (keys instanceof RecordPurger purger) {
      var unused =
          timer.scheduleWithFixedDelay(
              () -> purge(purger), period.toMillis(), period.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private static void purge(RecordPurger purger) {
    try {
      int purged;
      do {
        purged = purger.purge(LIMIT);
      } while (purged == LIMIT);
    } catch (RuntimeException e) {
      // Whatever it is: a timer forgets a task that throws.
      // What is not purged now is purged a minute later; no answer depends on it.
    }
  }

  @Override
  public void close() {
    timer.shutdown();
  }
}
