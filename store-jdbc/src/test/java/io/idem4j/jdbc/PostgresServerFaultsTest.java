package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.HistoryRecorder;
import io.idem4j.tck.StoreUnderTest;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A PostgreSQL that loses a back end, or all of itself, while the store is at work.
 *
 * <p>A write is a statement in auto-commit, so statement and commit travel as one. To stop a back
 * end between the two, a deferred trigger holds the commit back; to stop it behind the commit, a
 * standby that does not exist is waited for. The client is told the same in both cases.
 */
@StoreUnderTest("JDBC, PostgreSQL")
@Timeout(120)
final class PostgresServerFaultsTest {
  private static final String SLOW_COMMIT =
      """
      CREATE FUNCTION slow_%1$s() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slow_%1$s AFTER INSERT OR UPDATE ON %1$s
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow_%1$s()
      """;

  /** A back end that is in the commit of a statement, for whatever it waits. */
  private static final String COMMITTING =
      """
      SELECT pid FROM pg_stat_activity
      WHERE application_name = '%s' AND state = 'active' AND wait_event IN ('PgSleep', 'SyncRep')
      """;

  private final String table = Sql.freshTable();
  private final DataSource direct = Postgres.dataSource();

  @Test
  void stores_3_1_8_backEndTerminated_betweenStatementAndCommit_isUnknownAndNothingIsThere()
      throws Exception {
    HistoryRecorder recorder = new HistoryRecorder();
    try (HikariDataSource pool = named(Map.of())) {
      KeyStore store = recorder.around(Rows.store(pool, table));
      KeyRecord claim = Rows.claim();
      Sql.run(direct, SLOW_COMMIT.formatted(table));
      unknown(store, Stamp.ABSENT, claim);
      Sql.run(direct, "DROP TRIGGER slow_" + table + " ON " + table);
      assertThat(store.find(claim.keyId())).isEmpty();
      // The same write again: it was never applied.
      assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isInstanceOf(CasResult.Applied.class);

      Sql.run(direct, trigger());
      KeyRecord done = Rows.completed(claim);
      unknown(store, claim.stamp(), done);
      Sql.run(direct, "DROP TRIGGER slow_" + table + " ON " + table);
      assertThat(store.find(claim.keyId()).orElseThrow().record().state()).isEqualTo(claim.state());
      assertThat(store.compareAndSet(claim.keyId(), claim.stamp(), done))
          .isInstanceOf(CasResult.Applied.class);
    }
    assertThat(recorder.history().violations()).isEmpty();
  }

  @Test
  void stores_3_1_8_backEndTerminated_behindTheCommit_isUnknownAndTheRecordIsThere()
      throws Exception {
    HistoryRecorder recorder = new HistoryRecorder();
    try (HikariDataSource pool = named(Map.of())) {
      Rows.store(pool, table);
    }
    Sql.run(direct, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    Sql.run(direct, "SELECT pg_reload_conf()");
    try (HikariDataSource pool = named(Map.of("synchronous_commit", "on"))) {
      // Its own start-up writes nothing.
      KeyStore store = recorder.around(JdbcKeyStore.builder(pool).table(table).build());
      KeyRecord claim = Rows.claim();
      unknown(store, Stamp.ABSENT, claim);
      assertThat(store.find(claim.keyId()).orElseThrow().record().stamp()).isEqualTo(claim.stamp());
      CasResult again = store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
      assertThat(again)
          .isInstanceOfSatisfying(
              CasResult.Refused.class,
              it -> assertThat(it.live().orElseThrow().stamp()).isEqualTo(claim.stamp()));
      KeyRecord done = Rows.completed(claim);
      unknown(store, claim.stamp(), done);
      assertThat(store.find(claim.keyId()).orElseThrow().record().state()).isEqualTo(done.state());
    } finally {
      Sql.run(direct, "ALTER SYSTEM RESET synchronous_standby_names");
      Sql.run(direct, "SELECT pg_reload_conf()");
    }
    assertThat(recorder.history().violations()).isEmpty();
  }

  /** Kills and rounds are fixed; where a kill strikes is not, so each run is another one. */
  @Test
  void serverKilledUnderLoad_forgetsNothingAcknowledged(@TempDir Path directory) throws Exception {
    try (PostgresProcess server = new PostgresProcess(directory.resolve("data"))) {
      KilledServer.run(server, 3);
    }
  }

  private String trigger() {
    return SLOW_COMMIT.substring(SLOW_COMMIT.indexOf("CREATE CONSTRAINT")).formatted(table);
  }

  /** Sessions that can be told apart; each test's table is its own. */
  private HikariDataSource named(Map<String, String> settings) {
    var dataSource = settings.isEmpty() ? Postgres.dataSource() : Postgres.dataSource(settings);
    dataSource.setApplicationName(table);
    return Postgres.pool(dataSource, 2);
  }

  /** Writes, and terminates the back end as soon as it is seen in its commit. */
  private void unknown(KeyStore store, Stamp expected, KeyRecord next) throws Exception {
    KeyId id = next.keyId();
    CompletableFuture<Void> terminated = CompletableFuture.runAsync(this::terminate);
    assertThatThrownBy(() -> store.compareAndSet(id, expected, next))
        .isInstanceOfSatisfying(
            KeyStoreException.class, e -> assertThat(e.certainty()).isEqualTo(Certainty.UNKNOWN));
    terminated.get(20, TimeUnit.SECONDS);
  }

  private void terminate() {
    String sql =
        "SELECT count(pg_terminate_backend(pid)) FROM (" + COMMITTING.formatted(table) + ") AS it";
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    while (Sql.ask(direct, sql).equals("0")) {
      if (System.nanoTime() > end) {
        throw new AssertionError("no back end was ever in its commit");
      }
      Thread.onSpinWait();
    }
  }
}
