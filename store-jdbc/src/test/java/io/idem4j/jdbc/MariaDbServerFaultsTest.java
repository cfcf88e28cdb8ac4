package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.HistoryRecorder;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Told;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A MariaDB that loses a session, or all of itself, while the store is at work. */
@StoreUnderTest("JDBC, MariaDB")
@Timeout(120)
final class MariaDbServerFaultsTest {
  private final String table = Sql.freshTable();
  private final DataSource direct = MariaDb.dataSource();

  /** A trigger holds the statement back, after the row is written and before it is committed. */
  @Test
  void sessionKilled_betweenStatementAndCommit_isUnknownAndNothingIsThere() throws Exception {
    HistoryRecorder recorder = new HistoryRecorder();
    try (HikariDataSource pool = Postgres.pool(direct, 2)) {
      KeyStore store = recorder.around(Rows.store(pool, table));
      KeyRecord claim = Rows.claim();
      Sql.run(direct, slow("INSERT"));
      unknown(store, Stamp.ABSENT, claim);
      Sql.run(direct, "DROP TRIGGER slow_" + table);
      assertThat(store.find(claim.keyId())).isEmpty();
      // The same write again: it was never applied.
      assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isInstanceOf(CasResult.Applied.class);

      KeyRecord done = Rows.completed(claim);
      Sql.run(direct, slow("UPDATE"));
      unknown(store, claim.stamp(), done);
      Sql.run(direct, "DROP TRIGGER slow_" + table);
      assertThat(store.find(claim.keyId()).orElseThrow().stamp()).isEqualTo(claim.stamp());
      assertThat(store.compareAndSet(claim.keyId(), claim.stamp(), done))
          .isInstanceOf(CasResult.Applied.class);
    }
    assertThat(recorder.history().violations()).isEmpty();
  }

  /** Kills and rounds are fixed; where a kill strikes is not, so each run is another one. */
  @Test
  void serverKilledUnderLoad_forgetsNothingAcknowledged(@TempDir Path directory) throws Exception {
    try (MariaDbProcess server = new MariaDbProcess(directory)) {
      assertThat(Told.onStandardError(() -> Rows.store(server.dataSource(), "durable")))
          .as("set up so that the start-up check has nothing to warn of")
          .doesNotContain("WARN");
      KilledServer.run(server, 2);
    }
  }

  private String slow(String event) {
    return "CREATE TRIGGER slow_%1$s AFTER %2$s ON %1$s FOR EACH ROW DO SLEEP(30)"
        .formatted(table, event);
  }

  /** Writes, and kills the session as soon as it is seen in the trigger. */
  private void unknown(KeyStore store, Stamp expected, KeyRecord next) throws Exception {
    CompletableFuture<Void> killed = CompletableFuture.runAsync(this::killSession);
    assertThatThrownBy(() -> store.compareAndSet(next.keyId(), expected, next))
        .isInstanceOfSatisfying(
            KeyStoreException.class, e -> assertThat(e.certainty()).isEqualTo(Certainty.UNKNOWN));
    killed.get(20, TimeUnit.SECONDS);
  }

  private void killSession() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    String sleeping =
        "SELECT COALESCE(MAX(id), 0) FROM information_schema.processlist WHERE state = 'User sleep'";
    String id = Sql.ask(direct, sleeping);
    while (id.equals("0")) {
      if (System.nanoTime() > end) {
        throw new AssertionError("no session was ever in the trigger");
      }
      Thread.onSpinWait();
      id = Sql.ask(direct, sleeping);
    }
    Sql.run(direct, "KILL " + id);
  }
}
