package io.idem4j.jdbc;

import io.idem4j.MisuseException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** What differs between databases, and nothing else. Stateless and safe for many threads. */
interface Dialect {
  /**
   * What a live row of format 1 must look like to be replaced (S10): the part of {@link
   * RecordRow}'s tests that SQL can say.
   */
  String READABLE =
      """
      format = 1 AND state BETWEEN 1 AND 5 AND fence >= 0 AND attempt >= 0
          AND OCTET_LENGTH(grant_id) = 12 AND OCTET_LENGTH(fingerprint) = 32
          AND OCTET_LENGTH(fingerprint_algorithm) BETWEEN 1 AND 100
          AND (reference IS NULL OR OCTET_LENGTH(reference) <= 256)
          AND lease_until_ms BETWEEN 0 AND ${latest} AND retain_until_ms <= ${latest}
      """
          .strip()
          .replace("${latest}", Long.toString(RecordRow.LATEST_MILLIS));

  /**
   * Returns the dialect of a database.
   *
   * @throws MisuseException if there is none
   */
  static Dialect of(Connection connection) throws SQLException {
    DatabaseMetaData metaData = connection.getMetaData();
    String product = metaData.getDatabaseProductName();
    int major = metaData.getDatabaseMajorVersion();
    if (product.equals("PostgreSQL") && major >= PostgresDialect.OLDEST) {
      return new PostgresDialect();
    }
    if (product.equals("H2") && major >= H2Dialect.OLDEST) {
      return new H2Dialect();
    }
    String version = metaData.getDatabaseProductVersion();
    if (product.equals("MariaDB") || product.equals("MySQL")) {
      // Each server is also reached through the other's driver, which then has its own opinion.
      MySqlServer server = MySqlServer.of(connection);
      if (server.isSpoken()) {
        return new MySqlDialect(server);
      }
      version = server.version();
    }
    throw new MisuseException(
        "the JDBC store speaks PostgreSQL %d, H2 %d, MariaDB %s and MySQL %s or later, and this data"
                .formatted(
                    PostgresDialect.OLDEST,
                    H2Dialect.OLDEST,
                    MySqlServer.OLDEST_MARIADB,
                    MySqlServer.OLDEST_MYSQL)
            + " source leads to %s %s".formatted(product, version));
  }

  /** Returns the one value of a query; empty for no row or NULL. */
  static Optional<String> ask(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? Optional.ofNullable(row.getString(1)) : Optional.empty();
    }
  }

  /** Fills table, clock and test of readability into a statement. */
  static String fill(String sql, TableName table, String now) {
    return table.in(sql.replace("${readable}", READABLE).replace("${now}", now));
  }

  /**
   * Names session and transaction of a connection in manual-commit mode, leaving both as they are;
   * empty if nothing is uncommitted.
   */
  Optional<String> transaction(Connection connection) throws SQLException;

  /**
   * Says whether a transaction begun by a plain BEGIN does not show in the auto-commit mode, and a
   * rollback without one costs nothing.
   */
  boolean hidesTransactions();

  /** Says whether statements set their own isolation, so that the connection's plays no part. */
  boolean setsIsolation();

  /** Creates table and indexes unless the table exists; may run on several machines at once. */
  void createTable(Handle handle, TableName table) throws SQLException;

  /**
   * Tests all that the store relies on: columns, unique index, room, and that writes are allowed.
   *
   * @throws io.idem4j.KeyStoreException if something is missing, with what to do about it
   */
  void check(Handle handle, TableName table, int maximumSlot) throws SQLException;

  /** Returns the table with the schema that it was found in: later sessions may look elsewhere. */
  TableName resolve(Handle handle, TableName table) throws SQLException;

  /**
   * Returns the statements for a table.
   *
   * @param lockTimeout how long a write may wait for a row that an uncommitted writer holds
   */
  Statements statements(TableName table, Duration lockTimeout);

  /**
   * Returns the statements for a transaction that somebody else ends: they leave isolation and
   * transaction as they are, and read a clock that does not stand still within it.
   */
  Statements boundStatements(TableName table, Duration lockTimeout);

  /** Returns the isolation of a session, as a constant of {@link Connection}. */
  default int isolation(Connection connection) throws SQLException {
    return connection.getTransactionIsolation();
  }

  /** Sets the isolation of a session. */
  default void isolation(Connection connection, int isolation) throws SQLException {
    connection.setTransactionIsolation(isolation);
  }

  /** Bounds the wait for row locks by the statements that follow, where they do not themselves. */
  default LockWait boundWait(Connection connection, Duration lockTimeout) throws SQLException {
    return () -> {};
  }

  /** A bound that was set, and that the session's own replaces again. */
  @FunctionalInterface
  interface LockWait {
    /** Restores what there was. Not called in a transaction that failed, which does it itself. */
    void restore() throws SQLException;
  }

  /** Says whether the release of a savepoint fails where its transaction has ended. */
  default boolean tellsLostSavepoints() {
    return true;
  }

  /** Says whether a claim failed because a concurrent one inserted the row first. */
  boolean isLostInsertRace(SQLException failure);
}
