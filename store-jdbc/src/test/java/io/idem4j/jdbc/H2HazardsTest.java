package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Together;
import io.idem4j.tck.Told;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** stores.md 3.3, by its numbers. */
@Timeout(60)
@StoreUnderTest("JDBC, H2")
final class H2HazardsTest {
  private final String table = Sql.freshTable();

  @Test
  void stores_3_3_1_barrierRace_hasOneWinnerAndNoError() {
    try (HikariDataSource pool = Postgres.pool(Sql.h2(), 8);
        Together together = new Together(8)) {
      JdbcKeyStore store = Rows.store(pool, table);
      for (int round = 0; round < 400; round++) {
        KeyRecord key = Rows.claim();
        List<CasResult> results =
            together.run(
                thread -> store.compareAndSet(key.keyId(), Stamp.ABSENT, Rows.duplicate(key)));
        assertThat(results).filteredOn(CasResult.Applied.class::isInstance).hasSize(1);
        assertThat(results).filteredOn(CasResult.Refused.class::isInstance).hasSize(7);
      }
    }
  }

  @Test
  void stores_3_3_2_waiterOnAnUncommittedWrite_isBusy() throws Exception {
    DataSource dataSource = Sql.h2("jdbc:h2:mem:" + table + ";DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=100");
    JdbcKeyStore store = Rows.store(dataSource, table);
    KeyRecord first = Rows.claim();
    KeyRecord other = Rows.claim();
    store.compareAndSet(other.keyId(), Stamp.ABSENT, other);
    try (Connection holder = dataSource.getConnection()) {
      holder.setAutoCommit(false);
      assertThat(Rows.write(holder, table, Stamp.ABSENT, first)).isEqualTo(CasResult.APPLIED);
      Sql.update(holder, table, other.keyId(), "attempt = 7");
      KeyRecord duplicate = Rows.duplicate(first);
      assertThat(store.compareAndSet(first.keyId(), Stamp.ABSENT, duplicate))
          .isEqualTo(CasResult.BUSY);
      assertThat(store.compareAndSet(other.keyId(), other.stamp(), Rows.completed(other)))
          .isEqualTo(CasResult.BUSY);
      assertThat(store.find(first.keyId())).isEmpty();
      holder.rollback();
      assertThat(store.compareAndSet(first.keyId(), Stamp.ABSENT, duplicate))
          .isEqualTo(CasResult.APPLIED);
    }
  }

  @Test
  void stores_3_3_4_poolClosedAndReopened_theLockIsThere() {
    String url = "jdbc:h2:mem:" + table + ";DB_CLOSE_DELAY=-1";
    KeyRecord claim = Rows.claim();
    try (HikariDataSource pool = Postgres.pool(Sql.h2(url), 2)) {
      Rows.store(pool, table).compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
    }
    try (HikariDataSource pool = Postgres.pool(Sql.h2(url), 2)) {
      JdbcKeyStore reopened = JdbcKeyStore.builder(pool).table(table).build();
      assertThat(reopened.compareAndSet(claim.keyId(), Stamp.ABSENT, Rows.duplicate(claim)))
          .isInstanceOf(CasResult.Refused.class);
    }
  }

  @Test
  void stores_3_3_4_databaseThatVanishes_isWarnedOf() {
    try (HikariDataSource pool = Postgres.pool(Sql.h2("jdbc:h2:mem:" + table), 1)) {
      assertThat(Told.onStandardError(() -> Rows.store(pool, table))).contains("DB_CLOSE_DELAY=-1");
    }
  }

  @Test
  void stores_3_3_3_lateWritesAndInterruptibleFiles_areWarnedOf(@TempDir Path directory) {
    String late = "jdbc:h2:" + directory.resolve("late");
    assertThat(Told.onStandardError(() -> Rows.store(Sql.h2(late), table)))
        .contains("WRITE_DELAY=0")
        .contains("jdbc:h2:async:");
    String safe = "jdbc:h2:async:" + directory.resolve("safe") + ";WRITE_DELAY=0";
    assertThat(Told.onStandardError(() -> Rows.store(Sql.h2(safe), table))).isEmpty();
  }

  @Test
  void stores_3_3_6_ignoreCase_keepsKeysApart() {
    JdbcKeyStore store =
        Rows.store(Sql.h2("jdbc:h2:mem:" + table + ";DB_CLOSE_DELAY=-1;IGNORECASE=TRUE"), table);
    for (String text : List.of("A", "a", " ", "\0", "\u00E9", "\u00C9")) {
      KeyId id =
          KeyId.of(
              text.repeat(KeyId.LENGTH / text.getBytes(StandardCharsets.UTF_8).length)
                  .getBytes(StandardCharsets.UTF_8));
      KeyRecord claim = Samples.locked(id, Samples.stamp()).reference("Ref " + text.trim()).build();
      assertThat(store.compareAndSet(id, Stamp.ABSENT, claim)).isEqualTo(CasResult.APPLIED);
      assertThat(store.find(id).orElseThrow().record()).isEqualTo(storedAs(claim));
    }
  }

  /** Lease and retention of a stored record mean nothing: they are answered beside it. */
  private static KeyRecord storedAs(KeyRecord written) {
    return written.toBuilder().lease(Duration.ZERO).retention(Duration.ZERO).build();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH",
        "MODE=MySQL;DATABASE_TO_UPPER=FALSE;CASE_INSENSITIVE_IDENTIFIERS=TRUE",
        "MODE=Oracle",
        "DATABASE_TO_UPPER=FALSE"
      })
  void build_otherModesOfH2_work(String mode) {
    JdbcKeyStore store =
        Rows.store(Sql.h2("jdbc:h2:mem:" + table + ";DB_CLOSE_DELAY=-1;" + mode), table);
    KeyRecord done = Rows.done(store);
    assertThat(store.find(done.keyId()).orElseThrow().record()).isEqualTo(storedAs(done));
    assertThat(store.purge(10)).isZero();
  }

  @Test
  void bad_40_readOnlyDatabase_isAClearError(@TempDir Path directory) {
    String url = "jdbc:h2:" + directory.resolve("db");
    Told.onStandardError(() -> Rows.done(Rows.store(Sql.h2(url + ";WRITE_DELAY=0"), table)));
    DataSource readOnly = Sql.h2(url + ";ACCESS_MODE_DATA=r");
    assertThatThrownBy(() -> JdbcKeyStore.builder(readOnly).table(table).build())
        .isInstanceOfSatisfying(
            KeyStoreException.class, e -> assertThat(e.reason()).isEqualTo(Reason.READ_ONLY));
  }

  @Test
  void bad_40_readOnlyLater_isADefiniteNo(@TempDir Path directory) {
    String url = "jdbc:h2:" + directory.resolve("db");
    ScriptedDataSource moving = new ScriptedDataSource(Sql.h2(url));
    JdbcKeyStore[] store = new JdbcKeyStore[1];
    Told.onStandardError(() -> store[0] = Rows.store(moving, table));
    moving.leadTo(Sql.h2(url + ";ACCESS_MODE_DATA=r"));
    KeyRecord claim = Rows.claim();
    assertThatThrownBy(() -> store[0].compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.READ_ONLY);
              assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.NOT_APPLIED);
            });
  }
}
