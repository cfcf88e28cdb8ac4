package io.idem4j.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * MariaDB and MySQL. On MariaDB a claim reads or inserts in one execution, and each statement sets
 * its own isolation and bounds its own wait. MySQL has neither RETURNING nor anonymous blocks: a
 * claim that is refused reads afterwards, as on H2.
 *
 * <p>MySQL itself was never run: its statements were, against MariaDB.
 */
final class MySqlDialect implements Dialect {
  static final String SCHEMA_FILE = "schema-mysql.sql";

  private static final int DUPLICATE_KEY = 1062;
  private static final int NO_SUCH_SAVEPOINT = 1305;

  private final MySqlServer server;
  private final boolean hasBlocks;

  MySqlDialect(MySqlServer server) {
    this(server, server.isMariaDb());
  }

  /**
   * For tests of MySQL's statements on MariaDB.
   *
   * @param hasBlocks whether the server runs anonymous blocks and has INSERT … RETURNING
   */
  MySqlDialect(MySqlServer server, boolean hasBlocks) {
    this.server = server;
    this.hasBlocks = hasBlocks;
  }

  @Override
  public Optional<String> transaction(Connection connection) throws SQLException {
    if (server.isMariaDb()
        && Dialect.ask(connection, MySqlSql.IN_TRANSACTION).equals(Optional.of("0"))) {
      return Optional.empty();
    }
    // Neither server names a transaction to a user without privileges, but a savepoint ends with
    // its own: where the last one that was set here is still known, the transaction is the same.
    Optional<String> last = Dialect.ask(connection, MySqlSql.LAST_SAVEPOINT);
    try (Statement statement = connection.createStatement()) {
      if (last.isPresent() && release(statement, last.get())) {
        return last;
      }
      String fresh = "idem4j_" + UUID.randomUUID().toString().replace('-', '_');
      statement.execute("SET @idem4j_savepoint = '" + fresh + "'");
      statement.execute("SAVEPOINT " + fresh);
      return Optional.of(fresh);
    }
  }

  private static boolean release(Statement statement, String savepoint) throws SQLException {
    try {
      statement.execute("RELEASE SAVEPOINT " + savepoint);
      return true;
    } catch (SQLException e) {
      if (e.getErrorCode() == NO_SUCH_SAVEPOINT) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public boolean hidesTransactions() {
    // They are hidden, but an empty rollback costs Connector/J three round trips. MariaDB's
    // statements begin with their own.
    return false;
  }

  @Override
  public boolean setsIsolation() {
    return hasBlocks;
  }

  @Override
  public void createTable(Handle handle, TableName table) throws SQLException {
    try (Statement statement = handle.getConnection().createStatement()) {
      // One statement, which the server lets run once. Index names are the table's own.
      statement.execute(new SchemaCheck(table, SCHEMA_FILE).schema("idem4j_record"));
    }
  }

  @Override
  public void check(Handle handle, TableName table, int maximumSlot) throws SQLException {
    new MySqlCheck(handle, table, server).run(maximumSlot);
  }

  @Override
  public TableName resolve(Handle handle, TableName table) throws SQLException {
    return new MySqlCheck(handle, table, server).resolved(table);
  }

  @Override
  public Statements statements(TableName table, Duration lockTimeout) {
    // Whole seconds are all that the servers know; zero would not wait at all.
    String wait = Long.toString(lockTimeout.plusMillis(999).toSeconds());
    return new Statements(
        framed(hasBlocks ? MySqlSql.MARIADB_CLAIM : MySqlSql.MYSQL_CLAIM, table, wait),
        hasBlocks ? Statements.Claim.ANSWERS : Statements.Claim.INSERTS,
        framed(MySqlSql.CLAIM_OVER, table, wait),
        framed(MySqlSql.REPLACE, table, wait),
        framed(MySqlSql.REPLACE_KEEPING_SLOTS, table, wait),
        framed(MySqlSql.READ, table, wait),
        framed(MySqlSql.PURGE, table, wait),
        framed(MySqlSql.SCAN_ABANDONED, table, wait),
        framed(MySqlSql.SCAN_IN_DOUBT, table, wait));
  }

  private String framed(String sql, TableName table, String wait) {
    String framed =
        hasBlocks
            ? MySqlSql.MARIADB_FRAME
                .replace("${isolation}", server.isolationVariable())
                .replace("${statement}", sql.replace("${hint} ", "").strip())
            : sql.replace("${hint}", MySqlSql.MYSQL_HINT);
    return filled(framed.replace("${wait}", wait), table);
  }

  private static String filled(String sql, TableName table) {
    return Dialect.fill(
        sql.replace("${replica}", MySqlSql.IS_REPLICA).replace("${start}", MySqlSql.START),
        table,
        MySqlSql.NOW);
  }

  @Override
  public boolean isLostInsertRace(SQLException failure) {
    return failure.getErrorCode() == DUPLICATE_KEY;
  }
}
