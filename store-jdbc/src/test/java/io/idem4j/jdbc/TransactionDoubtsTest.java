package io.idem4j.jdbc;

import static io.idem4j.jdbc.GoneTransactionTest.assertInDoubt;
import static io.idem4j.jdbc.GoneTransactionTest.failNext;
import static io.idem4j.jdbc.GoneTransactionTest.hold;
import static io.idem4j.jdbc.TransactionScene.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Codec;
import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyStoreException;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.jdbc.TransactionScene.Broken;
import io.idem4j.spi.KeyState;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The atomic mode where the end of the transaction goes wrong: what was meant is what is kept. */
@Timeout(120)
final class TransactionDoubtsTest {
  private static SQLException broken() {
    return new SQLException("gone", "08006");
  }

  private static Operation<String> picky(TransactionScene scene, Verdict verdict) {
    return scene.operation.withAnswerClassifier((answer, key) -> Optional.of(verdict));
  }

  @ParameterizedTest
  @EnumSource
  void commitThatIsLost_isInDoubtIfThePolicyHolds(TransactionWay way) throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    TransactionScene scene = new TransactionScene(way, scripted, hold());
    for (boolean returns : List.of(true, false)) {
      IdempotencyKey key = scene.key();
      assertThatThrownBy(
              () ->
                  scene.transactions.atomic(
                      scene.operation,
                      key,
                      REQUEST,
                      (connection, context) -> {
                        scene.book(connection, key);
                        failNext(scripted, "commit", 1, broken());
                        if (returns) {
                          return "booked";
                        }
                        throw new Broken();
                      }))
          .isInstanceOf(returns ? KeyStoreException.class : Broken.class);
      scripted.before(call -> {});
      assertInDoubt(scene, key, "returns " + returns);
      assertThat(scene.effects(key)).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void commitThatIsRefused_ofAnAnswerInDoubt_isInDoubt(TransactionWay way) throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    TransactionScene scene = new TransactionScene(way, scripted, TransactionScene.policy());
    IdempotencyKey key = scene.key();
    assertThatThrownBy(
            () ->
                scene.transactions.atomic(
                    picky(scene, Verdict.inDoubt()),
                    key,
                    REQUEST,
                    (connection, context) -> {
                      failNext(scripted, "commit", 1, new SQLException("lost", "40001"));
                      return scene.book(connection, key);
                    }))
        .isInstanceOf(KeyStoreException.class);
    scripted.before(call -> {});
    assertInDoubt(scene, key, "an answer in doubt");
  }

  @ParameterizedTest
  @EnumSource
  void connectionThatBreaksUnderAHarmlessAnswer_leavesTheKeyFree(TransactionWay way)
      throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    TransactionScene scene = new TransactionScene(way, scripted, hold());
    IdempotencyKey key = scene.key();
    assertThat(
            scene.transactions.atomic(
                picky(scene, Verdict.retryable()),
                key,
                REQUEST,
                (connection, context) -> {
                  failNext(scripted, "rollback", 1, broken());
                  return scene.book(connection, key);
                }))
        .isInstanceOf(Outcome.Executed.class);
    scripted.before(call -> {});
    assertThat(scene.state(key)).isEqualTo(KeyState.NEW);
    assertThat(scene.effects(key)).isZero();
  }

  /** The savepoint is given up, and its reply is lost: that is no ended transaction. */
  @ParameterizedTest
  @EnumSource
  void connectionThatBreaksBehindTheRelease_leavesTheKeyFree(TransactionWay way) throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    TransactionScene scene = new TransactionScene(way, scripted, TransactionScene.policy());
    IdempotencyKey key = scene.key();
    AtomicInteger left = new AtomicInteger(1);
    assertThatThrownBy(
            () ->
                scene.transactions.atomic(
                    scene.operation,
                    key,
                    REQUEST,
                    (connection, context) -> {
                      scripted.after(
                          call -> {
                            if (call.equals("releaseSavepoint") && left.getAndDecrement() > 0) {
                              throw broken();
                            }
                          });
                      return scene.book(connection, key);
                    }))
        .isInstanceOf(KeyStoreException.class);
    scripted.after(call -> {});
    assertThat(left.get()).isLessThan(1);
    assertThat(scene.state(key)).isEqualTo(KeyState.NEW);
    assertThat(scene.effects(key)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void doubtOfACallThatACloseMeets_isRecorded(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    Idempotency closing = Idempotency.builder(scene.store).build();
    Operation<String> operation = closing.operation("book", Codec.text(), hold());
    assertThatThrownBy(
            () ->
                scene.transactions.atomic(
                    operation,
                    key,
                    REQUEST,
                    (connection, context) -> {
                      closing.close();
                      connection.rollback();
                      throw new Broken();
                    }))
        .isInstanceOfAny(Broken.class, TransactionGoneException.class);
    assertInDoubt(scene, key, "closed meanwhile");
  }

  @Test
  void failureThatTheActionSwallowed_isInDoubtIfThePolicyHolds_alsoInACallersTransaction()
      throws Exception {
    TransactionWay way = TransactionWay.POSTGRESQL;
    TransactionScene scene = new TransactionScene(way, way.pool(), hold());
    TransactionalAction<String, SQLException> action =
        (connection, context) -> {
          try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT 1 / 0");
          } catch (SQLException swallowed) {
            assertThat(swallowed.getSQLState()).isEqualTo("22012");
          }
          return "booked";
        };
    IdempotencyKey callers = scene.key();
    try (Connection transaction = scene.begin()) {
      assertThatThrownBy(
              () ->
                  scene.transactions.atomic(transaction, scene.operation, callers, REQUEST, action))
          .isInstanceOf(KeyStoreException.class);
      transaction.commit();
    }
    assertInDoubt(scene, callers, "the caller's");
    IdempotencyKey own = scene.key();
    assertThatThrownBy(() -> scene.transactions.atomic(scene.operation, own, REQUEST, action))
        .isInstanceOf(KeyStoreException.class);
    assertInDoubt(scene, own, "its own");
  }
}
