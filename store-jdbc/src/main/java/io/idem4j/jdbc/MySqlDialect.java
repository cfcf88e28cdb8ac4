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
    return statements(table, lockTimeout, MySqlSql.MARIADB_FRAME);
  }

  /**
   * Asks the server. MariaDB's driver tells what it last heard, and takes what one statement set
   * for itself for the session's.
   */
  @Override
  public int isolation(Connection connection) throws SQLException {
    String isolation =
        Dialect.ask(connection, "SELECT @@SESSION." + server.isolationVariable()).orElseThrow();
    return switch (isolation) {
      case "READ-UNCOMMITTED" -> Connection.TRANSACTION_READ_UNCOMMITTED;
      case "READ-COMMITTED" -> Connection.TRANSACTION_READ_COMMITTED;
      case "SERIALIZABLE" -> Connection.TRANSACTION_SERIALIZABLE;
      default -> Connection.TRANSACTION_REPEATABLE_READ;
    };
  }

  /** Tells the server, for the same reason. */
  @Override
  public void isolation(Connection connection, int isolation) throws SQLException {
    String level =
        switch (isolation) {
          case Connection.TRANSACTION_READ_UNCOMMITTED -> "READ UNCOMMITTED";
          case Connection.TRANSACTION_READ_COMMITTED -> "READ COMMITTED";
          case Connection.TRANSACTION_SERIALIZABLE -> "SERIALIZABLE";
          default -> "REPEATABLE READ";
        };
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET SESSION TRANSACTION ISOLATION LEVEL " + level);
    }
  }

  /** MySQL bounds no wait for a row in a statement; within a transaction its session is ours. */
  @Override
  public LockWait boundWait(Connection connection, Duration lockTimeout) throws SQLException {
    if (hasBlocks) {
      return () -> {};
    }
    String before = Dialect.ask(connection, MySqlSql.LOCK_WAIT).orElseThrow();
    setWait(connection, seconds(lockTimeout));
    return () -> setWait(connection, before);
  }

  private static void setWait(Connection connection, String seconds) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET SESSION innodb_lock_wait_timeout = " + seconds);
    }
  }

  /** Whole seconds are all that the servers know; zero would not wait at all. */
  private static String seconds(Duration lockTimeout) {
    return Long.toString(lockTimeout.plusMillis(999).toSeconds());
  }

  @Override
  public Statements boundStatements(TableName table, Duration lockTimeout) {
    return statements(table, lockTimeout, MySqlSql.MARIADB_BOUND_FRAME);
  }

  private Statements statements(TableName table, Duration lockTimeout, String frame) {
    String wait = seconds(lockTimeout);
    return new Statements(
        framed(hasBlocks ? MySqlSql.MARIADB_CLAIM : MySqlSql.MYSQL_CLAIM, table, wait, frame),
        hasBlocks ? Statements.Claim.ANSWERS : Statements.Claim.INSERTS,
        framed(MySqlSql.CLAIM_OVER, table, wait, frame),
        framed(MySqlSql.REPLACE, table, wait, frame),
        framed(MySqlSql.REPLACE_KEEPING_SLOTS, table, wait, frame),
        framed(MySqlSql.READ, table, wait, frame),
        framed(MySqlSql.PURGE, table, wait, frame),
        framed(MySqlSql.SCAN_ABANDONED, table, wait, frame),
        framed(MySqlSql.SCAN_IN_DOUBT, table, wait, frame));
  }

  private String framed(String sql, TableName table, String wait, String frame) {
    String framed =
        hasBlocks
            ? frame
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
