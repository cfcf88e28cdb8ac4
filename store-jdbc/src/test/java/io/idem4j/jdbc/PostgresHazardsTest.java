package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Together;
import io.idem4j.tck.Told;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** stores.md 3.1, by its numbers. */
@Timeout(60)
@StoreUnderTest("JDBC, PostgreSQL")
final class PostgresHazardsTest {
  private final String table = Sql.freshTable();
  private final JdbcKeyStore store = Rows.store(Postgres.dataSource(), table);

  @Test
  void stores_3_1_1_claimBehindAnUncommittedInsert_meetsItsRecord() throws Exception {
    JdbcKeyStore patient =
        JdbcKeyStore.builder(Postgres.dataSource())
            .table(table)
            .lockTimeout(Duration.ofSeconds(2))
            .build();
    KeyRecord first = Rows.claim();
    KeyRecord second = Rows.duplicate(first);
    try (Connection holder = Postgres.dataSource().getConnection()) {
      holder.setAutoCommit(false);
      assertThat(Rows.write(holder, table, Stamp.ABSENT, first)).isEqualTo(CasResult.APPLIED);
      CompletableFuture<CasResult> waiting =
          CompletableFuture.supplyAsync(
              () -> patient.compareAndSet(second.keyId(), Stamp.ABSENT, second));
      awaitWaiter(holder);
      holder.commit();
      assertThat(stamp(waiting.get(10, TimeUnit.SECONDS))).isEqualTo(first.stamp());
    }
  }

  @Test
  void stores_3_1_1_holderRollsBack_waitingClaimIsApplied() throws Exception {
    JdbcKeyStore patient =
        JdbcKeyStore.builder(Postgres.dataSource())
            .table(table)
            .lockTimeout(Duration.ofSeconds(2))
            .build();
    KeyRecord first = Rows.claim();
    KeyRecord second = Rows.duplicate(first);
    try (Connection holder = Postgres.dataSource().getConnection()) {
      holder.setAutoCommit(false);
      Rows.write(holder, table, Stamp.ABSENT, first);
      CompletableFuture<CasResult> waiting =
          CompletableFuture.supplyAsync(
              () -> patient.compareAndSet(second.keyId(), Stamp.ABSENT, second));
      awaitWaiter(holder);
      holder.rollback();
      assertThat(waiting.get(10, TimeUnit.SECONDS)).isEqualTo(CasResult.APPLIED);
    }
  }

  @Test
  void stores_3_1_2_serializablePool_noErrorReachesTheCaller() {
    HikariConfig config = new HikariConfig();
    config.setDataSource(Postgres.dataSource());
    config.setMaximumPoolSize(16);
    config.setTransactionIsolation("TRANSACTION_SERIALIZABLE");
    try (HikariDataSource pool = new HikariDataSource(config);
        Together together = new Together(16)) {
      JdbcKeyStore serializable = JdbcKeyStore.builder(pool).table(table).build();
      for (int round = 0; round < 20; round++) {
        KeyRecord key = Rows.claim();
        List<CasResult> results =
            together.run(
                thread -> {
                  KeyRecord claim = Rows.duplicate(key);
                  CasResult result = serializable.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
                  if (result instanceof CasResult.Applied) {
                    KeyRecord done = Rows.completed(claim);
                    assertThat(serializable.compareAndSet(done.keyId(), claim.stamp(), done))
                        .isEqualTo(CasResult.APPLIED);
                  }
                  return result;
                });
        assertThat(results).filteredOn(CasResult.Applied.class::isInstance).hasSize(1);
        assertThat(results).filteredOn(CasResult.Refused.class::isInstance).hasSize(15);
      }
      assertThat(Sql.ask(pool, "SELECT current_setting('transaction_isolation')"))
          .as("what the pool's next user finds")
          .isEqualTo("serializable");
    }
  }

  @Test
  void stores_3_1_3_refusalBesideAnOpenTransaction_leavesItUsable() throws Exception {
    KeyRecord done = Rows.done(store);
    try (HikariDataSource pool = Postgres.pool(2);
        Connection caller = pool.getConnection();
        Statement business = caller.createStatement()) {
      JdbcKeyStore pooled = JdbcKeyStore.builder(pool).table(table).build();
      caller.setAutoCommit(false);
      business.execute("CREATE TEMPORARY TABLE business (id integer) ON COMMIT DROP");
      KeyRecord duplicate = Rows.duplicate(done);
      assertThat(stamp(pooled.compareAndSet(done.keyId(), Stamp.ABSENT, duplicate)))
          .isEqualTo(done.stamp());
      business.execute("INSERT INTO business VALUES (1)");
      caller.rollback();
    }
    assertThat(store.find(done.keyId())).isPresent();
  }

  @Test
  void stores_3_1_4_replayWritesNoWal() throws Exception {
    KeyRecord done = Rows.done(store);
    KeyRecord duplicate = Rows.duplicate(done);
    try (Connection connection = Postgres.dataSource().getConnection()) {
      // The first reader of a row sets its hint bits, and that may write a page.
      replays(100, done, duplicate);
      Sql.ask(connection, "SELECT 1 FROM " + table);
      for (int attempt = 1; ; attempt++) {
        String before = Sql.ask(connection, position());
        replays(1_000, done, duplicate);
        String after = Sql.ask(connection, position());
        // Autovacuum or a checkpoint may write beside us once; a replay would each time.
        if (after.equals(before) || attempt == 3) {
          assertThat(after).as("WAL position and next transaction id").isEqualTo(before);
          return;
        }
      }
    }
  }

  private static String position() {
    return "SELECT pg_current_wal_insert_lsn() || ' ' || pg_snapshot_xmax(pg_current_snapshot())";
  }

  private void replays(int count, KeyRecord done, KeyRecord duplicate) {
    try (HikariDataSource pool = Postgres.pool(1)) {
      JdbcKeyStore pooled = JdbcKeyStore.builder(pool).table(table).build();
      for (int i = 0; i < count; i++) {
        assertThat(stamp(pooled.compareAndSet(done.keyId(), Stamp.ABSENT, duplicate)))
            .isEqualTo(done.stamp());
      }
    }
  }

  @Test
  void stores_3_1_4_replayBesideAnOpenUpdate_answersAtOnce() throws Exception {
    KeyRecord done = Rows.done(store);
    try (Connection holder = Postgres.dataSource().getConnection()) {
      holder.setAutoCommit(false);
      assertThat(Sql.update(holder, table, done.keyId(), "attempt = 7")).isTrue();
      long start = System.nanoTime();
      for (int i = 0; i < 10; i++) {
        KeyRecord duplicate = Rows.duplicate(done);
        assertThat(stamp(store.compareAndSet(done.keyId(), Stamp.ABSENT, duplicate)))
            .isEqualTo(done.stamp());
      }
      // One wait alone would be 200 ms; ten new sessions are what takes time here.
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
      holder.rollback();
    }
  }

  @Test
  void stores_3_1_5_statements_neverUseTheTransactionsStart() {
    Statements statements =
        new PostgresDialect().statements(new TableName(table), Duration.ofMillis(200));
    for (String sql : Sql.all(statements)) {
      assertThat(sql.toLowerCase(Locale.ROOT))
          .doesNotContainPattern("\\b(now\\s*\\(|current_time|localtime|transaction_timestamp)")
          .doesNotContain("${");
    }
    for (String sql :
        List.of(
            statements.claim(),
            statements.claimOver(),
            statements.replace(),
            statements.replaceKeepingSlots(),
            statements.read(),
            statements.purge())) {
      assertThat(sql).contains("clock_timestamp()");
    }
  }

  @Test
  void stores_3_1_6_rowHeldByAnOpenTransaction_isBusyWithinTheBound() throws Exception {
    KeyRecord first = Rows.claim();
    KeyRecord claim = Rows.claim();
    store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
    try (Connection holder = Postgres.dataSource().getConnection()) {
      holder.setAutoCommit(false);
      Rows.write(holder, table, Stamp.ABSENT, first);
      Sql.update(holder, table, claim.keyId(), "attempt = 7");
      KeyRecord duplicate = Rows.duplicate(first);
      assertBusy(Stamp.ABSENT, duplicate);
      assertBusy(claim.stamp(), Rows.completed(claim));
      assertThat(store.find(first.keyId())).isEmpty();
      holder.rollback();
      assertThat(store.compareAndSet(first.keyId(), Stamp.ABSENT, duplicate))
          .isEqualTo(CasResult.APPLIED);
    }
  }

  private void assertBusy(Stamp expected, KeyRecord next) {
    long start = System.nanoTime();
    assertThat(store.compareAndSet(next.keyId(), expected, next)).isEqualTo(CasResult.BUSY);
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(190), Duration.ofSeconds(2));
  }

  @Test
  void stores_3_1_6_bound_endsWithTheStatement() {
    try (HikariDataSource pool = Postgres.pool(1)) {
      JdbcKeyStore pooled = JdbcKeyStore.builder(pool).table(table).build();
      Rows.done(pooled);
      assertThat(Sql.ask(pool, "SELECT current_setting('lock_timeout')")).isEqualTo("0");
    }
  }

  @Test
  void stores_3_1_9_textOfAnyKind_comesBack() {
    for (String text :
        List.of("", "\u0001\u007F", "\uD83D\uDE00", "É é e\u0301", "'; --", "\\x00")) {
      KeyRecord claim = Samples.locked(Samples.keyId(), Samples.stamp()).reference(text).build();
      store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
      assertThat(store.find(claim.keyId()).orElseThrow().record().reference()).contains(text);
    }
  }

  @Test
  void stores_3_1_10_asynchronousCommit_isWarnedOf() {
    String warned =
        Told.onStandardError(
            () ->
                JdbcKeyStore.builder(Postgres.dataSource(Map.of("synchronous_commit", "off")))
                    .table(table)
                    .build());
    assertThat(warned).contains("synchronous_commit=off").contains("WARN");
  }

  @Test
  void bad_40_readOnlySessions_areRefusedAtStart() {
    assertThatThrownBy(
            () ->
                JdbcKeyStore.builder(
                        Postgres.dataSource(Map.of("default_transaction_read_only", "on")))
                    .table(table)
                    .build())
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.READ_ONLY);
              assertThat(e).hasMessageContaining("read-only");
            });
  }

  @Test
  void bad_40_readOnlyLater_isADefiniteNo() {
    ScriptedDataSource moving = new ScriptedDataSource(Postgres.dataSource());
    JdbcKeyStore moved = JdbcKeyStore.builder(moving).table(table).build();
    KeyRecord done = Rows.done(moved);
    moving.leadTo(Postgres.dataSource(Map.of("default_transaction_read_only", "on")));
    KeyRecord claim = Rows.claim();
    for (KeyRecord next : List.of(claim, Rows.duplicate(done))) {
      assertReadOnly(() -> moved.compareAndSet(next.keyId(), Stamp.ABSENT, next));
    }
    assertReadOnly(() -> moved.compareAndSet(done.keyId(), done.stamp(), Rows.duplicate(done)));
    assertReadOnly(() -> moved.purge(10));
  }

  @Test
  void s01_replica_isNoAuthority() {
    KeyRecord done = Rows.done(store);
    Sql.run(
        Postgres.dataSource(),
        "CREATE SCHEMA IF NOT EXISTS replica",
        "CREATE OR REPLACE FUNCTION replica.pg_is_in_recovery() RETURNS boolean"
            + " LANGUAGE sql AS 'SELECT true'");
    var replica = Postgres.dataSource(Map.of("search_path", "replica,pg_catalog,public"));
    assertReadOnly(() -> JdbcKeyStore.builder(replica).table(table).build());
    ScriptedDataSource moving = new ScriptedDataSource(Postgres.dataSource());
    JdbcKeyStore moved = JdbcKeyStore.builder(moving).table(table).build();
    moving.leadTo(replica);
    assertReadOnly(() -> moved.find(done.keyId()));
  }

  private static void assertReadOnly(Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.READ_ONLY);
              assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.NOT_APPLIED);
              assertThat(e).hasMessageContaining("primary");
            });
  }

  @Test
  void purge_leavesRowsThatAnotherSessionHolds() throws Exception {
    KeyRecord held =
        Samples.locked(Samples.keyId(), Samples.stamp()).retention(Duration.ZERO).build();
    KeyRecord free =
        Samples.locked(Samples.keyId(), Samples.stamp()).retention(Duration.ZERO).build();
    store.compareAndSet(held.keyId(), Stamp.ABSENT, held);
    store.compareAndSet(free.keyId(), Stamp.ABSENT, free);
    try (Connection holder = Postgres.dataSource().getConnection()) {
      holder.setAutoCommit(false);
      Sql.update(holder, table, held.keyId(), "attempt = 7");
      assertThat(store.purge(10)).isEqualTo(1);
      holder.rollback();
    }
    assertThat(store.purge(10)).isEqualTo(1);
  }

  @Test
  void scanAndPurge_useTheirIndexes() throws Exception {
    Sql.run(
        Postgres.dataSource(),
        "INSERT INTO "
            + table
            + " SELECT sha256(CAST(CAST(i AS text) AS bytea)), '\\x01', 1,"
            + " CASE WHEN i % 100 = 0 THEN 1 ELSE 2 END, 1, 1, '\\x01', 'a', '\\x01', NULL, NULL,"
            + " NULL, 1, 4000000000000 + i FROM generate_series(1, 20000) AS i",
        "ANALYZE " + table);
    Statements statements =
        new PostgresDialect().statements(new TableName(table), Duration.ofMillis(200));
    assertThat(plan(statements.scanAbandoned().replaceFirst("\\?", "''").replace("?", "10")))
        .contains(table + "_unsettled")
        .doesNotContain("Seq Scan");
    assertThat(plan(statements.scanInDoubt().replaceFirst("\\?", "''").replace("?", "10")))
        .contains(table + "_unsettled")
        .doesNotContain("Seq Scan");
    assertThat(plan(statements.purge().replace("?", "10")))
        .contains(table + "_retention")
        .doesNotContain("Seq Scan");
    assertThat(store.scan(Kind.ABANDONED, 10, Optional.empty()).records()).isEmpty();
  }

  private static String plan(String sql) throws SQLException {
    try (Connection connection = Postgres.dataSource().getConnection()) {
      return Sql.ask(connection, "EXPLAIN (FORMAT JSON) " + sql);
    }
  }

  private static void awaitWaiter(Connection connection) throws Exception {
    String waiters =
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND "
            + Sql.ask(connection, "SELECT pg_backend_pid()")
            + " = ANY(pg_blocking_pids(pid))";
    try (Connection observer = Postgres.dataSource().getConnection()) {
      while (Sql.ask(observer, waiters).equals("0")) {
        Thread.sleep(5);
      }
    }
  }

  private static Stamp stamp(CasResult result) {
    assertThat(result).isInstanceOf(CasResult.Refused.class);
    return ((CasResult.Refused) result).live().map(StoredRecord::stamp).orElseThrow();
  }
}
