package io.idem4j;

import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.TransactionBound;
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

  /** Submits a task to the executor; false if that refuses it, or no thread could be had. */
  boolean submit(Runnable task) {
    try {
      executor.execute(task);
      return true;
    } catch (Throwable e) {
      return false;
    }
  }

  /** Says whether all writes belong to a transaction that somebody else commits. */
  boolean isBound() {
    return store instanceof TransactionBound;
  }

  /** Returns the same engine for one transaction. */
  Engine boundTo(TransactionBound transaction) {
    return new Engine(
        transaction,
        timing,
        Grants.inTransaction(grants),
        random,
        executor,
        events,
        maximumPayload,
        activity,
        pending,
        rooms);
  }

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
