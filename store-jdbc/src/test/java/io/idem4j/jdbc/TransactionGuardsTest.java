package io.idem4j.jdbc;

import static io.idem4j.jdbc.TransactionScene.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.idem4j.Codec;
import io.idem4j.IdempotencyException;
import io.idem4j.IdempotencyKey;
import io.idem4j.MisuseException;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.spi.KeyState;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What each of the transactional modes refuses, and how it fails. */
@Timeout(120)
final class TransactionGuardsTest {
  /** Enough for MariaDB to end the other transaction of a deadlock. */
  private static final int HEAVY = 20;

  /** The modes. */
  private enum Mode {
    JOINED,
    ATOMIC,
    CALLERS;

    <X extends Exception> Outcome<String> call(
        TransactionScene scene,
        Operation<String> operation,
        IdempotencyKey key,
        TransactionalAction<String, X> action)
        throws Exception {
      return switch (this) {
        case JOINED -> scene.transactions.joined(operation, key, REQUEST, action);
        case ATOMIC -> scene.transactions.atomic(operation, key, REQUEST, action);
        case CALLERS -> {
          try (Connection transaction = begin(scene.dataSource)) {
            Outcome<String> outcome =
                scene.transactions.atomic(transaction, operation, key, REQUEST, action);
            transaction.commit();
            yield outcome;
          }
        }
      };
    }
  }

  private static Connection begin(DataSource dataSource) throws SQLException {
    Connection connection = dataSource.getConnection();
    Dialect.of(connection).isolation(connection, Connection.TRANSACTION_READ_COMMITTED);
    connection.setAutoCommit(false);
    return connection;
  }

  /** stores.md 3.2.8: a claim that MariaDB sacrifices takes the caller's transaction with it. */
  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"MARIADB", "CONNECTOR_J", "MYSQL_STATEMENTS"})
  void stores_3_2_8_claimThatLosesADeadlock_tellsThatTheCallersTransactionIsGone(TransactionWay way)
      throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    String row = UUID.randomUUID().toString();
    Sql.run(way.pool(), "INSERT INTO " + scene.effects + " VALUES ('" + row + "', 'row')");
    try (Connection winner = scene.begin();
        Connection loser = scene.begin()) {
      for (int each = 0; each < HEAVY; each++) {
        scene.insert(winner, "heavy");
      }
      scene.transactions.atomic(
          winner, scene.operation, key, REQUEST, (connection, context) -> "winner");
      scene.insert(loser, "caller");
      touch(scene, loser, row);
      CompletableFuture<Void> waiting =
          CompletableFuture.runAsync(
              () -> {
                try {
                  touch(scene, winner, row);
                } catch (SQLException e) {
                  throw new CompletionException(e);
                }
              });
      assertThatThrownBy(
              () ->
                  scene.transactions.atomic(
                      loser, scene.operation, key, REQUEST, (connection, context) -> "loser"))
          .isInstanceOf(TransactionGoneException.class);
      waiting.get(20, TimeUnit.SECONDS);
      // Whoever did not heed it would commit what follows without what came before.
      loser.commit();
      winner.rollback();
    }
    assertThat(scene.effects("caller")).isZero();
    assertThat(scene.state(key)).isEqualTo(KeyState.NEW);
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"MARIADB", "CONNECTOR_J", "MYSQL_STATEMENTS"})
  void stores_3_2_8_completionThatLosesADeadlock_tellsThatTheCallersTransactionIsGone(
      TransactionWay way) throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    try (Connection transaction = begin(scripted)) {
      scene.insert(transaction, "caller");
      assertThatThrownBy(
              () ->
                  scene.transactions.atomic(
                      transaction,
                      scene.operation,
                      key,
                      REQUEST,
                      (connection, context) -> {
                        scripted.before(
                            call -> {
                              if (call.equals("executeUpdate")) {
                                scripted.before(later -> {});
                                lose(scene, transaction);
                                throw new SQLException("as it was", "40001", 1213);
                              }
                            });
                        return "x";
                      }))
          .isInstanceOf(TransactionGoneException.class);
      transaction.commit();
    }
    assertThat(scene.effects("caller")).isZero();
    assertThat(scene.state(key)).isEqualTo(KeyState.NEW);
  }

  private static void lose(TransactionScene scene, Connection connection) throws SQLException {
    try {
      Deadlock.lose(scene, connection);
    } catch (SQLException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void touch(TransactionScene scene, Connection connection, String id)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(
          "UPDATE " + scene.effects + " SET about = 'touched' WHERE id = '" + id + "'");
    }
  }

  /** I15: what bears no code proves nothing, and is told by the library's own exceptions. */
  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL", "H2", "MARIADB"})
  void i15_failureWithoutSqlState_isTyped_andCommitsNoEffectTwice(TransactionWay way)
      throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    TransactionScene scene =
        new TransactionScene(
            way, scripted, TransactionScene.policy().withStoreDeadline(Duration.ofMillis(30)));
    for (Mode mode : Mode.values()) {
      for (String call :
          List.of("setSavepoint", "execute", "releaseSavepoint", "rollback", "commit")) {
        if (mode == Mode.CALLERS && call.equals("commit")) {
          // It is the caller's.
          continue;
        }
        String about = mode + ", " + call;
        IdempotencyKey key = scene.key();
        AtomicBoolean isArmed = new AtomicBoolean(call.equals("setSavepoint"));
        scripted.before(
            name -> {
              if (name.startsWith(call) && isArmed.getAndSet(false)) {
                throw new SQLException("without a code");
              }
            });
        Throwable thrown =
            catchThrowable(
                () ->
                    mode.call(
                        scene,
                        scene.operation,
                        key,
                        (connection, context) -> {
                          scene.book(connection, key);
                          isArmed.set(true);
                          if (call.equals("rollback")) {
                            throw new TransactionScene.Broken();
                          }
                          return "booked";
                        }));
        scripted.before(name -> {});
        if (call.equals("rollback")) {
          assertThat(thrown).as(about).isInstanceOf(TransactionScene.Broken.class);
        } else {
          assertThat(thrown).as(about).isInstanceOf(IdempotencyException.class);
          assertThat(thrown).as(about).hasMessageNotContaining("without a code");
        }
        assertThat(isArmed).as(about).isFalse();
        assertThat(scene.effects(key)).as(about).isZero();
      }
    }
  }

  @Test
  void peer16_nestedCall_isRefused_howeverItsModesWereHadFromTheStore() throws Exception {
    TransactionScene scene = new TransactionScene(TransactionWay.H2);
    for (JdbcTransactions others :
        List.of(scene.store.transactions(), scene.transactions.refusedInside(() -> false))) {
      for (Mode mode : Mode.values()) {
        IdempotencyKey inner = scene.key();
        mode.call(
            scene,
            scene.operation,
            scene.key(),
            (connection, context) -> {
              assertThatThrownBy(
                      () -> others.atomic(scene.operation, inner, REQUEST, (own, more) -> "x"))
                  .isInstanceOf(MisuseException.class)
                  .hasMessageContaining("open");
              assertThatThrownBy(
                      () -> others.joined(scene.operation, inner, REQUEST, (own, more) -> "x"))
                  .isInstanceOf(MisuseException.class)
                  .hasMessageContaining("open");
              return "outer";
            });
        assertThat(scene.state(inner)).isEqualTo(KeyState.NEW);
      }
    }
  }

  /** A step would outlive the transaction's rollback, and its writes on the connection not. */
  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL", "H2"})
  void steps_areRefused_andTheEffectIsUndone(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    for (Mode mode : Mode.values()) {
      for (boolean isAsync : List.of(false, true)) {
        IdempotencyKey key = scene.key();
        AtomicBoolean stepRan = new AtomicBoolean();
        assertThatThrownBy(
                () ->
                    mode.call(
                        scene,
                        scene.operation,
                        key,
                        (connection, context) -> {
                          scene.book(connection, key);
                          if (!isAsync) {
                            return context.step("s", Codec.text(), () -> ran(stepRan));
                          }
                          try {
                            return context
                                .stepAsync(
                                    "s",
                                    Codec.text(),
                                    () -> CompletableFuture.completedFuture(ran(stepRan)))
                                .join();
                          } catch (CompletionException e) {
                            throw (RuntimeException) e.getCause();
                          }
                        }))
            .as("%s, %s", mode, isAsync)
            .isInstanceOf(MisuseException.class)
            .hasMessageContaining("step");
        assertThat(stepRan).as("%s, %s", mode, isAsync).isFalse();
        assertThat(scene.effects(key)).isZero();
        assertThat(scene.state(key))
            .isEqualTo(mode == Mode.JOINED ? KeyState.FAILED_RETRYABLE : KeyState.NEW);
      }
    }
  }

  private static String ran(AtomicBoolean flag) {
    flag.set(true);
    return "ran";
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL", "H2"})
  void i44_answerOverTheLimit_isATombstone_andTheEffectStays(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    String answer = "x".repeat(20_000);
    for (Mode mode : Mode.values()) {
      IdempotencyKey key = scene.key();
      TransactionalAction<String, SQLException> action =
          (connection, context) -> {
            scene.book(connection, key);
            return answer;
          };
      assertThat(mode.call(scene, scene.operation, key, action).orElseThrow()).isEqualTo(answer);
      assertThat(mode.call(scene, scene.operation, key, action))
          .as(mode.name())
          .isEqualTo(
              new Outcome.Replayed<>(Optional.empty(), false, Optional.empty(), Optional.empty()));
      assertThat(scene.effects(key)).as(mode.name()).isEqualTo(1);
    }
  }

  /** A renewal of which nobody knows stands before the completion, which so cannot be prepared. */
  @Test
  void joined_completionThatCannotBePrepared_rollsBack_andTheKeyIsAsThePolicySays()
      throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(TransactionWay.H2.plain());
    TransactionScene scene =
        new TransactionScene(TransactionWay.H2, scripted, TransactionScene.policy());
    for (OperationPolicy policy : List.of(OperationPolicy.rerun(), OperationPolicy.hold())) {
      Operation<String> operation =
          scene.idempotency.operation(
              "book",
              Codec.text(),
              policy.withLease(Duration.ofMillis(300)).withStoreDeadline(Duration.ofMillis(100)));
      IdempotencyKey key = scene.key();
      AtomicBoolean isRenewed = new AtomicBoolean();
      assertThatThrownBy(
              () ->
                  scene.transactions.joined(
                      operation,
                      key,
                      REQUEST,
                      (connection, context) -> {
                        scene.book(connection, key);
                        scripted.before(
                            call -> {
                              if (call.startsWith("execute")) {
                                isRenewed.set(true);
                                throw new SQLException("broken", "08006");
                              }
                            });
                        while (!isRenewed.get()) {
                          Thread.sleep(5);
                        }
                        return "booked";
                      }))
          .isInstanceOf(IdempotencyException.class)
          .hasMessageContaining("renewal");
      scripted.before(call -> {});
      assertThat(scene.effects(key)).isZero();
      KeyState wanted =
          policy.mode() == OperationPolicy.Mode.RERUN
              ? KeyState.FAILED_RETRYABLE
              : KeyState.FAILED_IN_DOUBT;
      // It is sent again in the background.
      while (scene.state(key) == KeyState.LOCKED) {
        Thread.sleep(5);
      }
      assertThat(scene.state(key)).isEqualTo(wanted);
    }
  }
}
