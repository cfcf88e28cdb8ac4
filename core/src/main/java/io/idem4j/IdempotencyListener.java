package io.idem4j;

import java.time.Duration;

/**
 * Told what happens, for metrics and logs: one call per event. Called on the thread where the event
 * happens, so it must be quick and safe for use by many threads; what it throws is logged and
 * ignored.
 */
public interface IdempotencyListener {
  /**
   * What an event is about.
   *
   * @param operation the name of the operation
   * @param key the short digest of the key id; of too many values for a metric label
   * @param attempt how many times the operation may have started; 0 where it is not known
   * @param fence the fence of the record; 0 where it is not known
   * @param elapsed the time since the call began, or since the claim was sent where a lease is
   *     held, by the last reading that core itself needed
   */
  record Event(String operation, String key, int attempt, long fence, Duration elapsed) {}

  /** A key was claimed and the operation will run. */
  default void claimed(Event event) {}

  /** The key of a holder that vanished was claimed; follows no {@link #claimed}. */
  default void takenOver(Event event) {}

  /** A recorded answer, or a recorded failure, was given to a duplicate. */
  default void replayed(Event event) {}

  /** A duplicate was turned away because another call holds the key. */
  default void inFlight(Event event) {}

  /** A call was refused because its key was used before with another fingerprint. */
  default void reused(Event event) {}

  /** A call was refused because nobody knows whether an earlier attempt made its effect. */
  default void inDoubt(Event event) {}

  /** An answer was recorded. */
  default void completed(Event event) {}

  /** A failure was recorded. */
  default void failed(Event event, FailureClassifier.Verdict.Kind kind) {}

  /** A holder lost its lease, or could not confirm it in time. */
  default void leaseLost(Event event) {}

  /** A store call failed; core may still repeat it. */
  default void storeError(Event event, KeyStoreException error) {}

  /** An answer was given out that is not known to be recorded; it is re-sent in the background. */
  default void recordedUnknown(Event event) {}

  /** An operation ran without a key and so without protection. */
  default void bypassed(String operation) {}
}
