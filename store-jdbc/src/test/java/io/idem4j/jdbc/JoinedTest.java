package io.idem4j.jdbc;

import static io.idem4j.jdbc.TransactionScene.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Claim;
import io.idem4j.Codec;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.LeaseLostException;
import io.idem4j.MisuseException;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.jdbc.TransactionScene.Broken;
import io.idem4j.jdbc.TransactionScene.Declined;
import io.idem4j.jdbc.TransactionScene.Doubtful;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.Together;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** I35 in two transactions: the claim in its own, effect and answer in the other. */
@Timeout(120)
final class JoinedTest {
  private static Outcome<String> book(TransactionScene scene, IdempotencyKey key)
      throws SQLException {
    return scene.transactions.joined(
        scene.operation, key, REQUEST, (connection, context) -> scene.book(connection, key));
  }

  @ParameterizedTest
  @EnumSource
  void firstCall_commitsEffectAndAnswer_andADuplicateReplays(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    assertThat(
            scene.transactions.joined(
                scene.operation,
                key,
                REQUEST,
                (connection, context) -> {
                  // The claim is committed: a duplicate sees it at once.
                  assertThat(scene.operation.execute(key(scene, key), REQUEST, other -> "x"))
                      .isInstanceOf(Outcome.Executed.class);
                  assertThat(scene.state(key)).isEqualTo(KeyState.LOCKED);
                  return scene.book(connection, key);
                }))
        .isEqualTo(new Outcome.Executed<>("booked", true));
    assertThat(book(scene, key))
        .isEqualTo(
            new Outcome.Replayed<>(
                Optional.of("booked"), true, Optional.empty(), Optional.empty()));
    assertThat(scene.effects(key)).isEqualTo(1);
  }

  /** Another key, so that the call inside of an action is no nested one. */
  private static IdempotencyKey key(TransactionScene scene, IdempotencyKey other) {
    IdempotencyKey key = scene.key();
    assertThat(key.id()).isNotEqualTo(other.id());
    return key;
  }

  @ParameterizedTest
  @EnumSource
  void concurrentDuplicates_haveOneCommittedEffect(TransactionWay way) {
    TransactionScene scene = new TransactionScene(way);
    try (Together together = new Together(6)) {
      for (int round = 0; round < 5; round++) {
        IdempotencyKey key = scene.key();
        List<Outcome<String>> outcomes = together.run(thread -> book(scene, key));
        assertThat(outcomes).filteredOn(Outcome.Executed.class::isInstance).hasSize(1);
        assertThat(scene.effects(key)).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void failure_undoesTheEffect_andIsRecordedAsThePolicySays(TransactionWay way) {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey broken = scene.key();
    IdempotencyKey declined = scene.key();
    IdempotencyKey doubtful = scene.key();
    assertThatThrownBy(() -> failing(scene, broken, new Broken()))
        .isInstanceOf(Broken.class)
        .hasNoSuppressedExceptions();
    assertThatThrownBy(() -> failing(scene, declined, new Declined())).isInstanceOf(Declined.class);
    assertThatThrownBy(() -> failing(scene, doubtful, new Doubtful())).isInstanceOf(Doubtful.class);
    assertThat(List.of(broken, declined, doubtful)).allMatch(key -> scene.effects(key) == 0);
    assertThat(scene.state(broken)).isEqualTo(KeyState.FAILED_RETRYABLE);
    assertThat(scene.state(declined)).isEqualTo(KeyState.FAILED_FINAL);
    assertThat(scene.state(doubtful)).isEqualTo(KeyState.FAILED_IN_DOUBT);
  }

  private static void failing(TransactionScene scene, IdempotencyKey key, Exception failure)
      throws Exception {
    scene.transactions.joined(
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
  void actionBesideWhichTheLeaseIsRenewed_completesOverTheLastRenewal(TransactionWay way)
      throws Exception {
    TransactionScene scene =
        new TransactionScene(
            way,
            way.pool(),
            TransactionScene.policy()
                .withStoreDeadline(Duration.ofMillis(250))
                .withLease(Duration.ofMillis(750)));
    IdempotencyKey key = scene.key();
    assertThat(
            scene.transactions.joined(
                scene.operation,
                key,
                REQUEST,
                (connection, context) -> {
                  var first = scene.store.find(key.id()).orElseThrow().stamp();
                  while (scene.store.find(key.id()).orElseThrow().stamp().equals(first)) {
                    Thread.sleep(10);
                  }
                  return scene.book(connection, key);
                }))
        .isEqualTo(new Outcome.Executed<>("booked", true));
    assertThat(scene.effects(key)).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void peer14_takenOverHolder_rollsBack_andGetsTheRecordedAnswer(TransactionWay way)
      throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    Outcome<String> outcome =
        scene.transactions.joined(
            scene.operation,
            key,
            REQUEST,
            (connection, context) -> {
              scene.book(connection, key);
              lapse(scene, key);
              assertThat(
                      inAnotherThread(
                          () -> scene.operation.execute(key, REQUEST, other -> "theirs")))
                  .isInstanceOf(Outcome.Executed.class);
              return "mine";
            });
    assertThat(outcome).isInstanceOf(Outcome.Replayed.class);
    assertThat(outcome.orElseThrow()).isEqualTo("theirs");
    assertThat(((Outcome.Replayed<String>) outcome).ownRun().orElseThrow().value())
        .isEqualTo("mine");
    assertThat(scene.effects(key)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void peer14_takenOverHolder_whoseSuccessorStillRuns_losesTheLease(TransactionWay way)
      throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    assertThatThrownBy(
            () ->
                scene.transactions.joined(
                    scene.operation,
                    key,
                    REQUEST,
                    (connection, context) -> {
                      scene.book(connection, key);
                      lapse(scene, key);
                      assertThat(inAnotherThread(() -> scene.operation.claim(key, REQUEST)))
                          .isInstanceOf(Claim.Granted.class);
                      return "mine";
                    }))
        .isInstanceOfSatisfying(
            LeaseLostException.class, lost -> assertThat(lost.value()).isEqualTo("mine"));
    assertThat(scene.effects(key)).isZero();
    assertThat(scene.state(key)).isEqualTo(KeyState.LOCKED);
  }

  @ParameterizedTest
  @EnumSource
  void doubtMarkedMeanwhile_isRolledBack_andReleasedByItsHolder(TransactionWay way)
      throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    var holding = scene.idempotency.operation("book", Codec.text(), OperationPolicy.hold());
    assertThatThrownBy(
            () ->
                scene.transactions.joined(
                    scene.operation,
                    key,
                    REQUEST,
                    (connection, context) -> {
                      scene.book(connection, key);
                      lapse(scene, key);
                      inAnotherThread(() -> holding.claim(key, REQUEST));
                      assertThat(scene.state(key)).isEqualTo(KeyState.FAILED_IN_DOUBT);
                      return "mine";
                    }))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.certainty()).isEqualTo(Certainty.NOT_APPLIED));
    assertThat(scene.effects(key)).isZero();
    assertThat(scene.state(key)).isEqualTo(KeyState.FAILED_RETRYABLE);
  }

  private static void lapse(TransactionScene scene, IdempotencyKey key) {
    assertThat(Sql.update(scene.way.pool(), scene.table, key.id(), "lease_until_ms = 0")).isTrue();
  }

  /** Where the call is no nested one. */
  private static <R> R inAnotherThread(Callable<R> call) throws Exception {
    try (Together one = new Together(1)) {
      return one.run(thread -> call.call()).get(0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void peer16_poolOfOne_isToldBeforeTheActionRuns_andAPoolOfTwoIsEnough(TransactionWay way)
      throws Exception {
    try (HikariDataSource one = TransactionScene.pool(way, 1);
        HikariDataSource two = TransactionScene.pool(way, 2)) {
      TransactionScene narrow = new TransactionScene(way, one, TransactionScene.policy());
      IdempotencyKey key = narrow.key();
      assertThatThrownBy(() -> book(narrow, key))
          .isInstanceOf(KeyStoreException.class)
          .hasMessageContaining("pool of two");
      assertThat(narrow.effects(key)).isZero();
      assertThat(narrow.state(key)).isEqualTo(KeyState.FAILED_RETRYABLE);
      TransactionScene wide = new TransactionScene(way, two, TransactionScene.policy());
      for (int call = 0; call < 3; call++) {
        assertThat(book(wide, wide.key())).isEqualTo(new Outcome.Executed<>("booked", true));
      }
      assertThat(two.getHikariPoolMXBean().getActiveConnections()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void s11_insideAnOpenTransaction_isRefused_andClaimsNothing(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    scene.transactions.atomic(
        scene.operation,
        scene.key(),
        REQUEST,
        (connection, context) -> {
          assertThatThrownBy(() -> book(scene, key)).isInstanceOf(MisuseException.class);
          return "outer";
        });
    JdbcTransactions ambient = scene.transactions.refusedInside(() -> true);
    assertThatThrownBy(
            () -> ambient.joined(scene.operation, key, REQUEST, (connection, context) -> "x"))
        .isInstanceOf(MisuseException.class);
    assertThatThrownBy(
            () -> ambient.atomic(scene.operation, key, REQUEST, (connection, context) -> "x"))
        .isInstanceOf(MisuseException.class);
    assertThat(scene.state(key)).isEqualTo(KeyState.NEW);
    // Afterwards the thread is free again.
    assertThat(book(scene, key)).isInstanceOf(Outcome.Executed.class);
  }

  @ParameterizedTest
  @EnumSource
  void actionThatCommitsByItself_isTold_andTheKeyIsInDoubt(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey returning = scene.key();
    IdempotencyKey failing = scene.key();
    // H2 says only of a rollback to a savepoint that it is gone.
    for (IdempotencyKey key :
        way == TransactionWay.H2 ? List.of(failing) : List.of(returning, failing)) {
      assertThatThrownBy(
              () ->
                  scene.transactions.joined(
                      scene.operation,
                      key,
                      REQUEST,
                      (connection, context) -> {
                        scene.book(connection, key);
                        connection.commit();
                        if (key.equals(failing)) {
                          throw new Broken();
                        }
                        return "x";
                      }))
          .isInstanceOf(key.equals(failing) ? Broken.class : TransactionGoneException.class);
      assertThat(scene.state(key)).isEqualTo(KeyState.FAILED_IN_DOUBT);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"MARIADB", "CONNECTOR_J"})
  void stores_3_2_8_deadlockThatTheActionSwallows_commitsNothing(TransactionWay way)
      throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    assertThatThrownBy(
            () ->
                scene.transactions.joined(
                    scene.operation,
                    key,
                    REQUEST,
                    (connection, context) -> {
                      scene.book(connection, key);
                      Deadlock.lose(scene, connection);
                      scene.insert(connection, "later");
                      return "x";
                    }))
        .isInstanceOf(TransactionGoneException.class);
    assertThat(scene.effects(key)).isZero();
    assertThat(scene.effects("later")).isZero();
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL"})
  void stores_3_1_3_failedStatementThatTheActionSwallows_commitsNothing(TransactionWay way)
      throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    assertThatThrownBy(
            () ->
                scene.transactions.joined(
                    scene.operation,
                    key,
                    REQUEST,
                    (connection, context) -> {
                      scene.book(connection, key);
                      swallow(connection, "INSERT INTO " + scene.effects + " VALUES (NULL, NULL)");
                      return "x";
                    }))
        .isInstanceOf(KeyStoreException.class)
        .hasMessageContaining("aborted");
    assertThat(scene.effects(key)).isZero();
    assertThat(scene.state(key)).isEqualTo(KeyState.FAILED_RETRYABLE);
  }

  private static void swallow(Connection connection, String sql) {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
      throw new AssertionError("it was to fail");
    } catch (SQLException e) {
      // As actions should not.
    }
  }
}
