package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyStoreException;
import io.idem4j.Purger;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The table of PostgreSQL in parts: what its file says of it. */
@Timeout(60)
@StoreUnderTest("JDBC, PostgreSQL")
final class PostgresPartitionedTest {
  private static final String PLAIN_ROWS =
      " SELECT sha256(CAST(CAST(i AS text) AS bytea)), '\\x01', 1,"
          + " CASE WHEN i % 100 = 0 THEN 1 ELSE 2 END, 1, 1, '\\x01', 'a', '\\x01', NULL, NULL,"
          + " NULL, 1, 4000000000000 + i FROM generate_series(1, 20000) AS i";

  private final String table = Sql.freshTable();

  @BeforeEach
  void create() {
    Postgres.createPartitioned(table);
  }

  private JdbcKeyStore store() {
    return JdbcKeyStore.builder(Postgres.dataSource()).table(table).build();
  }

  @Test
  void startUpCheck_takesItsFile_whichMayBeAppliedTwice() {
    Postgres.createPartitioned(table);
    KeyRecord done = Rows.done(store());
    assertThat(
            Sql.ask(
                Postgres.dataSource(),
                "SELECT relkind FROM pg_class WHERE relname = '" + table + "'"))
        .isEqualTo("p");
    assertThat(
            Sql.ask(
                Postgres.dataSource(),
                "SELECT count(*) FROM pg_inherits WHERE inhparent = '" + table + "'::regclass"))
        .isEqualTo("16");
    assertThat(Rows.store(Postgres.dataSource(), table).find(done.keyId()))
        .as("createTableIfMissing finds it")
        .isPresent();
  }

  @Test
  void startUpCheck_refusesPartsByTime() {
    String byTime = Sql.freshTable();
    Sql.run(
        Postgres.dataSource(),
        new SchemaCheck(new TableName(table), "schema-postgresql.sql")
            .schema(table)
            .replace(table, byTime)
            .replace("NOT NULL PRIMARY KEY", "NOT NULL")
            .replace(
                "retain_until_ms       bigint       NOT NULL\n);",
                "retain_until_ms bigint NOT NULL,\n PRIMARY KEY (key_id, retain_until_ms))"
                    + " PARTITION BY RANGE (retain_until_ms);"));
    assertThatThrownBy(() -> JdbcKeyStore.builder(Postgres.dataSource()).table(byTime).build())
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.MISCONFIGURED))
        .hasMessageContaining("unique index");
  }

  @Test
  void everyStatement_visitsOnePartOrUsesItsIndexes() throws Exception {
    Sql.run(Postgres.dataSource(), "INSERT INTO " + table + PLAIN_ROWS, "ANALYZE " + table);
    Statements statements =
        new PostgresDialect().statements(new TableName(table), Duration.ofMillis(200));
    for (String scan : List.of(statements.scanAbandoned(), statements.scanInDoubt())) {
      assertThat(plan(scan.replaceFirst("\\?", "''").replace("?", "10")))
          .contains("_state_key_id_idx")
          .doesNotContain("Seq Scan");
    }
    for (String limit : List.of("10", "500")) {
      assertThat(plan(statements.purge().replace("?", limit)))
          .as("the oldest entries of each part, merged, and deletions by key")
          .contains("Merge Append", "_retain_until_ms_idx", "_pkey")
          .doesNotContain("Seq Scan");
    }
    assertThat(plan(statements.read().replace("?", "'\\x01'")).split("_pkey", -1))
        .as("one part")
        .hasSize(2);
    assertThat(store().scan(Kind.ABANDONED, 10, Optional.empty()).records()).isEmpty();
  }

  @Test
  void purger_freesWhatIsOverInAllParts() {
    JdbcKeyStore store = store();
    Sql.run(
        Postgres.dataSource(),
        "INSERT INTO "
            + table
            + PLAIN_ROWS.replace("20000", "3000").replace("4000000000000 + i", "i"));
    KeyRecord live = Samples.locked(Samples.keyId(), Samples.stamp()).build();
    assertThat(store.compareAndSet(live.keyId(), Stamp.ABSENT, live)).isEqualTo(CasResult.APPLIED);
    Purger.Run run = Purger.builder(store).batchSize(400).pause(Duration.ofMillis(1)).build().run();
    assertThat(run).isEqualTo(new Purger.Run(Purger.End.NOTHING_LEFT, 3_000, 8, Optional.empty()));
    assertThat(Sql.ask(Postgres.dataSource(), "SELECT count(*) FROM " + table)).isEqualTo("1");
    assertThat(store.find(live.keyId())).isPresent();
  }

  private static String plan(String sql) throws SQLException {
    try (Connection connection = Postgres.dataSource().getConnection()) {
      return Sql.ask(connection, "EXPLAIN (FORMAT JSON) " + sql);
    }
  }
}
