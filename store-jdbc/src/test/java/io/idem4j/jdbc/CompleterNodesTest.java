package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Claim;
import io.idem4j.Codec;
import io.idem4j.Completer;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Purger;
import io.idem4j.Recovery.Finding;
import io.idem4j.Scope;
import io.idem4j.tck.Together;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Completers and purgers of many nodes on one database. */
@Timeout(60)
final class CompleterNodesTest {
  private static final int NODES = 4;
  private static final int KEYS = 60;
  private static final Fingerprint BODY = Fingerprint.none();

  private static IdempotencyKey key(int number) {
    IdempotencyKey key = IdempotencyKey.of(Scope.of("tenant"), "charge", "k" + number);
    return key.withReference((number % 3 == 0 ? "invoice " : "payment ") + number);
  }

  private static Operation<String> charge(JdbcKeyStore store, OperationPolicy policy) {
    return Idempotency.builder(store).build().operation("charge", Codec.text(), policy);
  }

  @ParameterizedTest
  @EnumSource(names = {"H2", "POSTGRESQL"})
  void row45_manyNodes_handleEachRecordOnceAndNoOther(Database database) {
    String table = Sql.freshTable();
    try (HikariDataSource pool = Postgres.pool(database.open(), NODES);
        Together together = new Together(NODES)) {
      JdbcKeyStore store = Rows.store(pool, table);
      Operation<String> dying = charge(store, OperationPolicy.hold());
      for (int i = 0; i < KEYS; i++) {
        Claim.Granted<String> claim = (Claim.Granted<String>) dying.claim(key(i), BODY);
        claim.lease().close();
      }
      // As if their leases had passed.
      Sql.run(pool, "UPDATE " + table + " SET lease_until_ms = 1");
      Map<KeyId, AtomicInteger> asked = new ConcurrentHashMap<>();
      List<Completer.Run> runs =
          together.run(
              node -> {
                JdbcKeyStore own = JdbcKeyStore.builder(pool).table(table).build();
                return charge(own, OperationPolicy.hold())
                    .completer(
                        record -> record.reference().orElse("").startsWith("payment "),
                        (record, context) -> {
                          asked
                              .computeIfAbsent(context.key().id(), each -> new AtomicInteger())
                              .incrementAndGet();
                          return Finding.done("settled " + record.reference().orElseThrow());
                        })
                    .withPageSize(25)
                    .run();
              });
      assertThat(runs).extracting(Completer.Run::end).containsOnly(Completer.End.END_OF_SCAN);
      assertThat(runs.stream().mapToInt(Completer.Run::done).sum()).isEqualTo(40);
      assertThat(asked).hasSize(40);
      assertThat(asked.values()).allSatisfy(times -> assertThat(times).hasValue(1));
      for (int i = 0; i < KEYS; i++) {
        Outcome<String> outcome = dying.execute(key(i), BODY, context -> "run again");
        if (i % 3 == 0) {
          assertThat(outcome).as("left alone").isInstanceOf(Outcome.InDoubt.class);
        } else {
          assertThat(outcome.orElseThrow()).isEqualTo("settled payment " + i);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"H2", "POSTGRESQL"})
  void purgersOfManyNodes_deleteEachRecordOnceAndNoLiveOne(Database database) {
    String table = Sql.freshTable();
    try (HikariDataSource pool = Postgres.pool(database.open(), NODES);
        Together together = new Together(NODES)) {
      JdbcKeyStore store = Rows.store(pool, table);
      for (int i = 0; i < 200; i++) {
        Rows.done(store);
      }
      Sql.run(pool, "UPDATE " + table + " SET retain_until_ms = 1");
      for (int i = 0; i < 20; i++) {
        Rows.done(store);
      }
      List<Purger.Run> runs =
          together.run(
              node ->
                  Purger.builder(store).batchSize(15).pause(Duration.ofMillis(1)).build().run());
      assertThat(runs).allSatisfy(run -> assertThat(run.failure()).isEmpty());
      long deleted = runs.stream().mapToLong(Purger.Run::deleted).sum();
      // What others held just then may be left over: each of them may have ended early.
      deleted += Purger.builder(store).build().run().deleted();
      assertThat(deleted).isEqualTo(200);
      assertThat(Sql.ask(pool, "SELECT count(*) FROM " + table)).isEqualTo("20");
    }
  }
}
