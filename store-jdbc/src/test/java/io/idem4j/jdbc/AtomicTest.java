package io.idem4j.jdbc;

import static io.idem4j.jdbc.TransactionScene.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Codec;
import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Fingerprint;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.MisuseException;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.jdbc.TransactionScene.Broken;
import io.idem4j.jdbc.TransactionScene.Declined;
import io.idem4j.jdbc.TransactionScene.Doubtful;
import io.idem4j.spi.KeyState;
import io.idem4j.tck.Together;
import java.sql.Connection;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** I35 in one transaction: claim, effect and answer, or none of them. */
@Timeout(120)
final class AtomicTest {
  @ParameterizedTest
  @EnumSource
  void firstCall_commitsEffectAndAnswer_andADuplicateReplays(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    assertThat(
            scene.transactions.atomic(
                scene.operation,
                key,
                REQUEST,
                (connection, context) -> scene.book(connection, key)))
        .isEqualTo(new Outcome.Executed<>("booked", true));
    assertThat(
            scene.transactions.atomic(
                scene.operation,
                key,
                REQUEST,
                (connection, context) -> scene.book(connection, key)))
        .isEqualTo(
            new Outcome.Replayed<>(
                Optional.of("booked"), true, Optional.empty(), Optional.empty()));
    assertThat(scene.operation.execute(key, REQUEST, context -> "other").orElseThrow())
        .isEqualTo("booked");
    assertThat(
            scene.transactions.atomic(
                scene.operation,
                key,
                Fingerprint.sha256().part("body", new byte[1]).build(),
                (connection, context) -> "x"))
        .isInstanceOf(Outcome.KeyReused.class);
    assertThat(scene.effects(key)).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void concurrentDuplicates_haveOneCommittedEffect(TransactionWay way) {
    TransactionScene scene = new TransactionScene(way);
    try (Together together = new Together(6)) {
      for (int round = 0; round < 3; round++) {
        IdempotencyKey key = scene.key();
        List<Outcome<String>> outcomes =
            together.run(
                thread ->
                    scene.transactions.atomic(
                        scene.operation,
                        key,
                        REQUEST,
                        (connection, context) -> scene.book(connection, key)));
        assertThat(outcomes).filteredOn(Outcome.Executed.class::isInstance).hasSize(1);
        assertThat(outcomes)
            .allMatch(
                each ->
                    each instanceof Outcome.Executed
                        || each instanceof Outcome.Replayed
                        || each instanceof Outcome.InFlight);
        assertThat(scene.effects(key)).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void failure_undoesTheEffect_andCommitsFinalAndDoubtOnly(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey broken = scene.key();
    IdempotencyKey declined = scene.key();
    IdempotencyKey doubtful = scene.key();
    assertThatThrownBy(() -> failing(scene, broken, new Broken())).isInstanceOf(Broken.class);
    assertThatThrownBy(() -> failing(scene, declined, new Declined())).isInstanceOf(Declined.class);
    assertThatThrownBy(() -> failing(scene, doubtful, new Doubtful())).isInstanceOf(Doubtful.class);
    assertThatThrownBy(() -> failing(scene, broken, new OutOfMemoryError("pretended")))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(List.of(broken, declined, doubtful)).allMatch(key -> scene.effects(key) == 0);
    assertThat(scene.state(broken)).isEqualTo(KeyState.NEW);
    assertThat(scene.state(declined)).isEqualTo(KeyState.FAILED_FINAL);
    assertThat(scene.state(doubtful)).isEqualTo(KeyState.FAILED_IN_DOUBT);
    assertThat(
            scene.transactions.atomic(
                scene.operation, declined, REQUEST, (connection, context) -> "x"))
        .isInstanceOf(Outcome.Failed.class);
    assertThat(
            scene.transactions.atomic(
                scene.operation, doubtful, REQUEST, (connection, context) -> "x"))
        .isInstanceOf(Outcome.InDoubt.class);
    assertThat(
            scene
                .transactions
                .atomic(
                    scene.operation,
                    broken,
                    REQUEST,
                    (connection, context) -> {
                      assertThat(context.attempt()).isEqualTo(1);
                      return scene.book(connection, broken);
                    })
                .orElseThrow())
        .isEqualTo("booked");
  }

  private static <X extends Throwable> void failing(
      TransactionScene scene, IdempotencyKey key, X failure) throws Exception {
    scene.transactions.atomic(
        scene.operation,
        key,
        REQUEST,
        (connection, context) -> {
          scene.book(connection, key);
          if (failure instanceof Error error) {
            throw error;
          }
          throw (Exception) failure;
        });
  }

  @ParameterizedTest
  @EnumSource
  void answerThatIsNone_undoesTheEffect(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    Operation<String> picky =
        scene.operation.withAnswerClassifier(
            (answer, key) ->
                answer.equals("busy")
                    ? Optional.of(Verdict.retryable())
                    : Optional.of(Verdict.inDoubt()));
    IdempotencyKey released = scene.key();
    IdempotencyKey doubtful = scene.key();
    for (IdempotencyKey key : List.of(released, doubtful)) {
      String answer = key.equals(released) ? "busy" : "who knows";
      assertThat(
              scene.transactions.atomic(
                  picky,
                  key,
                  REQUEST,
                  (connection, context) -> {
                    scene.book(connection, key);
                    return answer;
                  }))
          .isEqualTo(new Outcome.Executed<>(answer, true));
      assertThat(scene.effects(key)).isZero();
    }
    assertThat(scene.state(released)).isEqualTo(KeyState.NEW);
    assertThat(scene.state(doubtful)).isEqualTo(KeyState.FAILED_IN_DOUBT);
  }

  @ParameterizedTest
  @EnumSource
  void poolOfOne_isEnough_andComesBackAsItWas(TransactionWay way) throws Exception {
    try (HikariDataSource pool = TransactionScene.pool(way, 1)) {
      TransactionScene scene = new TransactionScene(way, pool, TransactionScene.policy());
      String before;
      boolean isReadCommitted;
      try (Connection connection = pool.getConnection()) {
        before = scene.lockTimeout(connection).orElseThrow();
        isReadCommitted = scene.isReadCommitted(connection);
      }
      for (int call = 0; call < 3; call++) {
        IdempotencyKey key = scene.key();
        scene.transactions.atomic(
            scene.operation,
            key,
            REQUEST,
            (connection, context) -> {
              assertThat(scene.isReadCommitted(connection)).isTrue();
              // The bound is for the claim's wait, not for the action's.
              assertThat(scene.lockTimeout(connection)).contains(before);
              return scene.book(connection, key);
            });
        assertThatThrownBy(() -> failing(scene, scene.key(), new Declined()))
            .isInstanceOf(Declined.class)
            .hasNoSuppressedExceptions();
        assertThatThrownBy(() -> failing(scene, scene.key(), new Broken()))
            .isInstanceOf(Broken.class)
            .hasNoSuppressedExceptions();
      }
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
      try (Connection connection = pool.getConnection()) {
        assertThat(scene.lockTimeout(connection)).contains(before);
        assertThat(connection.getAutoCommit()).isTrue();
        assertThat(scene.isReadCommitted(connection)).isEqualTo(isReadCommitted);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void nestedCall_onAnotherConnection_isRefused(TransactionWay way) throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey key = scene.key();
    IdempotencyKey inner = scene.key();
    scene.transactions.atomic(
        scene.operation,
        key,
        REQUEST,
        (connection, context) -> {
          assertThatThrownBy(() -> failing(scene, inner, new Broken()))
              .isInstanceOf(MisuseException.class)
              .hasMessageContaining("open");
          // The same key inside of itself (I41), and another one on the same connection.
          assertThatThrownBy(
                  () ->
                      scene.transactions.atomic(
                          connection, scene.operation, key, REQUEST, (same, again) -> "x"))
              .isInstanceOf(MisuseException.class)
              .hasMessageContaining("nested");
          assertThat(
                  scene.transactions.atomic(
                      connection,
                      scene.operation,
                      inner,
                      REQUEST,
                      (same, again) -> scene.book(same, inner)))
              .isEqualTo(new Outcome.Executed<>("booked", false));
          return scene.book(connection, key);
        });
    assertThat(scene.effects(key)).isEqualTo(1);
    assertThat(scene.effects(inner)).isEqualTo(1);
    assertThat(scene.state(inner)).isEqualTo(KeyState.COMPLETED);
  }

  @ParameterizedTest
  @EnumSource
  void answerOverTheLimit_isATombstone_andSoIsOneThatTheCodecRefuses(TransactionWay way)
      throws Exception {
    TransactionScene scene = new TransactionScene(way);
    IdempotencyKey large = scene.key();
    String answer = "x".repeat(20_000);
    assertThat(
            scene
                .transactions
                .atomic(
                    scene.operation,
                    large,
                    REQUEST,
                    (connection, context) -> {
                      scene.book(connection, large);
                      return answer;
                    })
                .orElseThrow())
        .isEqualTo(answer);
    Operation<String> mute =
        scene.idempotency.operation("book", new Mute(), TransactionScene.policy());
    IdempotencyKey unwritten = scene.key();
    scene.transactions.atomic(
        mute, unwritten, REQUEST, (connection, context) -> scene.book(connection, unwritten));
    for (IdempotencyKey key : List.of(large, unwritten)) {
      assertThat(scene.effects(key)).isEqualTo(1);
      assertThat(
              scene.transactions.atomic(
                  scene.operation, key, REQUEST, (connection, context) -> "x"))
          .isEqualTo(
              new Outcome.Replayed<>(Optional.empty(), false, Optional.empty(), Optional.empty()));
    }
  }

  private static final class Mute implements Codec<String> {
    @Override
    public String type() {
      return Codec.text().type();
    }

    @Override
    public byte[] encode(String value, KeyId id) {
      throw new IllegalStateException("mute");
    }

    @Override
    public String decode(byte[] bytes, KeyId id) {
      throw new IllegalStateException("mute");
    }
  }
}
