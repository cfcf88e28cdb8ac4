package io.idem4j.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PostgreSQL: a claim inserts and reads in one execution, and each write bounds its own wait for a
 * row lock.
 */
final class PostgresDialect implements Dialect {
  /** The oldest major version that the statements were written for. */
  static final int OLDEST = 12;

  private static final Logger LOG = LoggerFactory.getLogger(JdbcKeyStore.class);
  private static final String SCHEMA_FILE = "schema-postgresql.sql";

  private record Session(
      boolean isReplica, boolean isReadOnly, String synchronousCommit, String fsync) {}

  private record Table(String kind, String persistence, boolean isAllowed) {}

  @Override
  public Optional<String> transaction(Connection connection) throws SQLException {
    return Dialect.ask(connection, PostgresSql.TRANSACTION);
  }

  @Override
  public boolean hidesTransactions() {
    return true;
  }

  @Override
  public boolean setsIsolation() {
    return false;
  }

  @Override
  public void createTable(Handle handle, TableName table) throws SQLException {
    if (table(handle, table) != null) {
      return;
    }
    try (Statement statement = handle.getConnection().createStatement()) {
      // One execution is one transaction. Index names take no schema here.
      statement.execute(
          PostgresSql.SCHEMA_LOCK + new SchemaCheck(table, SCHEMA_FILE).schema(table.simple()));
    }
  }

  @Override
  public void check(Handle handle, TableName table, int maximumSlot) {
    SchemaCheck check = new SchemaCheck(table, SCHEMA_FILE);
    Session session =
        handle
            .select(PostgresSql.SESSION)
            .map(
                (row, context) ->
                    new Session(
                        row.getBoolean(1), row.getBoolean(2), row.getString(3), row.getString(4)))
            .one();
    if (session.isReplica()) {
      throw SchemaCheck.readOnly(
          "this PostgreSQL is a replica; lead the data source to the primary");
    }
    if (session.isReadOnly()) {
      throw SchemaCheck.readOnly("sessions of this data source are read-only; let them write");
    }
    requireTable(check, table(handle, table));
    List<SchemaCheck.Column> columns =
        handle
            .select(PostgresSql.COLUMNS, table.toString())
            .map(
                (row, context) ->
                    new SchemaCheck.Column(
                        row.getString(1),
                        row.getString(2),
                        row.getObject(3, Long.class),
                        row.getBoolean(4),
                        row.getBoolean(5)))
            .list();
    check.requireColumns(columns, maximumSlot, name -> name);
    check.requireUniqueIndex(
        handle
            .select(PostgresSql.UNIQUE_INDEXES, table.toString())
            .mapTo(Long.class)
            .findFirst()
            .isPresent());
    warnOfLoss(session);
  }

  @Override
  public TableName resolve(Handle handle, TableName table) {
    return table.resolvedTo(
        handle.select(PostgresSql.RESOLVE, table.toString()).mapTo(String.class).one());
  }

  @Override
  public Statements boundStatements(TableName table, Duration lockTimeout) {
    return statements(table, PostgresSql.SAVE_WAIT + lockTimeout.toMillis());
  }

  @Override
  public LockWait boundWait(Connection connection, Duration lockTimeout) {
    return () -> {
      try (Statement statement = connection.createStatement()) {
        statement.execute(PostgresSql.RESTORE_WAIT);
      }
    };
  }

  @Override
  public Statements statements(TableName table, Duration lockTimeout) {
    return statements(table, PostgresSql.SET_WAIT + lockTimeout.toMillis());
  }

  private static Statements statements(TableName table, String wait) {
    return new Statements(
        Dialect.fill(PostgresSql.CLAIM.replace("${wait}", wait), table, PostgresSql.NOW),
        Statements.Claim.INSERTS_AND_READS,
        Dialect.fill(PostgresSql.CLAIM_OVER.replace("${wait}", wait), table, PostgresSql.NOW),
        Dialect.fill(PostgresSql.REPLACE.replace("${wait}", wait), table, PostgresSql.NOW),
        Dialect.fill(
            PostgresSql.REPLACE_KEEPING_SLOTS.replace("${wait}", wait), table, PostgresSql.NOW),
        Dialect.fill(PostgresSql.READ, table, PostgresSql.NOW),
        Dialect.fill(PostgresSql.PURGE, table, PostgresSql.NOW),
        Dialect.fill(PostgresSql.SCAN_ABANDONED, table, PostgresSql.NOW),
        Dialect.fill(PostgresSql.SCAN_IN_DOUBT, table, PostgresSql.NOW));
  }

  @Override
  public boolean isLostInsertRace(SQLException failure) {
    // ON CONFLICT DO NOTHING: the loser is told by a count of zero.
    return false;
  }

  private static void requireTable(SchemaCheck check, @Nullable Table table) {
    if (table == null) {
      throw check.problem("does not exist");
    }
    if (!table.kind().equals("r") && !table.kind().equals("p")) {
      throw check.problem("is no table");
    }
    if (table.persistence().equals("t")) {
      throw check.problem("is temporary: each session would have its own");
    }
    if (!table.isAllowed()) {
      throw check.problem("is not open to this user: SELECT, INSERT, UPDATE, DELETE are needed");
    }
    if (table.persistence().equals("u")) {
      LOG.warn("the table is UNLOGGED: after a crash of PostgreSQL every record is forgotten");
    }
  }

  private static void warnOfLoss(Session session) {
    if (session.synchronousCommit().equals("off") || session.fsync().equals("off")) {
      LOG.warn(
          "PostgreSQL runs with synchronous_commit={} and fsync={}: a crash of the server forgets"
              + " claims and answers that were given out",
          session.synchronousCommit(),
          session.fsync());
    }
  }

  private static @Nullable Table table(Handle handle, TableName table) {
    return handle
        .select(PostgresSql.TABLE, table.toString())
        .map((row, context) -> new Table(row.getString(1), row.getString(2), row.getBoolean(3)))
        .findFirst()
        .orElse(null);
  }
}
