package io.idem4j.jdbc;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * H2: no statement inserts or reads, so a claim that is refused reads afterwards. {@code
 * CURRENT_TIMESTAMP} stands still within a transaction; ours are one statement long (stores.md
 * 3.3.5). How long a lock is waited for is the database's own setting.
 */
final class H2Dialect implements Dialect {
  /** The oldest major version with standard types and INFORMATION_SCHEMA. */
  static final int OLDEST = 2;

  private static final Logger LOG = LoggerFactory.getLogger(JdbcKeyStore.class);
  private static final String SCHEMA_FILE = "schema-h2.sql";
  private static final Pattern REMOTE_OR_ASYNC = Pattern.compile("jdbc:h2:(tcp|ssl|async):");
  private static final int DUPLICATE_KEY = 23505;
  private static final int ROUNDS = 50;
  private static final long PAUSE_NANOS = 20_000_000;

  @Override
  public Optional<String> transaction(Connection connection) throws SQLException {
    return Dialect.ask(connection, H2Sql.TRANSACTION);
  }

  @Override
  public boolean hidesTransactions() {
    return false;
  }

  @Override
  public boolean setsIsolation() {
    return false;
  }

  @Override
  public void createTable(Handle handle, TableName table) throws SQLException {
    SQLException failure = null;
    // A table that another process is creating is seen before its key is, so its key is awaited.
    for (int round = 0; round < ROUNDS && !isKeyed(handle, table); round++) {
      if (exists(handle, table)) {
        LockSupport.parkNanos(PAUSE_NANOS);
        continue;
      }
      try (Statement statement = handle.getConnection().createStatement()) {
        // H2's index names take the schema of their table.
        statement.execute(new SchemaCheck(table, SCHEMA_FILE).schema(table.toString()));
        return;
      } catch (SQLException e) {
        failure = e;
      }
    }
    if (failure != null && !exists(handle, table)) {
      throw failure;
    }
  }

  @Override
  public void check(Handle handle, TableName table, int maximumSlot) throws SQLException {
    Connection connection = handle.getConnection();
    if (connection.isReadOnly() || connection.getMetaData().isReadOnly()) {
      throw SchemaCheck.readOnly("the H2 database is read-only; open it so that it can be written");
    }
    SchemaCheck check = new SchemaCheck(table, SCHEMA_FILE);
    List<SchemaCheck.Column> columns =
        handle
            .select(H2Sql.COLUMNS, schema(connection, table), name(connection, table))
            .map(
                (row, context) ->
                    new SchemaCheck.Column(
                        row.getString(1),
                        row.getString(2),
                        row.getObject(3, Long.class),
                        row.getBoolean(4),
                        row.getBoolean(5)))
            .list();
    DatabaseMetaData metaData = connection.getMetaData();
    check.requireColumns(columns, maximumSlot, folding(metaData));
    String kind =
        handle
            .select(H2Sql.KIND, schema(connection, table), name(connection, table))
            .mapTo(String.class)
            .one();
    if (!kind.equals("BASE TABLE")) {
      throw check.problem("is a " + kind + ", and must be a table that stays");
    }
    check.requireUniqueIndex(isKeyed(handle, table));
    warnOfLoss(handle, connection.getMetaData().getURL());
  }

  @Override
  public TableName resolve(Handle handle, TableName table) throws SQLException {
    Connection connection = handle.getConnection();
    return table.resolvedTo(
        quoted(schema(connection, table)) + "." + quoted(name(connection, table)));
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  @Override
  public Statements statements(TableName table, Duration lockTimeout) {
    return statements(table, H2Sql.NOW);
  }

  @Override
  public Statements boundStatements(TableName table, Duration lockTimeout) {
    return statements(table, H2Sql.STATEMENT_NOW);
  }

  /** A session's bound, which no commit and no rollback changes. */
  @Override
  public LockWait boundWait(Connection connection, Duration lockTimeout) throws SQLException {
    String before = Dialect.ask(connection, H2Sql.LOCK_TIMEOUT).orElseThrow();
    setWait(connection, Long.toString(lockTimeout.toMillis()));
    return () -> setWait(connection, before);
  }

  private static void setWait(Connection connection, String millis) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET LOCK_TIMEOUT " + millis);
    }
  }

  private static Statements statements(TableName table, String now) {
    return new Statements(
        Dialect.fill(H2Sql.CLAIM, table, now),
        Statements.Claim.INSERTS,
        Dialect.fill(H2Sql.CLAIM_OVER, table, now),
        Dialect.fill(H2Sql.REPLACE, table, now),
        Dialect.fill(H2Sql.REPLACE_KEEPING_SLOTS, table, now),
        Dialect.fill(H2Sql.READ, table, now),
        Dialect.fill(H2Sql.PURGE, table, now),
        Dialect.fill(H2Sql.SCAN_ABANDONED, table, now),
        Dialect.fill(H2Sql.SCAN_IN_DOUBT, table, now));
  }

  /** Its driver releases savepoints by itself; only a rollback to one tells. */
  @Override
  public boolean tellsLostSavepoints() {
    return false;
  }

  @Override
  public boolean isLostInsertRace(SQLException failure) {
    return failure.getErrorCode() == DUPLICATE_KEY;
  }

  /** H2 by its defaults forgets acknowledged writes (stores.md 3.3.3 and 3.3.4). */
  private static void warnOfLoss(Handle handle, String url) {
    if (url.startsWith("jdbc:h2:mem:")) {
      if (!setting(handle, "DB_CLOSE_DELAY").equals(Optional.of("-1"))) {
        LOG.warn(
            "the in-memory H2 database vanishes with its last connection, and every record with it:"
                + " add DB_CLOSE_DELAY=-1 to its URL");
      }
      return;
    }
    if (!setting(handle, "WRITE_DELAY").equals(Optional.of("0"))) {
      LOG.warn(
          "H2 writes late, and a killed process forgets answers that were given out: add"
              + " WRITE_DELAY=0 to its URL");
    }
    if (!REMOTE_OR_ASYNC.matcher(url).lookingAt()) {
      LOG.warn(
          "the interrupt of a thread that uses the H2 file closes the database for all: let its URL"
              + " begin with jdbc:h2:async:");
    }
  }

  private static Optional<String> setting(Handle handle, String name) {
    return handle.select(H2Sql.SETTING, name).mapTo(String.class).findFirst();
  }

  private static boolean isKeyed(Handle handle, TableName table) throws SQLException {
    Connection connection = handle.getConnection();
    return handle
        .select(H2Sql.UNIQUE_INDEXES, schema(connection, table), name(connection, table))
        .mapTo(String.class)
        .findFirst()
        .isPresent();
  }

  private static boolean exists(Handle handle, TableName table) throws SQLException {
    Connection connection = handle.getConnection();
    return handle
            .select(H2Sql.TABLES, schema(connection, table), name(connection, table))
            .mapTo(Integer.class)
            .one()
        > 0;
  }

  private static String schema(Connection connection, TableName table) throws SQLException {
    return table.schema().isEmpty()
        ? connection.getSchema()
        : fold(connection.getMetaData(), table.schema());
  }

  private static String name(Connection connection, TableName table) throws SQLException {
    return fold(connection.getMetaData(), table.simple());
  }

  private static String fold(DatabaseMetaData metaData, String name) throws SQLException {
    return folding(metaData).apply(name);
  }

  /** Does to a name what the database does to one without quotes, which is an option of its URL. */
  private static UnaryOperator<String> folding(DatabaseMetaData metaData) throws SQLException {
    if (metaData.storesUpperCaseIdentifiers()) {
      return name -> name.toUpperCase(Locale.ROOT);
    }
    return metaData.storesLowerCaseIdentifiers()
        ? name -> name.toLowerCase(Locale.ROOT)
        : name -> name;
  }
}
