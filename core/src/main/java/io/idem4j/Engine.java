package io.idem4j;

import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyStore;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * What all operations of one {@link Idempotency} share; everything that is not deterministic comes
 * in here. Safe for use by many threads.
 */
record Engine(
    KeyStore store,
    Timing timing,
    Supplier<Grant> grants,
    RandomGenerator random,
    Executor executor,
    Events events,
    int maximumPayload,
    Activity activity,
    PendingWrites pending,
    WaitingRooms rooms) {

  static Engine of(
      KeyStore store,
      Timing timing,
      Supplier<Grant> grants,
      RandomGenerator random,
      Executor executor,
      Events events,
      int maximumPayload,
      int maximumPendingWrites) {
    Activity activity = new Activity();
    return new Engine(
        store,
        timing,
        grants,
        random,
        executor,
        events,
        maximumPayload,
        activity,
        new PendingWrites(timing, executor, activity, maximumPendingWrites),
        new WaitingRooms(timing, random));
  }
}
