package io.idem4j.jdbc;

import static io.idem4j.jdbc.TransactionScene.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Codec;
import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.jdbc.TransactionScene.Broken;
import io.idem4j.spi.KeyState;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The atomic mode where the transaction, and the claim in it, did not stay what they were: what an
 * action may have committed is never made again, and a policy that holds is told of its doubt.
 */
@Timeout(120)
final class GoneTransactionTest {
  /** How an action ends the transaction that it should leave alone. */
  private enum Ending {
    COMMIT {
      @Override
      void end(TransactionScene scene, Connection connection) throws SQLException {
        connection.commit();
      }
    },
    AUTO_COMMIT {
      @Override
      void end(TransactionScene scene, Connection connection) throws SQLException {
        connection.setAutoCommit(true);
      }
    },
    DDL {
      @Override
      void end(TransactionScene scene, Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
          statement.execute("CREATE TABLE " + Sql.freshTable() + " (id INTEGER)");
        }
      }
    },
    ROLLBACK {
      @Override
      void end(TransactionScene scene, Connection connection) throws SQLException {
        connection.rollback();
      }
    };

    abstract void end(TransactionScene scene, Connection connection) throws SQLException;

    /** On PostgreSQL a table is made by the transaction, and does not end it. */
    static List<Ending> of(TransactionWay way) {
      List<Ending> endings = new ArrayList<>(List.of(values()));
      if (way == TransactionWay.POSTGRESQL) {
        endings.remove(DDL);
      }
      return endings;
    }
  }

  static OperationPolicy hold() {
    return OperationPolicy.hold().withStoreDeadline(Duration.ofMillis(600));
  }

  static void assertInDoubt(TransactionScene scene, IdempotencyKey key, String about) {
    assertThat(scene.state(key)).as(about).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(
            scene.transactions.atomic(
                scene.operation,
                key,
                REQUEST,
                (connection, context) -> {
                  throw new AssertionError(about);
                }))
        .as(about)
        .isInstanceOf(Outcome.InDoubt.class);
  }

  @ParameterizedTest
  @EnumSource
  void actionThatEndsTheTransaction_andReturns_isTold_andTheKeyIsInDoubt(TransactionWay way)
      throws Exception {
    TransactionScene scene = new TransactionScene(way);
    Operation<String> picky =
        scene.operation.withAnswerClassifier((answer, key) -> Optional.of(Verdict.retryable()));
    for (Ending ending : Ending.of(way)) {
      for (Operation<String> operation : List.of(scene.operation, picky)) {
        IdempotencyKey key = scene.key();
        String about = ending + (operation.equals(picky) ? " and an answer that is none" : "");
        assertThatThrownBy(
                () ->
                    scene.transactions.atomic(
                        operation,
                        key,
                        REQUEST,
                        (connection, context) -> {
                          scene.book(connection, key);
                          ending.end(scene, connection);
                          return "x";
                        }))
            .as(about)
            .isInstanceOf(TransactionGoneException.class)
            .hasNoSuppressedExceptions();
        assertInDoubt(scene, key, about);
        assertThat(scene.effects(key)).as(about).isEqualTo(ending == Ending.ROLLBACK ? 0 : 1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void actionThatEndsTheTransaction_andThrows_leavesTheKeyInDoubt(TransactionWay way)
      throws Exception {
    TransactionScene scene = new TransactionScene(way);
    for (Ending ending : Ending.of(way)) {
      IdempotencyKey key = scene.key();
      Broken failure = new Broken();
      assertThatThrownBy(
              () ->
                  scene.transactions.atomic(
                      scene.operation,
                      key,
                      REQUEST,
                      (connection, context) -> {
                        scene.book(connection, key);
                        ending.end(scene, connection);
                        // What follows would be committed with the doubt.
                        scene.book(connection, key);
                        throw failure;
                      }))
          .isSameAs(failure);
      assertThat(failure.getSuppressed())
          .as(ending.name())
          .hasSize(1)
          .hasOnlyElementsOfType(TransactionGoneException.class);
      assertInDoubt(scene, key, ending.name());
      int kept = ending == Ending.ROLLBACK ? 0 : ending == Ending.AUTO_COMMIT ? 2 : 1;
      assertThat(scene.effects(key)).as(ending.name()).isEqualTo(kept);
    }
  }

  @ParameterizedTest
  @EnumSource
  void actionThatCommits_onAPoolOfOne_leavesTheKeyInDoubt_andThePoolFree(TransactionWay way)
      throws Exception {
    try (HikariDataSource pool = TransactionScene.pool(way, 1)) {
      TransactionScene scene = new TransactionScene(way, pool, TransactionScene.policy());
      IdempotencyKey key = scene.key();
      assertThatThrownBy(
              () ->
                  scene.transactions.atomic(
                      scene.operation,
                      key,
                      REQUEST,
                      (connection, context) -> {
                        connection.commit();
                        return "x";
                      }))
          .isInstanceOf(TransactionGoneException.class);
      assertInDoubt(scene, key, "a pool of one");
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    }
  }

  /** A caller's transaction is the caller's: it is told, and nothing is written to another one. */
  @ParameterizedTest
  @EnumSource
  void actionThatCommitsTheCallersTransaction_isTold(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    for (boolean returns : List.of(true, false)) {
      IdempotencyKey key = scene.key();
      try (Connection transaction = scene.begin()) {
        assertThatThrownBy(
                () ->
                    scene.transactions.atomic(
                        transaction,
                        scene.operation,
                        key,
                        REQUEST,
                        (connection, context) -> {
                          scene.book(connection, key);
                          connection.commit();
                          if (returns) {
                            return "x";
                          }
                          throw new Broken();
                        }))
            .isInstanceOf(TransactionGoneException.class);
        transaction.rollback();
      }
      assertThat(scene.state(key)).isEqualTo(KeyState.LOCKED);
    }
  }

  /** What a failure leaves under each policy, with and without a record before the call. */
  private static void assertLeft(TransactionScene scene, Failing failing) throws Exception {
    Operation<String> holding = scene.idempotency.operation("book", Codec.text(), hold());
    for (Operation<String> operation : List.of(holding, scene.operation)) {
      for (boolean isSecond : List.of(false, true)) {
        IdempotencyKey key = scene.key();
        String about = (operation.equals(holding) ? "hold" : "rerun") + ", second " + isSecond;
        if (isSecond) {
          assertThatThrownBy(
                  () ->
                      scene.operation.execute(
                          key,
                          REQUEST,
                          context -> {
                            throw new Broken();
                          }))
              .isInstanceOf(Broken.class);
        }
        failing.call(operation, key);
        assertThat(scene.effects(key)).as(about).isZero();
        KeyState before = isSecond ? KeyState.FAILED_RETRYABLE : KeyState.NEW;
        assertThat(scene.state(key))
            .as(about)
            .isEqualTo(operation.equals(holding) ? KeyState.FAILED_IN_DOUBT : before);
      }
    }
  }

  private interface Failing {
    void call(Operation<String> operation, IdempotencyKey key) throws Exception;
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"MARIADB", "CONNECTOR_J", "MYSQL_STATEMENTS"})
  void stores_3_2_8_deadlockThatTheActionRethrows_isInDoubtIfThePolicyHolds(TransactionWay way)
      throws Exception {
    TransactionScene scene = new TransactionScene(way);
    assertLeft(
        scene,
        (operation, key) ->
            assertThatThrownBy(
                    () ->
                        scene.transactions.atomic(
                            operation,
                            key,
                            REQUEST,
                            (connection, context) -> {
                              scene.book(connection, key);
                              Deadlock.lose(scene, connection);
                              throw new SQLException("as it was", "40001", 1213);
                            }))
                .isInstanceOf(SQLException.class));
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL", "H2", "MARIADB"})
  void connectionThatBreaksUnderTheAction_isInDoubtIfThePolicyHolds(TransactionWay way)
      throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    TransactionScene scene = new TransactionScene(way, scripted, TransactionScene.policy());
    assertLeft(
        scene,
        (operation, key) ->
            assertThatThrownBy(
                    () ->
                        scene.transactions.atomic(
                            operation,
                            key,
                            REQUEST,
                            (connection, context) -> {
                              scene.book(connection, key);
                              // Where it is to be rolled back, to the savepoint and whole.
                              failNext(scripted, "rollback", 2, new SQLException("gone", "08006"));
                              throw new Broken();
                            }))
                .isInstanceOf(Broken.class));
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL", "H2", "MARIADB"})
  void commitThatIsRefused_isInDoubtIfThePolicyHolds(TransactionWay way) throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    TransactionScene scene = new TransactionScene(way, scripted, TransactionScene.policy());
    assertLeft(
        scene,
        (operation, key) ->
            assertThatThrownBy(
                    () ->
                        scene.transactions.atomic(
                            operation,
                            key,
                            REQUEST,
                            (connection, context) -> {
                              failNext(scripted, "commit", 1, new SQLException("lost", "40001"));
                              return scene.book(connection, key);
                            }))
                .isInstanceOfSatisfying(
                    KeyStoreException.class,
                    e -> assertThat(e.certainty()).isEqualTo(Certainty.NOT_APPLIED)));
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL", "H2"})
  void errorOfTheVirtualMachine_isInDoubtIfThePolicyHolds(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    assertLeft(
        scene,
        (operation, key) ->
            assertThatThrownBy(
                    () ->
                        scene.transactions.atomic(
                            operation,
                            key,
                            REQUEST,
                            (connection, context) -> {
                              scene.book(connection, key);
                              throw new StackOverflowError("pretended");
                            }))
                .isInstanceOf(StackOverflowError.class));
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL", "H2"})
  void doubtThatCannotBeRecorded_isSuppressed_andTheCallerSeesTheFailure(TransactionWay way)
      throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    TransactionScene scene = new TransactionScene(way, scripted, hold());
    IdempotencyKey key = scene.key();
    Throwable thrown =
        catchThrowable(
            () ->
                scene.transactions.atomic(
                    scene.operation,
                    key,
                    REQUEST,
                    (connection, context) -> {
                      scene.book(connection, key);
                      failNext(scripted, "", Integer.MAX_VALUE, new SQLException("gone", "08006"));
                      throw new Broken();
                    }));
    scripted.before(call -> {});
    assertThat(thrown).isInstanceOf(Broken.class);
    assertThat(thrown.getSuppressed()).hasOnlyElementsOfType(KeyStoreException.class).hasSize(2);
    assertThat(scene.state(key)).isEqualTo(KeyState.NEW);
    assertThat(scene.effects(key)).isZero();
  }

  /** Lets the next calls of a name fail before they are sent. */
  static void failNext(ScriptedDataSource scripted, String name, int times, SQLException failure) {
    AtomicInteger left = new AtomicInteger(times);
    scripted.before(
        call -> {
          if (call.startsWith(name) && left.getAndDecrement() > 0) {
            throw failure;
          }
        });
  }
}
