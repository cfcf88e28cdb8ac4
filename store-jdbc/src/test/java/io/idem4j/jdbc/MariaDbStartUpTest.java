package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Told;
import java.sql.Connection;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the builder refuses on MariaDB alone: stores.md 3.2.2, 3.2.3, 3.2.12, 3.2.13, 3.7.4. */
@Timeout(60)
@StoreUnderTest("JDBC, MariaDB")
final class MariaDbStartUpTest {
  private static final DataSource POOL = MariaDbVariant.MARIADB_DRIVER.open();

  private final String table = Sql.freshTable();

  private void refused(DataSource dataSource, String because) {
    assertThatThrownBy(() -> JdbcKeyStore.builder(dataSource).table(table).build())
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.MISCONFIGURED);
              assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.NOT_APPLIED);
              assertThat(e).hasMessageContaining(because);
            });
  }

  private void refusedAfter(String change, String because) {
    Rows.store(POOL, table);
    Sql.run(POOL, "ALTER TABLE " + table + " " + change);
    refused(POOL, because);
  }

  @Test
  void dialect_ofEachDriver_isTheServers() throws Exception {
    for (MariaDbVariant variant : MariaDbVariant.values()) {
      try (Connection connection = variant.open().getConnection()) {
        MySqlServer server = MySqlServer.of(connection);
        assertThat(server.isMariaDb()).isTrue();
        assertThat(server.isSpoken()).isTrue();
        assertThat(Dialect.of(connection).setsIsolation()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "10.5.28-MariaDB, true, false",
    "10.6.0-MariaDB, true, true",
    "11.4.5-MariaDB-ubu2404, true, true",
    "5.5.5-10.11.2-MariaDB, true, false",
    "8.0.40, false, true",
    "9.5.0-commercial, false, true",
    "5.7.44-log, false, false",
    "what, false, false"
  })
  void server_isKnownByItsVersion(String version, boolean isMariaDb, boolean isSpoken) {
    MySqlServer server = MySqlServer.parse(version);
    assertThat(server.isMariaDb()).isEqualTo(isMariaDb);
    assertThat(server.isSpoken()).isEqualTo(isSpoken);
  }

  @ParameterizedTest
  @ValueSource(strings = {"MyISAM", "Aria", "MEMORY"})
  void stores_3_7_4_engineWithoutTransactions_isRefused(String engine) {
    Rows.store(POOL, table);
    String slots =
        engine.equals("MEMORY")
            ? "MODIFY payload VARBINARY(10), MODIFY checkpoint VARBINARY(10), "
            : "";
    Sql.run(POOL, "ALTER TABLE " + table + " " + slots + "ENGINE = " + engine);
    refused(POOL, "InnoDB");
  }

  @ParameterizedTest
  @ValueSource(strings = {"''", "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'"})
  void stores_3_2_2_laxMode_isRefused(String mode) {
    Rows.store(POOL, table);
    refused(MariaDb.dataSource("sessionVariables=sql_mode=" + mode), "STRICT_TRANS_TABLES");
    // Left alone, Connector/J adds the strict mode by itself.
    refused(
        MariaDb.connectorJ("jdbcCompliantTruncation=false", "sessionVariables=sql_mode=" + mode),
        "STRICT_TRANS_TABLES");
  }

  @Test
  void s04_emptyStringIsNull_isRefused() {
    Rows.store(POOL, table);
    refused(
        MariaDb.dataSource("sessionVariables=sql_mode='STRICT_ALL_TABLES,EMPTY_STRING_IS_NULL'"),
        "EMPTY_STRING_IS_NULL");
  }

  /** Modes that change how statements and literals are read. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES",
        "STRICT_ALL_TABLES,ANSI",
        "STRICT_ALL_TABLES,PIPES_AS_CONCAT,HIGH_NOT_PRECEDENCE,PAD_CHAR_TO_FULL_LENGTH",
        "STRICT_ALL_TABLES,ORACLE"
      })
  void build_otherModes_work(String mode) {
    for (MariaDbVariant variant : MariaDbVariant.values()) {
      JdbcKeyStore store =
          variant.store(variant.open("sessionVariables=sql_mode='" + mode + "'"), table);
      assertThat(store.find(Rows.done(store).keyId())).isPresent();
      assertThat(store.purge(5)).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "MODIFY key_id VARCHAR(32); key_id",
        "MODIFY key_id BINARY(40); pads",
        "MODIFY stamp BINARY(16); ''",
        "MODIFY grant_id BINARY(16); pads",
        "MODIFY reference BINARY(255); reference",
        "MODIFY fingerprint_algorithm VARCHAR(20); fingerprint_algorithm",
        "MODIFY payload BLOB; maximumSlot",
        "MODIFY checkpoint TEXT; checkpoint",
        "MODIFY lease_until_ms TIMESTAMP(6) NULL; lease_until_ms",
        "MODIFY retain_until_ms DATETIME; retain_until_ms",
        "DROP PRIMARY KEY, ADD UNIQUE (key_id(16)); unique index",
        "DROP PRIMARY KEY, ADD PRIMARY KEY (key_id, stamp); unique index",
        "DROP PRIMARY KEY, MODIFY key_id BLOB NOT NULL, ADD UNIQUE (key_id); unique index",
        "DROP PRIMARY KEY, MODIFY key_id VARBINARY(4000), ADD UNIQUE (key_id); unique index",
        "ADD UNIQUE (stamp); further unique index",
        "ADD UNIQUE (key_id(16)); further unique index"
      })
  void stores_3_2_3_and_3_7_4_columnOrIndexThatDoesNotFit_isRefused(String change, String because) {
    if (because.isEmpty()) {
      Rows.store(POOL, table);
      Sql.run(POOL, "ALTER TABLE " + table + " " + change);
      Rows.done(JdbcKeyStore.builder(POOL).table(table).build());
      return;
    }
    refusedAfter(change, because);
  }

  @Test
  void stores_3_2_12_slotsThatThePacketCannotHold_areRefused() {
    Rows.store(POOL, table);
    assertThatThrownBy(() -> JdbcKeyStore.builder(POOL).table(table).maximumSlot(4 << 20).build())
        .isInstanceOf(KeyStoreException.class)
        .hasMessageContaining("max_allowed_packet");
    Rows.done(JdbcKeyStore.builder(POOL).table(table).maximumSlot(3 << 20).build());
  }

  @Test
  void stores_3_2_13_driverThatSendsAgain_isRefused() {
    Rows.store(POOL, table);
    refused(MariaDb.connectorJ("autoReconnect=true"), "autoReconnect");
    refused(MariaDb.dataSource("transactionReplay=true"), "transactionReplay");
  }

  @ParameterizedTest
  @CsvSource({
    "'jdbc:mariadb://a,b/x', true",
    "jdbc:mariadb:sequential://a/x, true",
    "jdbc:mariadb:replication://a/x, true",
    "'jdbc:mysql://a:1,b:2/x', true",
    "jdbc:mysql:loadbalance://a/x, true",
    "jdbc:mysql+srv://a/x, true",
    "'jdbc:mysql://(host=a,port=1)/x', true",
    "'jdbc:mysql://a/x?sessionVariables=a=1,b=2', false",
    "jdbc:mariadb://127.0.0.1:3306/x, false"
  })
  void stores_3_2_13_severalHosts_areSeenInTheUrl(String url, boolean isWarned) {
    assertThat(MySqlCheck.namesSeveralHosts(url)).isEqualTo(isWarned);
  }

  @Test
  void lateLog_isWarnedOf() {
    // The server of these tests runs with 0.
    Rows.store(POOL, table);
    assertThat(Told.onStandardError(() -> JdbcKeyStore.builder(POOL).table(table).build()))
        .contains("innodb_flush_log_at_trx_commit=0")
        .contains("WARN");
  }

  /** It flushes each commit then, but has no binary log: others see a commit before that. */
  @Test
  void commitsSeenBeforeTheyAreFlushed_areWarnedOf() {
    Rows.store(POOL, table);
    Sql.run(POOL, "SET GLOBAL innodb_flush_log_at_trx_commit = 1");
    try {
      assertThat(Told.onStandardError(() -> JdbcKeyStore.builder(POOL).table(table).build()))
          .contains("log_bin=OFF")
          .contains("WARN")
          .doesNotContain("innodb_flush_log_at_trx_commit");
    } finally {
      Sql.run(POOL, "SET GLOBAL innodb_flush_log_at_trx_commit = 0");
    }
  }

  @Test
  void bad_41_view_isRefused() {
    Rows.store(POOL, table);
    Sql.run(POOL, "CREATE VIEW view_" + table + " AS SELECT * FROM " + table);
    assertThatThrownBy(() -> JdbcKeyStore.builder(POOL).table("view_" + table).build())
        .isInstanceOf(KeyStoreException.class)
        .hasMessageContaining("VIEW");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"SELECT, INSERT, UPDATE", "SELECT, INSERT, DELETE", "SELECT, UPDATE, DELETE"})
  void bad_41_missingPrivilege_isRefused(String granted) {
    Rows.store(POOL, table);
    String user = "u_" + table + "@'127.0.0.1'";
    Sql.run(
        POOL,
        "CREATE USER " + user + " IDENTIFIED BY 'p'",
        "GRANT " + granted + " ON idem4j." + table + " TO " + user);
    try {
      for (DataSource theirs :
          List.of(
              MariaDb.dataSource("user=u_" + table, "password=p"),
              MariaDb.connectorJ("user=u_" + table, "password=p"))) {
        refused(theirs, "is not open to this user");
      }
    } finally {
      Sql.run(POOL, "DROP USER " + user);
    }
  }

  @Test
  void bad_40_readOnlySessions_areRefused() {
    Rows.store(POOL, table);
    assertThatThrownBy(
            () ->
                JdbcKeyStore.builder(MariaDb.dataSource("sessionVariables=transaction_read_only=1"))
                    .table(table)
                    .build())
        .isInstanceOfSatisfying(
            KeyStoreException.class, e -> assertThat(e.reason()).isEqualTo(Reason.READ_ONLY));
  }

  @Test
  void bad_41_noDatabase_isRefused() {
    String url = MariaDb.url().replace("/idem4j?", "/?");
    refused(MariaDb.at(url), "is in no database");
  }
}
