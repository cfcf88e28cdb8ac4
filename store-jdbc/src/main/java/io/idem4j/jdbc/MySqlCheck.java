package io.idem4j.jdbc;

import io.idem4j.KeyStoreException;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The start-up check of MariaDB and MySQL, on one connection: what the two permit is more than what
 * keeps two claims apart (stores.md 3.2.2, 3.2.3, 3.2.12, 3.2.13).
 */
final class MySqlCheck {
  private static final Logger LOG = LoggerFactory.getLogger(JdbcKeyStore.class);

  /** Errors of a user who may not do something to a table, to a column, or to anything in it. */
  private static final Set<Integer> DENIED = Set.of(1044, 1142, 1143);

  /** What a statement takes beside the slots, in bytes; its text alone is some 3 KiB. */
  private static final long OVERHEAD = 16 << 10;

  /** A driver that fills parameters into the text writes two bytes for some. */
  private static final int ESCAPED = 2;

  private static final Pattern RESENDING =
      Pattern.compile("[?&;](autoreconnect|autoreconnectforpools|transactionreplay)=(true|1|yes)");

  /** A prefix of the driver's for several hosts, or a list of them before the database. */
  private static final Pattern SEVERAL_HOSTS =
      Pattern.compile("jdbc:[a-z]+(\\+srv:|:[a-z-]+:|://[^/?]*,)");

  private record Session(
      @Nullable String database,
      Set<String> modes,
      boolean isReplica,
      boolean isReadOnly,
      long packet,
      int flush,
      boolean hasBinaryLog,
      long binaryLogSync) {}

  private final Handle handle;
  private final SchemaCheck check;
  private final Session session;
  private final String schema;
  private final String name;

  MySqlCheck(Handle handle, TableName table, MySqlServer server) {
    this.handle = handle;
    this.check = new SchemaCheck(table, MySqlDialect.SCHEMA_FILE);
    String readOnly = server.isMariaDb() ? server.readOnlyVariable() : "transaction_read_only";
    this.session =
        handle
            .select(MySqlSql.SESSION.replace("${readOnly}", readOnly))
            .map(
                (row, context) ->
                    new Session(
                        row.getString(1),
                        Set.of(row.getString(2).toUpperCase(Locale.ROOT).split(",")),
                        row.getBoolean(3),
                        row.getBoolean(4),
                        row.getLong(5),
                        row.getInt(6),
                        row.getBoolean(7),
                        row.getLong(8)))
            .one();
    if (table.schema().isEmpty() && session.database() == null) {
      throw check.problem("is in no database: name one in the URL, or before the table");
    }
    this.schema = table.schema().isEmpty() ? String.valueOf(session.database()) : table.schema();
    this.name = table.simple();
  }

  /** Returns the table under the name that leads there whatever database a session is in. */
  TableName resolved(TableName table) {
    return table.resolvedTo(quotedName());
  }

  /**
   * Makes the whole check.
   *
   * @throws KeyStoreException for the first thing that is wrong
   */
  void run(int maximumSlot) throws SQLException {
    if (session.isReplica()) {
      throw SchemaCheck.readOnly(
          "this server is read-only, as replicas are; lead the data source to the primary");
    }
    if (session.isReadOnly()) {
      throw SchemaCheck.readOnly("sessions of this data source are read-only; let them write");
    }
    requireModes();
    requireTable();
    requireColumns(maximumSlot);
    requireIndexes();
    requirePrivileges();
    requirePacket(maximumSlot);
    requireNoResending();
    warnOfLoss();
  }

  private void requireModes() {
    if (!session.modes().contains("STRICT_TRANS_TABLES")
        && !session.modes().contains("STRICT_ALL_TABLES")) {
      throw SchemaCheck.misconfigured(
          "the sql_mode of this data source's sessions is not strict, so that values would be cut"
              + " to fit; add STRICT_TRANS_TABLES");
    }
    if (session.modes().contains("EMPTY_STRING_IS_NULL")) {
      throw SchemaCheck.misconfigured(
          "the sql_mode of this data source's sessions has EMPTY_STRING_IS_NULL, which makes an"
              + " empty payload none at all; remove it");
    }
  }

  private void requireTable() {
    record Table(String kind, @Nullable String engine) {}
    Table table =
        handle
            .select(MySqlSql.TABLE, schema, name)
            .map((row, context) -> new Table(row.getString(1), row.getString(2)))
            .findFirst()
            .orElseThrow(() -> check.problem("does not exist"));
    if (!table.kind().equals("BASE TABLE")) {
      throw check.problem("is a " + table.kind() + ", and must be a table that stays");
    }
    if (!"InnoDB".equalsIgnoreCase(table.engine())) {
      throw check.problem(
          "is kept by the engine " + table.engine() + "; only InnoDB has row locks and a log");
    }
  }

  private void requireColumns(int maximumSlot) {
    List<SchemaCheck.Column> columns =
        handle
            .select(MySqlSql.COLUMNS, schema, name)
            .map(
                (row, context) ->
                    new SchemaCheck.Column(
                        row.getString(1),
                        row.getString(2),
                        row.getObject(3, Long.class),
                        row.getBoolean(4),
                        row.getBoolean(5)))
            .list();
    check.requireColumns(columns, maximumSlot, UnaryOperator.identity());
  }

  private void requireIndexes() {
    List<String> unique =
        handle.select(MySqlSql.UNIQUE_INDEXES, schema, name).mapTo(String.class).list();
    check.requireUniqueIndex(unique.contains("key_id"));
    if (unique.stream().anyMatch(columns -> !columns.equals("key_id"))) {
      throw check.problem(
          "has a further unique index: ON DUPLICATE KEY UPDATE would take another key's row for"
              + " the one that stands in the way");
    }
  }

  /** Nobody can be asked for privileges that come by a role; to try them writes nothing. */
  private void requirePrivileges() throws SQLException {
    try (Statement statement = handle.getConnection().createStatement()) {
      for (String sql : MySqlSql.PRIVILEGES) {
        statement.execute(sql.replace("${table}", quotedName()));
      }
    } catch (SQLException e) {
      if (DENIED.contains(e.getErrorCode())) {
        throw check.problem("is not open to this user: SELECT, INSERT, UPDATE, DELETE are needed");
      }
      throw e;
    }
  }

  private void requirePacket(int maximumSlot) {
    long needed = 2L * ESCAPED * maximumSlot + OVERHEAD;
    if (session.packet() < needed) {
      throw SchemaCheck.misconfigured(
          "max_allowed_packet is %d bytes, and two slots of %d may need %d: raise it, or lower"
                  .formatted(session.packet(), maximumSlot, needed)
              + " maximumSlot; the server would drop the connection");
    }
  }

  private void requireNoResending() throws SQLException {
    String url = handle.getConnection().getMetaData().getURL();
    if (url == null) {
      return;
    }
    String lower = url.toLowerCase(Locale.ROOT);
    if (RESENDING.matcher(lower).find()) {
      throw SchemaCheck.misconfigured(
          "the URL lets the driver connect again and go on; remove autoReconnect and"
              + " transactionReplay, and leave new connections to the pool");
    }
    if (namesSeveralHosts(lower)) {
      LOG.warn(
          "the URL names several hosts: the driver may lead a call to a replica, which is refused"
              + " only where it is read_only, and what a promoted one never received is forgotten");
    }
  }

  static boolean namesSeveralHosts(String url) {
    return SEVERAL_HOSTS.matcher(url).lookingAt();
  }

  private void warnOfLoss() {
    if (session.flush() != 1) {
      LOG.warn(
          "the server runs with innodb_flush_log_at_trx_commit={}: its crash forgets claims and"
              + " answers that were given out",
          session.flush());
    } else if (!session.hasBinaryLog() || session.binaryLogSync() != 1) {
      // InnoDB ends a transaction in memory first, for all to see, and flushes its log then. Only
      // the binary log, which is flushed before either, keeps others from what may yet be lost.
      LOG.warn(
          "the server runs with log_bin={} and sync_binlog={}: others see a commit before it is"
              + " flushed, so that its crash may forget an answer that was replayed already; log_bin"
              + " with sync_binlog=1 prevents that",
          session.hasBinaryLog() ? "ON" : "OFF",
          session.binaryLogSync());
    }
  }

  private String quotedName() {
    return "`" + schema.replace("`", "``") + "`.`" + name.replace("`", "``") + "`";
  }
}
