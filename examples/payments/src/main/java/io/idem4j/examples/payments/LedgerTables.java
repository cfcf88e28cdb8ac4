package io.idem4j.examples.payments;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** The ledger's tables, in words that H2 and PostgreSQL both understand. */
final class LedgerTables {
  /** The number of an advisory lock that nothing else should use: "payments" in ASCII. */
  private static final long LOCK = 0x7061_796d_656e_7473L;

  private static final List<String> TABLES =
      List.of(
          """
          CREATE TABLE IF NOT EXISTS payment (
            id UUID PRIMARY KEY,
            tenant VARCHAR(100) NOT NULL,
            amount NUMERIC(36, 18) NOT NULL,
            amount_scale SMALLINT NOT NULL,
            currency VARCHAR(3) NOT NULL,
            deleted BOOLEAN NOT NULL)
          """,
          """
          CREATE INDEX IF NOT EXISTS payment_tenant ON payment (tenant)
          """,
          """
          CREATE TABLE IF NOT EXISTS account (
            tenant VARCHAR(100) NOT NULL,
            name VARCHAR(100) NOT NULL,
            balance BIGINT NOT NULL,
            PRIMARY KEY (tenant, name))
          """,
          """
          CREATE TABLE IF NOT EXISTS increment (
            id UUID PRIMARY KEY,
            tenant VARCHAR(100) NOT NULL,
            account VARCHAR(100) NOT NULL,
            increment_by BIGINT NOT NULL,
            balance BIGINT NOT NULL)
          """,
          """
          CREATE INDEX IF NOT EXISTS increment_tenant ON increment (tenant)
          """);

  private LedgerTables() {}

  /** Makes the tables that are missing. Safe to run from several processes at once. */
  static void create(Connection connection) throws SQLException {
    if (!connection.getMetaData().getDatabaseProductName().equals("PostgreSQL")) {
      execute(connection);
      return;
    }
    Sql.<Boolean, RuntimeException, RuntimeException>inTransaction(
        connection,
        () -> {
          // Two sessions that find a table missing would both make it, and one would fail.
          try (Statement lock = connection.createStatement()) {
            lock.execute("SELECT pg_advisory_xact_lock(" + LOCK + ")");
          }
          execute(connection);
          return true;
        });
  }

  private static void execute(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String table : TABLES) {
        statement.execute(table);
      }
    }
  }
}
