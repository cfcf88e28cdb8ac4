package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the statements for MariaDB and MySQL lock, write, read and look like. */
@Timeout(60)
@StoreUnderTest("JDBC, MariaDB")
final class MariaDbStatementsTest {
  private final String table = Sql.freshTable();

  @ParameterizedTest
  @EnumSource
  void stores_3_2_7_statements_lockNothingBeforeTheyInsert(MariaDbVariant variant) {
    Statements statements = statements(variant);
    for (String sql : List.of(statements.claim(), statements.claimOver(), statements.read())) {
      assertThat(sql.toUpperCase(Locale.ROOT)).doesNotContain("FOR UPDATE", "SHARE MODE", "IGNORE");
    }
  }

  /** Reads too: without it one waits for a table that is being changed up to a year. */
  @Test
  void mySqlStatements_allBoundTheirWaits() {
    assertThat(Sql.all(statements(MariaDbVariant.MYSQL_STATEMENTS)))
        .allSatisfy(
            sql ->
                assertThat(sql).containsPattern("^(INSERT|UPDATE|DELETE|SELECT) /\\*\\+ SET_VAR"));
  }

  /** A table that is being changed is waited for no longer than a row, by a read, too. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MYSQL_STATEMENTS")
  void stores_3_2_9_lockedTable_isBusy(MariaDbVariant variant) throws Exception {
    JdbcKeyStore store = variant.store(variant.open(), table);
    KeyRecord claim = Rows.claim();
    try (Idempotency idempotency = Idempotency.builder(store).build();
        Connection holder = variant.open().getConnection();
        Statement statement = holder.createStatement()) {
      Operation<String> operation = Rows.justRefused(idempotency);
      assertThat(store.readsFirst(Rows.HOT.id())).isTrue();
      statement.execute("LOCK TABLES " + table + " WRITE");
      assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim)).isEqualTo(CasResult.BUSY);
      assertThat(operation.execute(Rows.HOT, Fingerprint.none(), context -> "again"))
          .isInstanceOf(Outcome.InFlight.class);
      statement.execute("UNLOCK TABLES");
      assertThat(operation.execute(Rows.HOT, Fingerprint.none(), context -> "again").orElseThrow())
          .isEqualTo("x");
    }
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_2_11_statements_useOneClock(MariaDbVariant variant) {
    Statements statements = statements(variant);
    for (String sql : Sql.all(statements)) {
      assertThat(sql).doesNotContain("${");
      assertThat(
              sql.toUpperCase(Locale.ROOT)
                  .replace(MySqlSql.NOW.toUpperCase(Locale.ROOT), "")
                  .replace(MySqlSql.START.toUpperCase(Locale.ROOT), ""))
          .doesNotContainPattern(
              "NOW *\\(|SYSDATE|CURRENT_|CURDATE|CURTIME|LOCALTIME|UTC_|UNIX_TIMESTAMP");
    }
    // Each assignment tests the retention; a time that goes on could tell half of them otherwise.
    String claim = statements(MariaDbVariant.MARIADB_DRIVER).claim();
    String assignments =
        claim.substring(claim.indexOf("ON DUPLICATE KEY"), claim.indexOf("RETURNING"));
    assertThat(assignments).contains(MySqlSql.START).doesNotContain("SYSDATE");
  }

  /** The version decides what MariaDB calls a setting; the old name is not known for ever. */
  @Test
  void statements_ofEachVersion_nameItsSettings() {
    for (String version : List.of("10.6.21-MariaDB", "11.0.6-MariaDB-log")) {
      assertThat(MariaDbVariant.CONNECTOR_J.dialect(version).statements(name(), wait(200)).claim())
          .contains("tx_isolation = 'READ-COMMITTED'")
          .contains("innodb_lock_wait_timeout = 1,");
    }
    for (String version : List.of("11.1.2-MariaDB", "11.4.5-MariaDB", "12.0.1-MariaDB")) {
      assertThat(
              MariaDbVariant.CONNECTOR_J.dialect(version).statements(name(), wait(2_000)).claim())
          .contains("transaction_isolation = 'READ-COMMITTED'")
          .contains("innodb_lock_wait_timeout = 2,");
    }
    assertThat(
            MariaDbVariant.MYSQL_STATEMENTS.dialect("8.4.3").statements(name(), wait(1)).replace())
        .startsWith("UPDATE /*+ SET_VAR(innodb_lock_wait_timeout = 1)");
  }

  private TableName name() {
    return new TableName(table);
  }

  private static Duration wait(int millis) {
    return Duration.ofMillis(millis);
  }

  /** architecture.md §4: no row lock, no wait; also where somebody is about to change the row. */
  @ParameterizedTest
  @EnumSource
  void replay_besideAnOpenUpdate_answers(MariaDbVariant variant) throws Exception {
    DataSource dataSource = variant.open();
    // READ COMMITTED is what the store gives MySQL's statements; they would lock without it.
    JdbcKeyStore store = variant.store(dataSource, table);
    KeyRecord done = Rows.done(store);
    try (Connection holder = dataSource.getConnection()) {
      holder.setAutoCommit(false);
      assertThat(Sql.update(holder, table, done.keyId(), "attempt = 7")).isTrue();
      for (int i = 0; i < 3; i++) {
        assertThat(stamp(store.compareAndSet(done.keyId(), Stamp.ABSENT, Rows.duplicate(done))))
            .isEqualTo(done.stamp());
      }
      holder.rollback();
    }
  }

  @ParameterizedTest
  @EnumSource
  void replay_writesNoLog(MariaDbVariant variant) {
    DataSource dataSource = variant.open();
    JdbcKeyStore store = variant.store(dataSource, table);
    KeyRecord done = Rows.done(store);
    KeyRecord duplicate = Rows.duplicate(done);
    for (int attempt = 1; ; attempt++) {
      String before = Sql.ask(dataSource, logPosition());
      for (int i = 0; i < 200; i++) {
        assertThat(stamp(store.compareAndSet(done.keyId(), Stamp.ABSENT, duplicate)))
            .isEqualTo(done.stamp());
      }
      String after = Sql.ask(dataSource, logPosition());
      // The purge of old versions may write beside us for a while; a replay would each time.
      if (after.equals(before) || attempt == 5) {
        assertThat(after).as("position in the redo log").isEqualTo(before);
        return;
      }
    }
  }

  private static String logPosition() {
    return "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS"
        + " WHERE VARIABLE_NAME = 'INNODB_LSN_CURRENT'";
  }

  @ParameterizedTest
  @EnumSource
  void purge_leavesRowsThatAnotherSessionHolds(MariaDbVariant variant) throws Exception {
    DataSource dataSource = variant.open();
    JdbcKeyStore store = variant.store(dataSource, table);
    KeyRecord held =
        Samples.locked(Samples.keyId(), Samples.stamp()).retention(Duration.ZERO).build();
    KeyRecord free =
        Samples.locked(Samples.keyId(), Samples.stamp()).retention(Duration.ZERO).build();
    store.compareAndSet(held.keyId(), Stamp.ABSENT, held);
    store.compareAndSet(free.keyId(), Stamp.ABSENT, free);
    try (Connection holder = dataSource.getConnection()) {
      holder.setAutoCommit(false);
      Sql.update(holder, table, held.keyId(), "attempt = 7");
      assertThat(store.purge(10)).isEqualTo(1);
      holder.rollback();
    }
    assertThat(store.purge(10)).isEqualTo(1);
  }

  @Test
  void scanAndPurge_useTheirIndexes() throws Exception {
    DataSource dataSource = MariaDb.dataSource();
    Rows.store(dataSource, table);
    Sql.run(
        dataSource,
        "INSERT INTO "
            + table
            + " SELECT UNHEX(SHA2(seq, 256)), '1', 1, IF(seq % 100 = 0, 1, 2), 1, 1, '1', 'a', '1',"
            + " NULL, NULL, NULL, 1, 4000000000000 + seq FROM seq_1_to_20000",
        "ANALYZE TABLE " + table);
    Statements statements =
        MariaDbVariant.MYSQL_STATEMENTS.dialect("8.0.40").statements(name(), wait(200));
    for (String sql : List.of(statements.scanAbandoned(), statements.scanInDoubt())) {
      assertThat(plan(dataSource, sql.replaceFirst("\\?", "''").replace("?", "10")))
          .contains("\"idem4j_record_state\"")
          .doesNotContain("filesort");
    }
    assertThat(plan(dataSource, statements.purge().replace("?", "10")))
        .contains("\"idem4j_record_retention\"")
        .doesNotContain("\"ALL\", \"table_name\": \"" + table);
  }

  private static String plan(DataSource dataSource, String sql) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return Sql.ask(connection, "EXPLAIN FORMAT=JSON " + sql);
    }
  }

  /** An error of the server in each of the two drivers: the numbers are the same. */
  @ParameterizedTest
  @EnumSource
  void bad_40_readOnlyLater_isADefiniteNoAndNoAuthority(MariaDbVariant variant) {
    DataSource admin = variant.open();
    String user = "u_" + table;
    Sql.run(
        admin,
        "CREATE USER " + user + "@'127.0.0.1' IDENTIFIED BY 'p'",
        "GRANT ALL ON idem4j.* TO " + user + "@'127.0.0.1'");
    DataSource plain = variant.open("user=" + user, "password=p");
    JdbcKeyStore store = variant.store(plain, table);
    KeyRecord done = Rows.done(store);
    Sql.run(admin, "SET GLOBAL read_only = 1");
    try {
      KeyRecord claim = Rows.claim();
      assertReadOnly(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
      assertReadOnly(() -> store.compareAndSet(done.keyId(), done.stamp(), Rows.duplicate(done)));
      assertReadOnly(() -> store.compareAndSet(done.keyId(), Stamp.ABSENT, Rows.duplicate(done)));
      assertReadOnly(() -> store.find(done.keyId()));
      assertReadOnly(() -> variant.store(plain, table));
      // Who may write in spite of it is told the truth about what was written.
      JdbcKeyStore[] late = new JdbcKeyStore[1];
      Sql.run(admin, "SET GLOBAL read_only = 0");
      late[0] = variant.store(admin, table);
      Sql.run(admin, "SET GLOBAL read_only = 1");
      assertThat(late[0].compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isEqualTo(CasResult.APPLIED);
    } finally {
      Sql.run(admin, "SET GLOBAL read_only = 0");
    }
    assertThat(store.find(done.keyId())).isPresent();
    Sql.run(admin, "DROP USER " + user + "@'127.0.0.1'");
  }

  private static void assertReadOnly(Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.READ_ONLY);
              assertThat(e.certainty()).isEqualTo(Certainty.NOT_APPLIED);
            });
  }

  /** ON DUPLICATE KEY UPDATE takes any unique index; another key's row must stay as it is. */
  @Test
  void claim_furtherUniqueIndex_neverTouchesTheOtherRow() {
    DataSource dataSource = MariaDb.dataSource();
    JdbcKeyStore store = Rows.store(dataSource, table);
    KeyRecord over =
        Samples.locked(Samples.keyId(), Samples.stamp()).retention(Duration.ZERO).build();
    store.compareAndSet(over.keyId(), Stamp.ABSENT, over);
    Sql.run(dataSource, "CREATE UNIQUE INDEX extra ON " + table + " (fingerprint_algorithm)");
    KeyRecord claim = Rows.claim();
    assertThatThrownBy(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.MISCONFIGURED);
              assertThat(e).hasMessageContaining("unique index");
            });
    assertThat(Sql.ask(dataSource, "SELECT HEX(stamp) FROM " + table))
        .isEqualToIgnoringCase(HexFormat.of().formatHex(over.stamp().bytes()));
  }

  private Statements statements(MariaDbVariant variant) {
    return variant
        .dialect("11.4.5-MariaDB")
        .statements(new TableName(table), Duration.ofMillis(200));
  }

  private static Stamp stamp(CasResult result) {
    assertThat(result).isInstanceOf(CasResult.Refused.class);
    return ((CasResult.Refused) result).live().map(StoredRecord::stamp).orElseThrow();
  }
}
