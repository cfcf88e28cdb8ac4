package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.TransactionBound;
import io.idem4j.tck.Samples;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/** architecture.md §4: what a call costs. One execution of a statement is one round trip. */
final class RoundTripsTest {
  private DataSource real;
  private String table;
  private ScriptedDataSource counting;
  private JdbcKeyStore store;

  @BeforeEach
  void forget() {
    real = null;
    table = null;
    counting = null;
  }

  private void open(Database database) {
    real = database.open();
    table = Sql.freshTable();
    counting = new ScriptedDataSource(real);
    store = Rows.store(counting, table);
    counting.takeCalls();
  }

  /** A rollback outside a transaction is not sent: see the test on the wire. */
  private static List<String> calls(ScriptedDataSource counted) {
    return counted.takeCalls().stream().filter(call -> !call.equals("rollback")).toList();
  }

  @Test
  void postgresOnTheWire_firstCallIsTwo_replayAndRefusalAreOne() throws Exception {
    PGSimpleDataSource wired = Postgres.dataSource();
    wired.setSocketFactory(WireCount.class.getName());
    try (Connection connection = wired.getConnection()) {
      // The driver prepares a statement by name from its fifth execution on: all have one trip.
      firstCallIsTwo_replayAndRefusalAreOne(connection);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"useAffectedRows=false", "useAffectedRows=true"})
  void mariaDbOnTheWire_firstCallIsTwo_replayAndRefusalAreOne(String options) throws Exception {
    DataSource driver = MariaDb.dataSource("socketFactory=" + WireCount.class.getName(), options);
    DataSource connectorJ =
        MariaDb.connectorJ("socketFactory=" + WireCount.OfConnectorJ.class.getName(), options);
    for (DataSource wired : List.of(driver, connectorJ)) {
      try (Connection connection = wired.getConnection()) {
        firstCallIsTwo_replayAndRefusalAreOne(connection);
      }
    }
  }

  private void firstCallIsTwo_replayAndRefusalAreOne(Connection connection) {
    store = Rows.store(new OneConnection(connection), Sql.freshTable());
    for (int call = 0; call < 8; call++) {
      KeyRecord claim = Rows.claim();
      WireCount.take();
      store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
      assertThat(WireCount.take()).as("claim %d", call).isEqualTo(1);
      store.compareAndSet(claim.keyId(), Stamp.ABSENT, Rows.duplicate(claim));
      assertThat(WireCount.take()).as("refusal %d", call).isEqualTo(1);
      store.compareAndSet(claim.keyId(), claim.stamp(), Rows.completed(claim));
      assertThat(WireCount.take()).as("completion %d", call).isEqualTo(1);
      store.compareAndSet(claim.keyId(), Stamp.ABSENT, Rows.duplicate(claim));
      assertThat(WireCount.take()).as("replay %d", call).isEqualTo(1);
      store.find(claim.keyId());
      assertThat(WireCount.take()).as("read %d", call).isEqualTo(1);
    }
  }

  /** MySQL's statements, with a pool that comes at READ COMMITTED; MySQL itself is not run. */
  @Test
  void mySqlStatements_firstCallReplayAndRefusal_areTwo() {
    counting =
        new ScriptedDataSource(
            MariaDb.connectorJ("sessionVariables=transaction_isolation='READ-COMMITTED'"));
    store =
        JdbcKeyStore.builder(counting)
            .table(Sql.freshTable())
            .createTableIfMissing()
            .build(MySqlStatements::on);
    counting.takeCalls();
    KeyRecord claim = Rows.claim();
    assertThat(cas(Stamp.ABSENT, claim, CasResult.Applied.class)).isEqualTo(1);
    assertThat(cas(Stamp.ABSENT, Rows.duplicate(claim), CasResult.Refused.class)).isEqualTo(2);
    assertThat(cas(claim.stamp(), Rows.completed(claim), CasResult.Applied.class)).isEqualTo(1);
    assertThat(store.readsFirst(claim.keyId())).as("just refused").isTrue();
    store.find(claim.keyId());
    assertThat(calls(counting)).hasSize(1);
  }

  private int cas(Stamp expected, KeyRecord next, Class<? extends CasResult> answer) {
    assertThat(store.compareAndSet(next.keyId(), expected, next)).isInstanceOf(answer);
    return calls(counting).size();
  }

  @ParameterizedTest
  @EnumSource
  void firstCall_isTwo(Database database) {
    open(database);
    KeyRecord claim = Rows.claim();
    assertThat(cas(Stamp.ABSENT, claim, CasResult.Applied.class)).isEqualTo(1);
    assertThat(cas(claim.stamp(), Rows.completed(claim), CasResult.Applied.class)).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void replayAndRefusal_areOne_andTwoOnH2(Database database) {
    open(database);
    int expected = database == Database.H2 ? 2 : 1;
    KeyRecord done = Rows.done(store);
    KeyRecord running = Rows.claim();
    store.compareAndSet(running.keyId(), Stamp.ABSENT, running);
    counting.takeCalls();
    assertThat(cas(Stamp.ABSENT, Rows.duplicate(done), CasResult.Refused.class))
        .isEqualTo(expected);
    assertThat(cas(Stamp.ABSENT, Rows.duplicate(running), CasResult.Refused.class))
        .isEqualTo(expected);
  }

  /** Opens a store under an operation whose key was just refused; forgets the calls. */
  private Operation<String> justRefused(Database database) {
    open(database);
    Operation<String> operation = Rows.justRefused(Idempotency.builder(store).build());
    assertThat(store.readsFirst(Rows.HOT.id())).isTrue();
    counting.takeCalls();
    return operation;
  }

  private int execute(Operation<String> operation, Class<?> outcome) {
    assertThat(operation.execute(Rows.HOT, Fingerprint.none(), context -> "y"))
        .isInstanceOf(outcome);
    return calls(counting).size();
  }

  /**
   * A read, which costs less than a claim that is refused, and on H2 and MySQL is the half of it.
   */
  @ParameterizedTest
  @EnumSource
  void replayOfAKeyThatWasJustRefused_isOneRead(Database database) {
    Operation<String> operation = justRefused(database);
    for (int call = 0; call < 3; call++) {
      assertThat(execute(operation, Outcome.Replayed.class)).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void claimOfAKeyThatWasJustRefused_whoseRowIsGone_addsOneRead_once(Database database) {
    Operation<String> operation = justRefused(database);
    Sql.run(real, "DELETE FROM " + table);
    assertThat(execute(operation, Outcome.Executed.class)).isEqualTo(3);
    Sql.run(real, "DELETE FROM " + table);
    assertThat(execute(operation, Outcome.Executed.class)).isEqualTo(2);
  }

  /** Two, because a row that is over is read twice: see {@link RecordTable#find}. */
  @ParameterizedTest
  @EnumSource
  void claimOfAKeyThatWasJustRefused_whoseRetentionIsOver_addsTwoReads(Database database) {
    Operation<String> operation = justRefused(database);
    assertThat(Sql.update(real, table, Rows.HOT.id(), "retain_until_ms = 1")).isTrue();
    int claim =
        switch (database) {
          case H2 -> 3;
          case POSTGRESQL -> 2;
          case MARIADB -> 1;
        };
    assertThat(execute(operation, Outcome.Executed.class)).isEqualTo(2 + claim + 1);
  }

  /** A read in the caller's transaction may be of its snapshot, and so of the past. */
  @ParameterizedTest
  @EnumSource
  void claimInTheCallersTransaction_isNeverReadFirst(Database database) throws Exception {
    open(database);
    try (Connection connection = counting.getConnection()) {
      connection.setAutoCommit(false);
      assertThat(bound(connection)).isNotInstanceOf(ReadFirst.class);
      connection.rollback();
    }
  }

  private TransactionBound bound(Connection connection) throws SQLException {
    Dialect dialect = Dialect.of(connection);
    Duration wait = Duration.ofMillis(200);
    Statements statements = dialect.boundStatements(new TableName(table), wait);
    return new BoundTable.Origin(
            dialect, new RecordTable(dialect, statements), wait, new SlotLimit(1_024))
        .in(connection);
  }

  @ParameterizedTest
  @EnumSource
  void takeover_addsOne(Database database) {
    open(database);
    KeyRecord lapsed =
        Samples.locked(Samples.keyId(), Samples.stamp()).lease(Duration.ZERO).build();
    store.compareAndSet(lapsed.keyId(), Stamp.ABSENT, lapsed);
    counting.takeCalls();
    KeyRecord taken = Rows.duplicate(lapsed);
    int refusal = database == Database.H2 ? 2 : 1;
    assertThat(cas(Stamp.ABSENT, taken, CasResult.Refused.class)).isEqualTo(refusal);
    assertThat(cas(lapsed.stamp(), taken, CasResult.Applied.class)).isEqualTo(1);
    assertThat(cas(taken.stamp(), Rows.completed(taken), CasResult.Applied.class)).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void renewal_isOne_andARefusedWriteTwo(Database database) {
    open(database);
    KeyRecord claim = Rows.claim();
    store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
    counting.takeCalls();
    KeyRecord renewal =
        claim.toBuilder().stamp(claim.stamp().next()).slots(Slots.UNCHANGED).build();
    assertThat(cas(claim.stamp(), renewal, CasResult.Applied.class)).isEqualTo(1);
    assertThat(cas(claim.stamp(), Rows.duplicate(claim), CasResult.Refused.class)).isEqualTo(2);
    store.find(claim.keyId());
    assertThat(calls(counting)).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void claimOverAnExpiredRow_addsOneUpdate_butOnMariaDb(Database database) {
    open(database);
    KeyRecord over =
        Samples.locked(Samples.keyId(), Samples.stamp()).retention(Duration.ZERO).build();
    store.compareAndSet(over.keyId(), Stamp.ABSENT, over);
    counting.takeCalls();
    assertThat(cas(Stamp.ABSENT, Rows.duplicate(over), CasResult.Applied.class))
        .isEqualTo(
            switch (database) {
              case H2 -> 3;
              case POSTGRESQL -> 2;
              case MARIADB -> 1;
            });
  }

  @ParameterizedTest
  @EnumSource
  void isolation_isNeverAskedForAgain_andSetOnlyWhereItDiffers(Database database) throws Exception {
    open(database);
    Rows.done(store);
    assertThat(calls(counting)).noneMatch(call -> call.contains("Isolation"));
    ScriptedDataSource serializable = new ScriptedDataSource(database.open());
    serializable.onCheckout(RoundTripsTest::makeSerializable);
    JdbcKeyStore other = Rows.store(serializable, Sql.freshTable());
    serializable.takeCalls();
    KeyRecord claim = Rows.claim();
    other.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
    List<String> set = List.of("setTransactionIsolation", "execute", "setTransactionIsolation");
    // MariaDB's statements say their own isolation, whose default there is REPEATABLE READ.
    assertThat(calls(serializable))
        .isEqualTo(database == Database.MARIADB ? List.of("execute") : set);
  }

  private static void makeSerializable(Connection connection) {
    try {
      connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}
