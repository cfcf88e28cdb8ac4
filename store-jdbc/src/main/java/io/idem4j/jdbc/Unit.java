package io.idem4j.jdbc;

import io.idem4j.KeyStoreException;
import org.jspecify.annotations.Nullable;

/** What one call writes together: a transaction of its own, or a part of the caller's. */
interface Unit {
  /** What became of it. */
  enum Fate {
    COMMITTED,
    /** Somebody else commits the transaction, or rolls it back. */
    LEFT_TO_CALLER,
    ROLLED_BACK,
    UNKNOWN
  }

  /**
   * How it ended.
   *
   * @param failure what to tell the caller where it was rolled back
   */
  record End(Fate fate, @Nullable KeyStoreException failure) {
    KeyStoreException requireFailure() {
      return failure == null
          ? KeyStoreException.unknown("nobody knows whether a commit was applied", null)
          : failure;
    }
  }

  /** Returns the open transaction. */
  OpenTransaction open();

  /** Keeps what was written. Sent once, whatever comes of it. */
  End keep();

  /** Undoes what was written. */
  void undo();

  /** Undoes what was written after a failure, and adds to it what goes wrong then. */
  default void undo(Throwable failure) {
    try {
      undo();
    } catch (TransactionGoneException e) {
      // Whoever went on with the connection would commit what follows without what came before.
      e.addSuppressed(failure);
      throw e;
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
