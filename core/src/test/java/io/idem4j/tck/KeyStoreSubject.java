package io.idem4j.tck;

import io.idem4j.KeyId;
import io.idem4j.spi.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * What a store's author hands to the contract suite: the store, a second instance of it, and what
 * the backend lets a test do. The two stores are needed; each other method is an ability. A test
 * whose ability is missing is reported as skipped, with the reason.
 *
 * <p>The suite draws fresh keys for every test, so one table or one server may serve all of them,
 * and need not be emptied in between. Nothing else may purge or fill that backend meanwhile.
 */
public interface KeyStoreSubject extends AutoCloseable {
  /** The longest time that {@link #elapse} is ever asked for: 90 ms. */
  Duration LONGEST_ELAPSE = Duration.ofMillis(90);

  /**
   * One way to damage a stored record.
   *
   * @param name what is broken: shown when a test fails
   * @param expires whether the end of the retention can still be read after the damage, so that the
   *     record must count as absent once its retention is over
   * @param damage breaks the record of this key where it is stored, past the store's own code, and
   *     leaves it live; does nothing if no record of the key is there any more
   */
  record Damage(String name, boolean expires, Consumer<KeyId> damage) {}

  /**
   * Runs calls while the caller has a transaction of its own open, opened the way the store's users
   * open one: on the same data source, on the same thread.
   */
  interface CallerTransactions {
    /**
     * Opens a transaction, writes a row of the caller's, runs {@code calls}, writes a second row,
     * and rolls back. Throws an {@link AssertionError} if the second row could not be written or
     * either of the two is there afterwards.
     */
    void rolledBack(Runnable calls);

    /**
     * Opens a transaction, writes a row of the caller's, runs {@code calls}, writes a second row,
     * and commits. Throws an {@link AssertionError} if one of the two is missing afterwards.
     */
    void committed(Runnable calls);
  }

  /** Returns the store under test; the same one each time. */
  KeyStore store();

  /**
   * Returns a second instance on the same backend, as another process would make it; the same one
   * each time. A store that lives in one object returns {@link #store()}.
   */
  KeyStore secondInstance();

  /**
   * Lets time pass on the clock that the store measures by. Sleeps, unless the author has a clock
   * to move.
   *
   * @param time at most {@link #LONGEST_ELAPSE}
   */
  default void elapse(Duration time) {
    if (time.compareTo(LONGEST_ELAPSE) > 0) {
      throw new IllegalArgumentException(time + " is longer than " + LONGEST_ELAPSE);
    }
    try {
      // Five milliseconds more than asked: a clock that is read in whole milliseconds may lag.
      Thread.sleep(time.toMillis() + 5);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while time was to pass", e);
    }
  }

  /**
   * Returns how many bytes the payload may have beside an absent checkpoint, and the checkpoint
   * beside an absent payload. Nothing: the store has no limit that a test can reach.
   */
  default OptionalInt maximumSlot() {
    return OptionalInt.empty();
  }

  /**
   * Returns the ways in which a stored record can be broken: one per field that could be missing,
   * mistyped or out of range, and for encoded records at least a cut and a flipped bit (S10). Not
   * the format number: a changed one is that of a later format, which core refuses. Whether a
   * record that was moved to another key is noticed is tested only if it is among these.
   */
  default List<Damage> damages() {
    return List.of();
  }

  /**
   * Returns a store of the same kind whose backend cannot be reached: a closed port, say (S7). One
   * whose constructor looks at the backend is made first, and the backend taken away then.
   */
  default Optional<KeyStore> unreachable() {
    return Optional.empty();
  }

  /** Returns the caller's transactions, for stores whose users have such (S11). */
  default Optional<CallerTransactions> callerTransactions() {
    return Optional.empty();
  }

  /**
   * Returns how often the concurrent tests repeat what they do: 30 times, if it is not overridden.
   * Raise it for a nightly run, lower it for a store that takes long.
   */
  default int rounds() {
    return 30;
  }

  /** Gives back what the subject holds; called after each test. */
  @Override
  default void close() {}
}
