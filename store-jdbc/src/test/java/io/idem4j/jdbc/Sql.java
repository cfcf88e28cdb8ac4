package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;

/** What tests do to a database past the store. */
final class Sql {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private Sql() {}

  /** Returns a table name that no other test of this run uses. */
  static String freshTable() {
    return "records_"
        + Long.toString(ProcessHandle.current().pid(), 36).toLowerCase(Locale.ROOT)
        + "_"
        + COUNT.incrementAndGet();
  }

  /** Returns a fresh in-memory H2 that stays. */
  static JdbcDataSource h2() {
    return h2("jdbc:h2:mem:t" + COUNT.incrementAndGet() + ";DB_CLOSE_DELAY=-1");
  }

  /** Returns an H2 data source without a pool. */
  static JdbcDataSource h2(String url) {
    JdbcDataSource dataSource = new JdbcDataSource();
    dataSource.setURL(url);
    return dataSource;
  }

  /** Returns what a store on one table sends. */
  static List<String> all(Statements statements) {
    return List.of(
        statements.claim(),
        statements.claimOver(),
        statements.replace(),
        statements.replaceKeepingSlots(),
        statements.read(),
        statements.purge(),
        statements.scanAbandoned(),
        statements.scanInDoubt());
  }

  /** Runs statements. */
  static void run(DataSource dataSource, String... statements) {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns the first column of the first row as text. */
  static String ask(DataSource dataSource, String sql) {
    try (Connection connection = dataSource.getConnection()) {
      return ask(connection, sql);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns the first column of the first row as text. */
  static String ask(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      assertThat(rows.next()).as("a row of %s", sql).isTrue();
      return rows.getString(1);
    }
  }

  /** Changes the row of a key; says whether there was one. */
  static boolean update(DataSource dataSource, String table, KeyId id, String assignments) {
    try (Connection connection = dataSource.getConnection()) {
      return update(connection, table, id, assignments);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** Changes the row of a key; says whether there was one. */
  static boolean update(Connection connection, String table, KeyId id, String assignments)
      throws SQLException {
    String sql = "UPDATE " + table + " SET " + assignments + " WHERE key_id = ?";
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setBytes(1, id.bytes());
      return statement.executeUpdate() == 1;
    }
  }

  /** Lets columns be null that must not be, so that tests can break rows. */
  static void allowNulls(Database database, DataSource dataSource, String table) {
    if (database == Database.MARIADB) {
      allowNullsOfMariaDb(dataSource, table);
      return;
    }
    for (String column :
        new String[] {
          "stamp",
          "format",
          "state",
          "fence",
          "attempt",
          "grant_id",
          "fingerprint_algorithm",
          "fingerprint",
          "lease_until_ms",
          "retain_until_ms"
        }) {
      run(dataSource, "ALTER TABLE " + table + " ALTER COLUMN " + column + " DROP NOT NULL");
    }
  }

  private static void allowNullsOfMariaDb(DataSource dataSource, String table) {
    run(
        dataSource,
        """
        ALTER TABLE %s
            MODIFY stamp VARBINARY(16), MODIFY format INTEGER, MODIFY state INTEGER,
            MODIFY fence BIGINT, MODIFY attempt INTEGER, MODIFY grant_id VARBINARY(12),
            MODIFY fingerprint_algorithm VARCHAR(100), MODIFY fingerprint VARBINARY(32),
            MODIFY lease_until_ms BIGINT, MODIFY retain_until_ms BIGINT
        """
            .formatted(table));
  }
}
