package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.Samples;
import io.idem4j.tck.Together;
import io.idem4j.tck.Told;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The store's dealings with connections: S7, S11, S12, stores.md 3.7 and 3.1.5. */
@Timeout(60)
final class ConnectionsTest {
  private final String table = Sql.freshTable();

  @ParameterizedTest
  @EnumSource
  void stores_3_7_1_dirtyPool_outcomesStayRight(Database database) {
    DataSource real = database.open();
    Sql.run(real, "CREATE TABLE left_" + table + " (id integer)");
    AtomicInteger count = new AtomicInteger();
    try (HikariDataSource pool = Postgres.pool(real, 16);
        Together together = new Together(16)) {
      ScriptedDataSource dirty = new ScriptedDataSource(pool);
      JdbcKeyStore store = Rows.store(dirty, table);
      dirty.onCheckout(connection -> soil(connection, count.incrementAndGet()));
      for (int round = 0; round < 10; round++) {
        KeyRecord key = Rows.claim();
        List<CasResult> results =
            together.run(
                thread -> {
                  KeyRecord claim = Rows.duplicate(key);
                  CasResult result = store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
                  if (result instanceof CasResult.Applied) {
                    KeyRecord done = Rows.completed(claim);
                    assertThat(store.compareAndSet(done.keyId(), claim.stamp(), done))
                        .isEqualTo(CasResult.APPLIED);
                  }
                  return result;
                });
        assertThat(results).filteredOn(CasResult.Applied.class::isInstance).hasSize(1);
        assertThat(results).filteredOn(CasResult.Refused.class::isInstance).hasSize(15);
      }
    }
    assertThat(Sql.ask(real, "SELECT count(*) FROM left_" + table))
        .as("rows of work that somebody left uncommitted")
        .isEqualTo("0");
  }

  private void soil(Connection connection, int kind) {
    try {
      switch (kind % 4) {
        case 0 -> connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        case 1 -> {
          connection.setAutoCommit(false);
          try (var statement = connection.createStatement()) {
            statement.execute("INSERT INTO left_" + table + " VALUES (1)");
          }
        }
        case 2 -> connection.setAutoCommit(false);
        default -> connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      }
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_7_1_state_isGivenBackAsItCame(Database database) throws Exception {
    DataSource real = database.open();
    try (Connection connection = real.getConnection()) {
      connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      connection.setAutoCommit(false);
      JdbcKeyStore store = Rows.store(new OneConnection(connection), table);
      Rows.done(store);
      assertThat(connection.getAutoCommit()).isFalse();
      assertThat(connection.getTransactionIsolation())
          .isEqualTo(Connection.TRANSACTION_SERIALIZABLE);
      connection.rollback();
      assertThat(Sql.ask(real, "SELECT count(*) FROM " + table)).isEqualTo("1");
    }
  }

  /** S11: a transaction-aware data source whose class nobody knows. */
  @ParameterizedTest
  @EnumSource
  void s11_connectionOfTheCallersTransaction_isRefusedAndLeftAlone(Database database)
      throws Exception {
    DataSource real = database.open();
    Sql.run(real, "CREATE TABLE own_" + table + " (id integer)");
    try (Connection connection = real.getConnection()) {
      JdbcKeyStore store = Rows.store(new OneConnection(connection), table);
      connection.setAutoCommit(false);
      try (var statement = connection.createStatement()) {
        statement.execute("INSERT INTO own_" + table + " VALUES (1)");
      }
      KeyRecord claim = Rows.claim();
      assertThatThrownBy(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isInstanceOfSatisfying(
              KeyStoreException.class,
              e -> {
                assertThat(e.certainty()).isEqualTo(Certainty.NOT_APPLIED);
                assertThat(e.reason()).isEqualTo(Reason.MISCONFIGURED);
              });
      connection.commit();
      connection.setAutoCommit(true);
      assertThat(Sql.ask(real, "SELECT count(*) FROM own_" + table)).isEqualTo("1");
      assertThat(Rows.done(store)).as("usable again without a transaction").isNotNull();
    }
  }

  /** stores.md 3.7.1: work begun by a plain BEGIN, which no driver's auto-commit mode shows. */
  @Test
  void stores_3_7_1_leftOverBegin_doesNotCaptureTheClaim() throws Exception {
    DataSource real = Postgres.dataSource();
    try (Connection connection = real.getConnection()) {
      JdbcKeyStore store = Rows.store(new OneConnection(connection), table);
      try (var statement = connection.createStatement()) {
        statement.execute("BEGIN");
      }
      KeyRecord claim = Rows.claim();
      assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isEqualTo(CasResult.APPLIED);
      assertThat(Sql.ask(real, "SELECT count(*) FROM " + table)).isEqualTo("1");
    }
  }

  /** A search path that somebody left changed must not lead to another table of the same name. */
  @ParameterizedTest
  @EnumSource
  void leftOverSchema_leadsToTheSameTable(Database database) throws Exception {
    DataSource real = database.open();
    String schema = "s_" + table;
    Sql.run(real, "CREATE SCHEMA " + schema);
    try (Connection connection = real.getConnection()) {
      JdbcKeyStore store = Rows.store(new OneConnection(connection), table);
      JdbcKeyStore.builder(real).table(schema + "." + table).createTableIfMissing().build();
      KeyRecord claim = Rows.claim();
      assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isEqualTo(CasResult.APPLIED);
      try (var statement = connection.createStatement()) {
        statement.execute(database.use(schema));
      }
      assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, Rows.duplicate(claim)))
          .isInstanceOf(CasResult.Refused.class);
    }
  }

  /** S5 and S11: a caller's old transaction neither moves the clock nor hides the claim. */
  @ParameterizedTest
  @EnumSource
  void stores_3_1_5_and_3_3_5_claimInsideAnOldTransaction_hasItsWholeLease(Database database)
      throws Exception {
    Duration lease = Duration.ofMillis(80);
    try (HikariDataSource pool = Postgres.pool(database.open(), 2);
        Connection caller = pool.getConnection()) {
      JdbcKeyStore store = Rows.store(pool, table);
      caller.setAutoCommit(false);
      Sql.ask(caller, "SELECT CURRENT_TIMESTAMP");
      Thread.sleep(lease.toMillis() + 10);
      KeyRecord claim =
          Samples.locked(Samples.keyId(), Samples.stamp())
              .lease(Duration.ofMinutes(1))
              .retention(Duration.ofMinutes(2))
              .build();
      assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isEqualTo(CasResult.APPLIED);
      CasResult second = store.compareAndSet(claim.keyId(), Stamp.ABSENT, Rows.duplicate(claim));
      StoredRecord live = ((CasResult.Refused) second).live().orElseThrow();
      assertThat(live.leaseLeft()).isGreaterThan(Duration.ofMinutes(1).minus(lease));
      caller.rollback();
    }
  }

  @ParameterizedTest
  @EnumSource
  void pool_ofOneConnection_isEnough(Database database) {
    try (HikariDataSource pool = Postgres.pool(database.open(), 1)) {
      pool.setConnectionTimeout(2_000);
      JdbcKeyStore store = Rows.store(pool, table);
      KeyRecord done = Rows.done(store);
      store.compareAndSet(done.keyId(), Samples.stamp(), Rows.duplicate(done));
      store.scan(Kind.IN_DOUBT, 5, Optional.empty());
      assertThat(store.purge(5)).isZero();
      assertThat(store.find(done.keyId())).isPresent();
    }
  }

  @ParameterizedTest
  @EnumSource
  void pool_withAutoCommitOff_works(Database database) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(database.open());
    config.setAutoCommit(false);
    config.setMaximumPoolSize(1);
    try (HikariDataSource pool = new HikariDataSource(config)) {
      JdbcKeyStore store = Rows.store(pool, table);
      KeyRecord done = Rows.done(store);
      assertThat(store.find(done.keyId()).orElseThrow().stamp()).isEqualTo(done.stamp());
    }
  }

  @ParameterizedTest
  @EnumSource
  void s07_replyLost_isUnknownAndTheConnectionIsClosed(Database database) {
    // Without a pool: an in-memory H2 gives a pool no sign that its connection is dead.
    repeatAfterLostReplies(new ScriptedDataSource(database.open()));
  }

  @Test
  void s12_replyLost_aPoolOfOneGoesOn() {
    try (HikariDataSource pool = Postgres.pool(1)) {
      repeatAfterLostReplies(new ScriptedDataSource(pool));
    }
  }

  private void repeatAfterLostReplies(ScriptedDataSource flaky) {
    JdbcKeyStore store = Rows.store(flaky, table);
    KeyRecord claim = Rows.claim();
    List<Connection> physical = new ArrayList<>();
    flaky.onCheckout(connection -> physical.add(unwrapped(connection)));
    for (String state : new String[] {"08006", "57P01", "57014", "40003", null, "XX000"}) {
      physical.clear();
      flaky.after(call -> lose(call, state));
      assertThatThrownBy(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isInstanceOfSatisfying(
              KeyStoreException.class,
              e -> {
                assertThat(e.certainty()).isEqualTo(Certainty.UNKNOWN);
                assertThat(e.isTransient()).isFalse();
              });
      flaky.after(call -> {});
      assertThat(physical).hasSize(1).allSatisfy(each -> assertThat(each.isClosed()).isTrue());
      // S8: the write was applied; its repetition meets its own stamp.
      CasResult again = store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
      assertThat(((CasResult.Refused) again).live().orElseThrow().stamp()).isEqualTo(claim.stamp());
    }
  }

  @ParameterizedTest
  @EnumSource
  void s07_driverThrowsSomethingElse_isUnknown(Database database) {
    ScriptedDataSource flaky = new ScriptedDataSource(database.open());
    JdbcKeyStore store = Rows.store(flaky, table);
    KeyRecord claim = Rows.claim();
    flaky.before(
        call -> {
          if (call.startsWith("execute")) {
            throw new IllegalStateException("secret");
          }
        });
    assertThatThrownBy(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
        .isInstanceOfSatisfying(
            KeyStoreException.class, e -> assertThat(e.certainty()).isEqualTo(Certainty.UNKNOWN))
        .hasStackTraceContaining("IllegalStateException")
        .satisfies(e -> assertThat(Told.by(e)).doesNotContain("secret"));
  }

  @ParameterizedTest
  @EnumSource
  void s07_conflict_isTriedAgainAndThenADefiniteNo(Database database) {
    ScriptedDataSource flaky = new ScriptedDataSource(database.open());
    JdbcKeyStore store = Rows.store(flaky, table);
    KeyRecord claim = Rows.claim();
    AtomicInteger failures = new AtomicInteger(3);
    flaky.before(
        call -> {
          if (call.startsWith("execute") && failures.getAndDecrement() > 0) {
            throw new SQLException("deadlock", "40P01");
          }
        });
    assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
        .isEqualTo(CasResult.APPLIED);
    failures.set(Integer.MAX_VALUE);
    assertThatThrownBy(
            () -> store.compareAndSet(claim.keyId(), claim.stamp(), Rows.completed(claim)))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.CONFLICT);
              assertThat(e.isTransient()).isTrue();
            });
  }

  @ParameterizedTest
  @EnumSource
  void s07_noConnection_isTransientAndDefinite(Database database) {
    ScriptedDataSource moving = new ScriptedDataSource(database.open());
    JdbcKeyStore store = Rows.store(moving, table);
    moving.leadTo(Sql.h2("jdbc:h2:tcp://localhost:1/none"));
    assertThatThrownBy(() -> store.find(Samples.keyId()))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE);
              assertThat(e.isTransient()).isTrue();
            });
  }

  @ParameterizedTest
  @EnumSource
  void s11_dataSourceThatJoinsTransactions_isRefused(Database database) {
    DataSource proxy =
        new org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy(database.open()) {};
    assertThatThrownBy(() -> JdbcKeyStore.builder(proxy))
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("TransactionAwareDataSourceProxy");
  }

  private static void lose(String call, String state) throws SQLException {
    if (call.startsWith("execute")) {
      throw new SQLException("the reply is lost", state);
    }
  }

  private static Connection unwrapped(Connection connection) {
    try {
      return connection.unwrap(Connection.class);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}
