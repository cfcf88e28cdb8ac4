package io.idem4j.jdbc;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.Optional;
import java.util.Set;

/**
 * A transaction that is open on a connection, and the savepoints by which it is known to be the
 * same still: MariaDB discards a whole transaction after a deadlock, and goes on with another one
 * (stores.md 3.2.8); so does H2; and some statements commit by themselves. For one thread.
 */
final class OpenTransaction {
  /** MariaDB and MySQL: no such savepoint. */
  private static final int NO_SAVEPOINT = 1305;

  /** PostgreSQL: no such savepoint, no transaction; H2: no such savepoint. */
  private static final Set<String> NO_SAVEPOINT_STATES = Set.of("3B001", "25P01", "90063");

  /** PostgreSQL: a statement failed before, and nothing but a rollback is done any more. */
  static final String ABORTED = "25P02";

  /**
   * A savepoint, and the name of its transaction where the release would not tell that it has
   * ended. Without a write before it, a transaction of H2 has no name.
   */
  record Mark(Savepoint savepoint, Optional<String> transaction) {}

  private final Connection connection;
  private final Dialect dialect;

  OpenTransaction(Connection connection, Dialect dialect) {
    this.connection = connection;
    this.dialect = dialect;
  }

  /**
   * Returns a transaction that the caller has open.
   *
   * @throws MisuseException if the connection commits each statement, writes nothing, or has
   *     another isolation than READ COMMITTED, under which a claim would not see what others have
   *     committed
   */
  static OpenTransaction ofCaller(Connection connection, Dialect dialect) {
    try {
      if (connection.getAutoCommit()) {
        throw new MisuseException(
            "the connection is in auto-commit mode: begin a transaction, or leave it to atomic"
                + " without a connection");
      }
      if (connection.isReadOnly()) {
        throw new MisuseException("the transaction is read-only, and a claim is a write");
      }
      if (dialect.isolation(connection) != Connection.TRANSACTION_READ_COMMITTED) {
        throw new MisuseException(
            "the transaction's isolation must be READ COMMITTED: under another one a claim does not"
                + " see what others committed after it began");
      }
      return new OpenTransaction(connection, dialect);
    } catch (SQLException e) {
      throw SqlFailure.noConnection("a transaction", e);
    }
  }

  Connection connection() {
    return connection;
  }

  /**
   * Sets a savepoint.
   *
   * @throws KeyStoreException if that fails; the transaction is of no use any more
   */
  Mark savepoint() {
    try {
      return new Mark(connection.setSavepoint(), name());
    } catch (SQLException | RuntimeException e) {
      throw failure(e);
    }
  }

  private Optional<String> name() throws SQLException {
    return dialect.tellsLostSavepoints() ? Optional.empty() : dialect.transaction(connection);
  }

  /**
   * Undoes what came after a savepoint, and heals a transaction that a failed statement aborted.
   *
   * @throws TransactionGoneException if the savepoint is not known any more
   * @throws KeyStoreException if it fails otherwise
   */
  void rollBackTo(Mark mark) {
    try {
      connection.rollback(mark.savepoint());
    } catch (SQLException | RuntimeException e) {
      throw failure(e);
    }
  }

  /**
   * Gives up a savepoint, which proves that the transaction is the one in which it was set, and is
   * not aborted. (On H2 it proves the former only if something was written before the savepoint.)
   *
   * @throws TransactionGoneException if the savepoint is not known any more
   * @throws KeyStoreException if it fails otherwise
   */
  void release(Mark mark) {
    boolean isSame;
    try {
      connection.releaseSavepoint(mark.savepoint());
      isSame = mark.transaction().isEmpty() || mark.transaction().equals(name());
    } catch (SQLException | RuntimeException e) {
      throw failure(e);
    }
    if (!isSame) {
      throw new TransactionGoneException();
    }
  }

  /** Connector/J throws what it never declared where its connection is gone. */
  private static RuntimeException failure(Exception thrown) {
    SQLException e = SqlFailure.findSql(thrown);
    if (e == null) {
      return SqlFailure.UNKNOWN.exception("the use of a savepoint", thrown);
    }
    if (ABORTED.equals(e.getSQLState())) {
      return KeyStoreException.notApplied(
          Reason.CONFLICT,
          "a statement failed and aborted the transaction; let SQLExceptions of actions through",
          null);
    }
    boolean isGone =
        e.getErrorCode() == NO_SAVEPOINT
            || (e.getSQLState() != null && NO_SAVEPOINT_STATES.contains(e.getSQLState()));
    return isGone
        ? new TransactionGoneException()
        : SqlFailure.of(e).exception("the use of a savepoint", e);
  }
}
