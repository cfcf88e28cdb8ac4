package io.idem4j.jdbc;

import io.idem4j.MisuseException;

/**
 * The transaction of an action is not the one any more in which it began. Either the action, or a
 * statement of it that does so by itself, committed or rolled back; or the database discarded the
 * transaction in favour of a concurrent one, and the action went on without rethrowing that. What
 * came before may be committed or lost, so nothing more is written: roll back, and let actions
 * leave the transaction alone and their {@link java.sql.SQLException}s through.
 */
public final class TransactionGoneException extends MisuseException {
  private static final long serialVersionUID = 1L;

  TransactionGoneException() {
    super(
        "the transaction in which the action began is gone: it was committed or rolled back inside"
            + " the action, or the database discarded it; roll back, and rethrow SQLExceptions");
  }
}
