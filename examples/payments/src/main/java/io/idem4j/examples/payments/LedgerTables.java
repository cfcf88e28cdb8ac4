package io.idem4j.examples.payments;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** The ledger's tables, in words that H2, PostgreSQL and MariaDB understand. */
final class LedgerTables {
  /** The number of an advisory lock that nothing else should use: "payments" in ASCII. */
  private static final long LOCK = 0x7061_796d_656e_7473L;

  /** Letters of both cases, with and without accents or blanks behind them, are different names. */
  private static final String MARIADB_TABLE =
      " ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin";

  /** MariaDB's own UUID refuses some ids of version 8 with SQL state 22007. */
  private static final String MARIADB_ID = "id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin";

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
    switch (connection.getMetaData().getDatabaseProductName()) {
      case "PostgreSQL" ->
          Sql.<Boolean, RuntimeException, RuntimeException>inTransaction(
              connection,
              () -> {
                // Two sessions that find a table missing would both make it, and one would fail.
                try (Statement lock = connection.createStatement()) {
                  lock.execute("SELECT pg_advisory_xact_lock(" + LOCK + ")");
                }
                execute(connection, TABLES);
                return true;
              });
      // Each statement commits by itself, and waits for others about the same table.
      case "MariaDB" -> execute(connection, forMariaDb());
      default -> execute(connection, TABLES);
    }
  }

  private static List<String> forMariaDb() {
    return TABLES.stream()
        .map(sql -> sql.startsWith("CREATE TABLE") ? sql + MARIADB_TABLE : sql)
        .map(sql -> sql.replace("id UUID", MARIADB_ID))
        .toList();
  }

  private static void execute(Connection connection, List<String> tables) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : tables) {
        statement.execute(sql);
      }
    }
  }
}
