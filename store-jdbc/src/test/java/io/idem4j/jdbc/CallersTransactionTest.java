package io.idem4j.jdbc;

import static io.idem4j.jdbc.TransactionScene.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Claim;
import io.idem4j.IdempotencyKey;
import io.idem4j.Lease;
import io.idem4j.MisuseException;
import io.idem4j.Outcome;
import io.idem4j.PreparedCompletion;
import io.idem4j.jdbc.TransactionScene.Broken;
import io.idem4j.jdbc.TransactionScene.Declined;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyState;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/** The atomic mode in a transaction that the caller has open (I37), whoever manages it. */
@Timeout(120)
final class CallersTransactionTest {
  private static Outcome<String> book(
      TransactionScene scene, Connection transaction, IdempotencyKey key) throws SQLException {
    return scene.transactions.atomic(
        transaction,
        scene.operation,
        key,
        REQUEST,
        (connection, context) -> scene.book(connection, key));
  }

  @ParameterizedTest
  @EnumSource
  void commitAndRollback_areTheCallers(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    for (boolean commits : List.of(false, true)) {
      try (Connection transaction = scene.begin()) {
        assertThat(book(scene, transaction, key))
            .isEqualTo(new Outcome.Executed<>("booked", false));
        assertThat(book(scene, transaction, key)).isInstanceOf(Outcome.Replayed.class);
        if (commits) {
          transaction.commit();
        } else {
          transaction.rollback();
        }
      }
      assertThat(scene.effects(key)).isEqualTo(commits ? 1 : 0);
      assertThat(scene.state(key)).isEqualTo(commits ? KeyState.COMPLETED : KeyState.NEW);
    }
  }

  /** After each of them, because a rollback to a savepoint heals what the one before it left. */
  @ParameterizedTest
  @EnumSource
  void i37_anyEndOfACall_leavesTheTransactionUsable_andTheSessionAsItWas(TransactionWay way)
      throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey first = scene.key();
    IdempotencyKey again = scene.key();
    IdempotencyKey done = scene.key();
    IdempotencyKey busy = scene.key();
    IdempotencyKey declined = scene.key();
    IdempotencyKey broken = scene.key();
    scene.operation.execute(done, REQUEST, context -> "done");
    assertThatThrownBy(() -> scene.operation.execute(again, REQUEST, context -> fail()))
        .isInstanceOf(Broken.class);
    try (Connection other = scene.begin();
        Connection transaction = unpooled(way)) {
      Optional<String> session = scene.lockTimeout(transaction);
      if (way == TransactionWay.POSTGRESQL) {
        Sql.ask(transaction, "SELECT set_config('lock_timeout', '4321ms', true)");
      }
      Optional<String> bound = scene.lockTimeout(transaction);
      book(scene, other, busy);
      scene.insert(transaction, "caller");
      assertThat(book(scene, transaction, done)).isInstanceOf(Outcome.Replayed.class);
      assertThat(scene.lockTimeout(transaction)).as("a replay").isEqualTo(bound);
      assertThat(book(scene, transaction, first)).isInstanceOf(Outcome.Executed.class);
      assertThat(scene.lockTimeout(transaction)).as("a success").isEqualTo(bound);
      assertThat(book(scene, transaction, again)).isInstanceOf(Outcome.Executed.class);
      assertThat(scene.lockTimeout(transaction)).as("a second attempt").isEqualTo(bound);
      assertThat(book(scene, transaction, busy)).isInstanceOf(Outcome.InFlight.class);
      assertThat(scene.lockTimeout(transaction)).as("a wait that ran out").isEqualTo(bound);
      assertThatThrownBy(() -> failing(scene, transaction, declined, new Declined()))
          .isInstanceOf(Declined.class)
          .hasNoSuppressedExceptions();
      assertThat(scene.lockTimeout(transaction)).as("a final failure").isEqualTo(bound);
      assertThatThrownBy(() -> failing(scene, transaction, broken, new Broken()))
          .isInstanceOf(Broken.class)
          .hasNoSuppressedExceptions();
      assertThat(scene.lockTimeout(transaction)).as("a failure").isEqualTo(bound);
      assertThat(transaction.getAutoCommit()).isFalse();
      assertThat(scene.isReadCommitted(transaction)).isTrue();
      scene.insert(transaction, "caller");
      transaction.commit();
      other.rollback();
      assertThat(scene.lockTimeout(transaction)).isEqualTo(session);
    }
    assertThat(scene.effects("caller")).isEqualTo(2);
    assertThat(List.of(first, again)).allMatch(key -> scene.effects(key) == 1);
    assertThat(List.of(done, busy, declined, broken)).allMatch(key -> scene.effects(key) == 0);
    assertThat(scene.state(busy)).isEqualTo(KeyState.NEW);
    assertThat(scene.state(declined)).isEqualTo(KeyState.FAILED_FINAL);
    assertThat(scene.state(broken)).isEqualTo(KeyState.NEW);
  }

  /** One in which no earlier test left anything, and whose bound is nobody's default. */
  private static Connection unpooled(TransactionWay way) throws SQLException {
    Connection connection = way.plain().getConnection();
    if (way.database() == Database.MARIADB) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET SESSION innodb_lock_wait_timeout = 43");
      }
    }
    Dialect.of(connection).isolation(connection, Connection.TRANSACTION_READ_COMMITTED);
    connection.setAutoCommit(false);
    return connection;
  }

  private static String fail() throws Broken {
    throw new Broken();
  }

  private static void failing(
      TransactionScene scene, Connection transaction, IdempotencyKey key, Exception failure)
      throws Exception {
    scene.transactions.atomic(
        transaction,
        scene.operation,
        key,
        REQUEST,
        (connection, context) -> {
          scene.book(connection, key);
          throw failure;
        });
  }

  @ParameterizedTest
  @EnumSource
  void wrongConnections_areRefused_andNothingIsWritten(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    try (Connection committing = way.plain().getConnection();
        Connection serializable = way.plain().getConnection()) {
      assertThatThrownBy(() -> book(scene, committing, key))
          .isInstanceOf(MisuseException.class)
          .hasMessageContaining("auto-commit");
      serializable.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      serializable.setAutoCommit(false);
      assertThatThrownBy(() -> book(scene, serializable, key))
          .isInstanceOf(MisuseException.class)
          .hasMessageContaining("READ COMMITTED");
      serializable.rollback();
    }
    assertThat(scene.state(key)).isEqualTo(KeyState.NEW);
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL", "MARIADB", "CONNECTOR_J"})
  void readOnlyTransaction_isRefused(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    try (Connection transaction = way.plain().getConnection()) {
      transaction.setReadOnly(true);
      transaction.setAutoCommit(false);
      assertThatThrownBy(() -> book(scene, transaction, scene.key()))
          .isInstanceOf(MisuseException.class)
          .hasMessageContaining("read-only");
    }
  }

  /** stores.md 3.1.5: leases and retentions count from the write, not from the beginning. */
  @ParameterizedTest
  @EnumSource
  void stores_3_1_5_longTransaction_readsTheTimeOfItsStatements(TransactionWay way)
      throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    try (Connection transaction = scene.begin()) {
      scene.insert(transaction, "caller");
      Thread.sleep(100);
      long earliest = System.currentTimeMillis();
      book(scene, transaction, key);
      String until =
          Sql.ask(
              transaction,
              "SELECT retain_until_ms FROM "
                  + scene.table
                  + " WHERE retain_until_ms = (SELECT max(retain_until_ms) FROM "
                  + scene.table
                  + ")");
      // One machine, and so one clock.
      assertThat(Long.parseLong(until) - TransactionScene.policy().retention().toMillis())
          .isGreaterThanOrEqualTo(earliest);
      transaction.rollback();
    }
  }

  @ParameterizedTest
  @EnumSource
  void jdbi_handlesConnection_isTheTransactions(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    Jdbi jdbi = Jdbi.create(scene.dataSource);
    Outcome<String> outcome =
        jdbi.inTransaction(
            TransactionIsolationLevel.READ_COMMITTED,
            handle -> book(scene, handle.getConnection(), key));
    assertThat(outcome).isEqualTo(new Outcome.Executed<>("booked", false));
    assertThat(scene.effects(key)).isEqualTo(1);
    assertThat(scene.state(key)).isEqualTo(KeyState.COMPLETED);
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL", "H2", "MARIADB"})
  void spring_transactionIsJoined_byUtilsAndByProxy(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    TransactionTemplate template =
        new TransactionTemplate(new DataSourceTransactionManager(scene.dataSource));
    template.setIsolationLevel(TransactionDefinition.ISOLATION_READ_COMMITTED);
    JdbcTransactions knowing =
        scene.transactions.refusedInside(
            TransactionSynchronizationManager::isActualTransactionActive);
    TransactionAwareDataSourceProxy proxy = new TransactionAwareDataSourceProxy(scene.dataSource);
    for (boolean rollsBack : List.of(true, false)) {
      IdempotencyKey key = scene.key();
      IdempotencyKey second = scene.key();
      template.executeWithoutResult(
          status -> {
            try (Connection proxied = proxy.getConnection()) {
              Connection connection = DataSourceUtils.getConnection(scene.dataSource);
              assertThat(book(scene, connection, key))
                  .isEqualTo(new Outcome.Executed<>("booked", false));
              assertThat(book(scene, proxied, second))
                  .isEqualTo(new Outcome.Executed<>("booked", false));
              assertThatThrownBy(
                      () -> knowing.joined(scene.operation, key, REQUEST, (own, context) -> "x"))
                  .isInstanceOf(MisuseException.class);
            } catch (SQLException e) {
              throw new AssertionError(e);
            }
            if (rollsBack) {
              status.setRollbackOnly();
            }
          });
      assertThat(scene.effects(key) + scene.effects(second)).isEqualTo(rollsBack ? 0 : 2);
      assertThat(scene.state(key)).isEqualTo(rollsBack ? KeyState.NEW : KeyState.COMPLETED);
    }
  }

  /** The joined mode in parts: claimed outside, completed by the caller's own commit. */
  @ParameterizedTest
  @EnumSource
  void preparedCompletion_isWrittenByTheCallersTransaction(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    for (boolean commits : List.of(true, false)) {
      IdempotencyKey key = scene.key();
      try (Lease<String> lease =
              ((Claim.Granted<String>) scene.operation.claim(key, REQUEST)).lease();
          Connection transaction = scene.begin()) {
        scene.book(transaction, key);
        PreparedCompletion<String> prepared = lease.prepare("booked");
        assertThat(scene.transactions.write(transaction, prepared))
            .isInstanceOf(CasResult.Applied.class);
        if (commits) {
          transaction.commit();
          assertThat(prepared.committed()).isEqualTo(new Outcome.Executed<>("booked", true));
        } else {
          transaction.rollback();
          prepared.rolledBack();
          assertThatThrownBy(prepared::committed).isInstanceOf(MisuseException.class);
          assertThat(lease.fail(new Broken())).isEmpty();
        }
      }
      assertThat(scene.effects(key)).isEqualTo(commits ? 1 : 0);
      assertThat(scene.state(key))
          .isEqualTo(commits ? KeyState.COMPLETED : KeyState.FAILED_RETRYABLE);
    }
  }
}
