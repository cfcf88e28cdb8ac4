package io.idem4j.examples.payments;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/** What is done with a connection again and again. */
final class Sql {
  private static final String UNIQUE_VIOLATION = "23505";

  /** MariaDB's SQL state for it says less than its number. */
  private static final int MARIADB_DUPLICATE = 1062;

  /** What one transaction does. */
  @FunctionalInterface
  interface Step<R, X extends Exception, Y extends Exception> {
    R run() throws SQLException, X, Y;
  }

  private Sql() {}

  /**
   * Runs a step in one transaction. Whatever the step throws, an {@link Error} too, undoes all of
   * it.
   *
   * @param connection is in auto-commit, and is so again afterwards or else is closed
   */
  static <R, X extends Exception, Y extends Exception> R inTransaction(
      Connection connection, Step<R, X, Y> step) throws SQLException, X, Y {
    boolean isCommitted = false;
    connection.setAutoCommit(false);
    try {
      R result = step.run();
      connection.commit();
      isCommitted = true;
      return result;
    } finally {
      if (!isCommitted) {
        rollBack(connection);
      }
      // Commits what is open; so it comes after one of both, or not at all.
      connection.setAutoCommit(true);
    }
  }

  private static void rollBack(Connection connection) throws SQLException {
    boolean isRolledBack = false;
    try {
      connection.rollback();
      isRolledBack = true;
    } finally {
      if (!isRolledBack) {
        // The database undoes what its client does not finish.
        connection.abort(Runnable::run);
      }
    }
  }

  /** Returns whether the row was inserted; if not, there is one with its key. */
  static boolean insert(Connection connection, String sql, Object... values) throws SQLException {
    try {
      requireOne(connection, sql, values);
      return true;
    } catch (SQLException e) {
      if (UNIQUE_VIOLATION.equals(e.getSQLState()) || e.getErrorCode() == MARIADB_DUPLICATE) {
        return false;
      }
      throw e;
    }
  }

  static Optional<Long> number(Connection connection, String sql, Object... values)
      throws SQLException {
    try (PreparedStatement select = prepare(connection, sql, values);
        ResultSet rows = select.executeQuery()) {
      return rows.next() ? Optional.of(rows.getLong(1)) : Optional.empty();
    }
  }

  static void requireOne(Connection connection, String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, values)) {
      int rows = statement.executeUpdate();
      if (rows != 1) {
        throw new SQLException(rows + " rows were written instead of one");
      }
    }
  }

  static PreparedStatement prepare(Connection connection, String sql, Object... values)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int i = 0; i < values.length; i++) {
      statement.setObject(i + 1, values[i]);
    }
    return statement;
  }
}
