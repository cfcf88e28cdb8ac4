package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.spi.KeyStore;
import io.idem4j.tck.KeyStoreSubject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.stream.Stream;
import javax.sql.DataSource;

/** A database for the contract suite; one serves all tests of a class. */
final class JdbcSubject implements KeyStoreSubject {
  private static final int MAXIMUM_SLOT = 1 << 20;

  private final Database database;
  private final OwnConnections.DialectChoice dialect;
  private final DataSource dataSource;
  private final String table;
  private final JdbcKeyStore store;
  private final JdbcKeyStore second;
  private final JdbcKeyStore unreachable;

  /**
   * @param database what it is
   * @param dataSource where the table is, or will be made
   * @param closedPort a data source of the same kind that leads nowhere
   * @param dialect chooses the dialect
   */
  JdbcSubject(
      Database database,
      DataSource dataSource,
      DataSource closedPort,
      OwnConnections.DialectChoice dialect) {
    this(database, dataSource, closedPort, dialect, Sql.freshTable());
  }

  /** As above, on a table that may be there already. */
  JdbcSubject(
      Database database,
      DataSource dataSource,
      DataSource closedPort,
      OwnConnections.DialectChoice dialect,
      String table) {
    this.database = database;
    this.dialect = dialect;
    this.dataSource = dataSource;
    this.table = table;
    this.store = build(dataSource);
    this.second = build(dataSource);
    ScriptedDataSource lost = new ScriptedDataSource(dataSource);
    this.unreachable = build(lost);
    lost.leadTo(closedPort);
    Sql.allowNulls(database, dataSource, table);
    Sql.run(dataSource, "CREATE TABLE IF NOT EXISTS caller_row (id VARCHAR(100) PRIMARY KEY)");
  }

  private JdbcKeyStore build(DataSource from) {
    return JdbcKeyStore.builder(from)
        .table(table)
        .maximumSlot(MAXIMUM_SLOT)
        .createTableIfMissing()
        .build(dialect);
  }

  @Override
  public KeyStore store() {
    return store;
  }

  @Override
  public KeyStore secondInstance() {
    return second;
  }

  @Override
  public OptionalInt maximumSlot() {
    return OptionalInt.of(MAXIMUM_SLOT);
  }

  @Override
  public Optional<KeyStore> unreachable() {
    return Optional.of(unreachable);
  }

  @Override
  public List<Damage> damages() {
    String fifteen = database.bytes("07".repeat(15));
    String zeros = database.bytes("00".repeat(16));
    Stream<Damage> past =
        Stream.of(
                "stamp = NULL",
                "stamp = " + fifteen,
                "stamp = " + zeros,
                "format = NULL",
                "format = 0",
                "format = -1",
                "state = NULL",
                "state = 0",
                "state = 6",
                "state = -1",
                "fence = NULL",
                "fence = -1",
                "attempt = NULL",
                "attempt = -1",
                "grant_id = NULL",
                "grant_id = " + fifteen.replace("07070707", ""),
                "fingerprint_algorithm = NULL",
                "fingerprint_algorithm = ''",
                "fingerprint = NULL",
                "fingerprint = " + fifteen,
                "lease_until_ms = NULL",
                "lease_until_ms = -1",
                "lease_until_ms = 9223372036854775807")
            .map(each -> damage(each, true));
    Stream<Damage> endless =
        Stream.of("retain_until_ms = NULL", "retain_until_ms = 9223372036854775807")
            .map(each -> damage(each, false));
    return Stream.concat(past, endless).toList();
  }

  private Damage damage(String assignment, boolean expires) {
    return new Damage(assignment, expires, id -> Sql.update(dataSource, table, id, assignment));
  }

  @Override
  public Optional<CallerTransactions> callerTransactions() {
    return Optional.of(
        new CallerTransactions() {
          @Override
          public void rolledBack(Runnable calls) {
            inTransaction(calls, false);
          }

          @Override
          public void committed(Runnable calls) {
            inTransaction(calls, true);
          }
        });
  }

  private void inTransaction(Runnable calls, boolean commit) {
    String first = UUID.randomUUID().toString();
    String second = UUID.randomUUID().toString();
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("INSERT INTO caller_row VALUES ('" + first + "')");
      calls.run();
      statement.execute("INSERT INTO caller_row VALUES ('" + second + "')");
      if (commit) {
        connection.commit();
      } else {
        connection.rollback();
      }
      connection.setAutoCommit(true);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
    assertThat(
            Sql.ask(
                dataSource,
                "SELECT count(*) FROM caller_row WHERE id IN ('" + first + "', '" + second + "')"))
        .isEqualTo(commit ? "2" : "0");
  }
}
