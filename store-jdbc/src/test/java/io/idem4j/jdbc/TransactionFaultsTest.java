package io.idem4j.jdbc;

import static io.idem4j.jdbc.TransactionScene.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Claim;
import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.IdempotencyException;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.Lease;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.spi.KeyState;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * I35 and stores.md 3.1.7, 3.1.8, 3.2.13: commits of which nobody knows, and broken connections.
 */
@Timeout(120)
final class TransactionFaultsTest {
  /** Calls of the test with random faults, for each mode. */
  private static final int CALLS = 6;

  private static Outcome<String> call(TransactionScene scene, boolean joined, IdempotencyKey key)
      throws SQLException {
    return joined
        ? scene.transactions.joined(
            scene.operation, key, REQUEST, (connection, context) -> scene.book(connection, key))
        : scene.transactions.atomic(
            scene.operation, key, REQUEST, (connection, context) -> scene.book(connection, key));
  }

  private static SQLException broken() {
    return new SQLNonTransientConnectionException("broken by the test", "08006");
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_1_7_lostReplyOfCommit_isFoundCommitted_andCommitIsSentOnce(TransactionWay way)
      throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    TransactionScene scene = new TransactionScene(way, scripted, TransactionScene.policy());
    for (boolean joined : new boolean[] {true, false}) {
      IdempotencyKey key = scene.key();
      AtomicInteger commits = new AtomicInteger();
      scripted.after(
          call -> {
            if (call.equals("commit")) {
              commits.incrementAndGet();
              throw broken();
            }
          });
      assertThat(call(scene, joined, key)).isEqualTo(new Outcome.Executed<>("booked", true));
      scripted.after(call -> {});
      assertThat(commits).hasValue(1);
      assertThat(scene.effects(key)).isEqualTo(1);
      assertThat(scene.state(key)).isEqualTo(KeyState.COMPLETED);
    }
  }

  @ParameterizedTest
  @EnumSource
  void lostCommit_isNotKnown_neverRolledBack_andTheNextCallFindsOut(TransactionWay way)
      throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    OperationPolicy policy =
        TransactionScene.policy()
            .withStoreDeadline(Duration.ofMillis(300))
            .withLease(Duration.ofMillis(900));
    TransactionScene scene = new TransactionScene(way, scripted, policy);
    for (boolean joined : new boolean[] {true, false}) {
      IdempotencyKey key = scene.key();
      AtomicInteger commits = new AtomicInteger();
      scripted.before(
          call -> {
            if (call.equals("commit")) {
              commits.incrementAndGet();
              throw broken();
            }
          });
      assertThatThrownBy(() -> call(scene, joined, key))
          .isInstanceOfSatisfying(
              KeyStoreException.class, e -> assertThat(e.certainty()).isEqualTo(Certainty.UNKNOWN));
      scripted.before(call -> {});
      assertThat(commits).hasValue(1);
      assertThat(scene.state(key)).isEqualTo(joined ? KeyState.LOCKED : KeyState.NEW);
      assertThat(scene.effects(key)).isZero();
      Outcome<String> next = call(scene, joined, key);
      while (next instanceof Outcome.InFlight) {
        Thread.sleep(50);
        next = call(scene, joined, key);
      }
      assertThat(next).isEqualTo(new Outcome.Executed<>("booked", true));
      assertThat(scene.effects(key)).isEqualTo(1);
    }
  }

  /** What a claim found, and puts back if its transaction is rolled back. */
  private enum Earlier {
    RELEASED,
    LAPSED;

    void leave(TransactionScene scene, IdempotencyKey key) {
      Claim<String> claim = scene.operation.claim(key, REQUEST);
      try (Lease<String> lease = ((Claim.Granted<String>) claim).lease()) {
        if (this == RELEASED) {
          lease.fail(Verdict.retryable());
        }
      }
      Sql.update(scene.way.pool(), scene.table, key.id(), "lease_until_ms = 0");
    }

    KeyState state() {
      return this == RELEASED ? KeyState.FAILED_RETRYABLE : KeyState.LOCKED;
    }
  }

  /** I35: the earlier record is there before and after the commit that nobody heard of. */
  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL", "H2", "MARIADB"})
  void ambiguousCommit_overAnEarlierRecord_isWhatAReadProves(TransactionWay way) throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    TransactionScene scene =
        new TransactionScene(
            way, scripted, TransactionScene.policy().withStoreDeadline(Duration.ofMillis(100)));
    ScriptedDataSource.Script broken =
        call -> {
          if (call.equals("commit")) {
            throw broken();
          }
        };
    for (Earlier earlier : Earlier.values()) {
      IdempotencyKey key = scene.key();
      earlier.leave(scene, key);
      scripted.after(broken);
      assertThat(call(scene, false, key)).isEqualTo(new Outcome.Executed<>("booked", true));
      scripted.after(call -> {});
      assertThat(scene.effects(key)).as(earlier.name()).isEqualTo(1);
      assertThat(scene.state(key)).as(earlier.name()).isEqualTo(KeyState.COMPLETED);
    }
    for (Earlier earlier : Earlier.values()) {
      IdempotencyKey key = scene.key();
      earlier.leave(scene, key);
      scripted.before(broken);
      assertThatThrownBy(() -> call(scene, false, key))
          .as(earlier.name())
          .isInstanceOfSatisfying(
              KeyStoreException.class, e -> assertThat(e.certainty()).isEqualTo(Certainty.UNKNOWN));
      scripted.before(call -> {});
      assertThat(scene.effects(key)).as(earlier.name()).isZero();
      assertThat(scene.state(key)).as(earlier.name()).isEqualTo(earlier.state());
      assertThat(call(scene, false, key)).isEqualTo(new Outcome.Executed<>("booked", true));
      assertThat(scene.effects(key)).as(earlier.name()).isEqualTo(1);
    }
  }

  /** Another's answer proves that the commit was never applied; it is no reason to say so. */
  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL", "H2", "MARIADB"})
  void lostCommit_overAnEarlierRecord_thatAnotherCompletes_replaysItsAnswer(TransactionWay way)
      throws Exception {
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    TransactionScene scene = new TransactionScene(way, scripted, TransactionScene.policy());
    for (Earlier earlier : Earlier.values()) {
      IdempotencyKey key = scene.key();
      earlier.leave(scene, key);
      AtomicReference<CompletableFuture<Void>> other = new AtomicReference<>();
      scripted.before(
          call -> {
            if (call.equals("commit")) {
              scripted.before(later -> {});
              other.set(CompletableFuture.runAsync(() -> complete(scene, key)));
              throw broken();
            }
          });
      Outcome<String> outcome = call(scene, false, key);
      other.get().get(20, TimeUnit.SECONDS);
      assertThat(outcome).as(earlier.name()).isInstanceOf(Outcome.Replayed.class);
      assertThat(outcome.orElseThrow()).isEqualTo("theirs");
      assertThat(((Outcome.Replayed<String>) outcome).ownRun().orElseThrow().value())
          .isEqualTo("booked");
      assertThat(scene.effects(key)).as(earlier.name()).isZero();
    }
  }

  /** As soon as the row is free, and by one commit: a lock alone would prove another answer. */
  private static void complete(TransactionScene scene, IdempotencyKey key) {
    Outcome<String> outcome;
    do {
      outcome =
          scene.transactions.atomic(
              scene.operation, key, REQUEST, (connection, context) -> "theirs");
    } while (outcome instanceof Outcome.InFlight);
  }

  @Test
  void stores_3_1_8_backEndTerminatedBeforeTheCommit_isNotKnown() throws Exception {
    TransactionWay way = TransactionWay.POSTGRESQL;
    TransactionScene scene = new TransactionScene(way);
    for (boolean joined : new boolean[] {true, false}) {
      IdempotencyKey key = scene.key();
      TransactionalAction<String, SQLException> action =
          (connection, context) -> {
            scene.book(connection, key);
            String pid = Sql.ask(connection, "SELECT pg_backend_pid()");
            Sql.ask(way.pool(), "SELECT pg_terminate_backend(" + pid + ")");
            return "booked";
          };
      // It is seen by the first statement after it: no commit was sent, so nothing is unknown.
      assertThatThrownBy(
              () -> {
                if (joined) {
                  scene.transactions.joined(scene.operation, key, REQUEST, action);
                } else {
                  scene.transactions.atomic(scene.operation, key, REQUEST, action);
                }
              })
          .isInstanceOf(KeyStoreException.class);
      assertThat(scene.effects(key)).isZero();
      assertThat(scene.state(key)).isEqualTo(joined ? KeyState.FAILED_RETRYABLE : KeyState.NEW);
      assertThat(call(scene, joined, key)).isEqualTo(new Outcome.Executed<>("booked", true));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionWay.class,
      names = {"POSTGRESQL", "H2"})
  void randomFaults_effectsCommittedAreKeysCompleted(TransactionWay way) throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    ScriptedDataSource scripted = new ScriptedDataSource(way.plain());
    OperationPolicy policy =
        TransactionScene.policy()
            .withStoreDeadline(Duration.ofMillis(120))
            .withLease(Duration.ofMillis(360));
    TransactionScene scene = new TransactionScene(way, scripted, policy);
    AtomicInteger faults = new AtomicInteger();
    for (boolean joined : new boolean[] {true, false}) {
      for (int call = 0; call < CALLS; call++) {
        IdempotencyKey key = scene.key();
        AtomicInteger left = new AtomicInteger(2);
        ScriptedDataSource.Script fault =
            name -> {
              if (random.nextInt(8) == 0 && left.decrementAndGet() >= 0) {
                faults.incrementAndGet();
                throw broken();
              }
            };
        scripted.before(fault);
        scripted.after(fault);
        String about = "seed %d, joined %s, call %d".formatted(seed, joined, call);
        Outcome<String> outcome = null;
        for (int round = 0; !isDone(outcome); round++) {
          assertThat(round).as(about).isLessThan(200);
          try {
            outcome = call(scene, joined, key);
          } catch (IdempotencyException | SQLException e) {
            outcome = null;
          }
          assertThat(scene.effects(key)).as(about).isLessThanOrEqualTo(1);
          if (!isDone(outcome)) {
            Thread.sleep(10);
          }
        }
        scripted.before(name -> {});
        scripted.after(name -> {});
        assertThat(scene.effects(key)).as(about).isEqualTo(1);
        assertThat(scene.state(key)).as(about).isEqualTo(KeyState.COMPLETED);
      }
    }
    assertThat(faults.get()).as("seed " + seed).isPositive();
  }

  private static boolean isDone(Outcome<String> outcome) {
    return outcome instanceof Outcome.Executed || outcome instanceof Outcome.Replayed;
  }
}
