package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.PayloadTooLargeException;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.Together;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.time.Duration;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the builder refuses: stores.md 3.7.4, bad-inputs 41. */
@Timeout(60)
final class StartUpTest {
  private final String table = Sql.freshTable();

  private void refused(DataSource dataSource, String because) {
    assertThatThrownBy(() -> JdbcKeyStore.builder(dataSource).table(table).build())
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.MISCONFIGURED);
              assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.NOT_APPLIED);
              assertThat(e).hasMessageContaining(because).hasMessageContaining(table);
            });
  }

  private DataSource withTable(Database database, String... changes) {
    DataSource dataSource = database.open();
    Rows.store(dataSource, table);
    Sql.run(dataSource, changes);
    return dataSource;
  }

  @ParameterizedTest
  @EnumSource
  void bad_41_missingTable_isRefused(Database database) {
    refused(database.open(), "does not exist");
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_7_4_droppedPrimaryKey_isRefused(Database database) {
    String drop =
        database == Database.POSTGRESQL
            ? "ALTER TABLE " + table + " DROP CONSTRAINT " + table + "_pkey"
            : "ALTER TABLE " + table + " DROP PRIMARY KEY";
    DataSource dataSource = withTable(database, drop);
    refused(dataSource, "unique index");
    Sql.run(dataSource, "CREATE INDEX plain_" + table + " ON " + table + " (key_id)");
    refused(dataSource, "unique index");
    Sql.run(dataSource, "CREATE UNIQUE INDEX two_" + table + " ON " + table + " (key_id, stamp)");
    refused(dataSource, "unique index");
    Sql.run(dataSource, database.dropIndex("two_" + table, table));
    Sql.run(dataSource, "CREATE UNIQUE INDEX right_" + table + " ON " + table + " (key_id)");
    Rows.done(JdbcKeyStore.builder(dataSource).table(table).build());
  }

  @Test
  void stores_3_7_4_partialDeferrableOrComputedIndex_isRefused() {
    DataSource dataSource =
        withTable(
            Database.POSTGRESQL,
            "ALTER TABLE " + table + " DROP CONSTRAINT " + table + "_pkey",
            "CREATE UNIQUE INDEX ON " + table + " (key_id) WHERE state = 1",
            "CREATE UNIQUE INDEX ON " + table + " (sha256(key_id))",
            "ALTER TABLE " + table + " ADD UNIQUE (key_id) DEFERRABLE");
    refused(dataSource, "unique index");
    Sql.run(dataSource, "CREATE UNIQUE INDEX invalid_" + table + " ON " + table + " (key_id)");
    Sql.run(
        dataSource,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'invalid_"
            + table
            + "'::regclass");
    refused(dataSource, "unique index");
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_7_4_wrongKeyType_isRefused(Database database) {
    String type = "varchar(64)";
    String change =
        switch (database) {
          case H2 -> "ALTER COLUMN key_id SET DATA TYPE " + type;
          case POSTGRESQL -> "ALTER COLUMN key_id TYPE " + type + " USING encode(key_id, 'hex')";
          case MARIADB -> "MODIFY key_id " + type;
        };
    DataSource dataSource = withTable(database, "ALTER TABLE " + table + " " + change);
    refused(dataSource, "key_id");
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_7_4_wrongTimeType_isRefused(Database database) {
    DataSource dataSource =
        withTable(
            database,
            "ALTER TABLE " + table + " DROP COLUMN lease_until_ms",
            "ALTER TABLE " + table + " ADD COLUMN lease_until_ms TIMESTAMP");
    refused(dataSource, "lease_until_ms");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "stamp",
        "format",
        "state",
        "fence",
        "attempt",
        "grant_id",
        "fingerprint_algorithm",
        "fingerprint",
        "reference",
        "payload",
        "checkpoint",
        "lease_until_ms",
        "retain_until_ms"
      })
  void stores_3_7_4_missingColumn_isRefused(String column) {
    for (Database database : Database.values()) {
      DataSource dataSource =
          withTable(database, "ALTER TABLE " + table + " DROP COLUMN " + column + tail(database));
      refused(dataSource, "no column " + column);
      Sql.run(dataSource, "DROP TABLE " + table);
    }
  }

  private static String tail(Database database) {
    return database == Database.POSTGRESQL ? " CASCADE" : "";
  }

  @ParameterizedTest
  @EnumSource
  void bad_41_slotThatMustNotBeNull_isRefused(Database database) {
    DataSource dataSource =
        withTable(
            database,
            "ALTER TABLE "
                + table
                + (database == Database.MARIADB
                    ? " MODIFY payload MEDIUMBLOB NOT NULL"
                    : " ALTER COLUMN payload SET NOT NULL"));
    refused(dataSource, "payload");
  }

  @Test
  void s04_columnNarrowerThanMaximumSlot_isRefused() {
    DataSource dataSource =
        withTable(
            Database.H2,
            "ALTER TABLE " + table + " ALTER COLUMN checkpoint SET DATA TYPE VARBINARY(1000)");
    refused(dataSource, "maximumSlot");
    JdbcKeyStore.builder(dataSource).table(table).maximumSlot(1000).build();
  }

  @ParameterizedTest
  @EnumSource
  void s04_slotOverTheLimit_isRefusedBeforeAnythingIsSent(Database database) {
    ScriptedDataSource dataSource = new ScriptedDataSource(database.open());
    JdbcKeyStore store =
        JdbcKeyStore.builder(dataSource)
            .table(table)
            .maximumSlot(1000)
            .createTableIfMissing()
            .build();
    dataSource.takeCalls();
    for (Slots slots :
        new Slots[] {Slots.of(new byte[1001], null), Slots.of(null, new byte[1001])}) {
      KeyRecord claim = Samples.locked(Samples.keyId(), Samples.stamp()).slots(slots).build();
      assertThatThrownBy(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isInstanceOf(PayloadTooLargeException.class);
    }
    assertThat(dataSource.takeCalls()).isEmpty();
  }

  @Test
  void bad_41_viewOrTemporaryTable_isRefused() {
    DataSource dataSource = withTable(Database.POSTGRESQL);
    Sql.run(dataSource, "CREATE VIEW view_" + table + " AS SELECT * FROM " + table);
    assertThatThrownBy(() -> JdbcKeyStore.builder(dataSource).table("view_" + table).build())
        .isInstanceOf(KeyStoreException.class)
        .hasMessageContaining("is no table");
  }

  @Test
  void bad_41_missingPrivilege_isRefused() {
    DataSource dataSource = withTable(Database.POSTGRESQL);
    Sql.run(
        dataSource,
        "CREATE ROLE role_" + table,
        "GRANT SELECT, INSERT, UPDATE ON " + table + " TO role_" + table);
    refused(Postgres.dataSource(Map.of("role", "role_" + table)), "DELETE");
    Sql.run(dataSource, "DROP OWNED BY role_" + table, "DROP ROLE role_" + table);
  }

  @ParameterizedTest
  @EnumSource
  void createTableIfMissing_concurrentStarts_allSucceed(Database database) {
    DataSource dataSource = database.open();
    try (Together together = new Together(8)) {
      for (int round = 0; round < 10; round++) {
        String fresh = Sql.freshTable();
        together.run(thread -> Rows.store(dataSource, fresh));
        Rows.done(JdbcKeyStore.builder(dataSource).table(fresh).build());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void table_withSchema_works(Database database) {
    DataSource dataSource = database.open();
    Sql.run(dataSource, "CREATE SCHEMA s_" + table);
    String qualified = "s_" + table + ".idem4j_record";
    for (int start = 0; start < 2; start++) {
      Rows.done(Rows.store(dataSource, qualified));
    }
    assertThat(Sql.ask(dataSource, "SELECT count(*) FROM " + qualified)).isEqualTo("2");
    Sql.run(
        dataSource, "DROP SCHEMA s_" + table + (database == Database.MARIADB ? "" : " CASCADE"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a b",
        "a;b",
        "1a",
        "a.b.c",
        ".a",
        "a.",
        "\"a\"",
        "a--",
        "é",
        "a\n",
        "a123456789012345678901234567890123456789012345678"
      })
  void bad_09_tableName_isOneIdentifierOrTwo(String name) {
    JdbcKeyStore.Builder builder = JdbcKeyStore.builder(Sql.h2());
    assertThatThrownBy(() -> builder.table(name)).isInstanceOf(MisuseException.class);
  }

  @ParameterizedTest
  @EnumSource
  void bad_41_columnThatEveryInsertMustGive_isRefused(Database database) {
    DataSource dataSource = database.open();
    String table = Sql.freshTable();
    Rows.store(dataSource, table);
    Sql.run(dataSource, "ALTER TABLE " + table + " ADD COLUMN extra integer DEFAULT 1 NOT NULL");
    assertThatCode(() -> JdbcKeyStore.builder(dataSource).table(table).build())
        .as("with a default it does no harm")
        .doesNotThrowAnyException();
    Sql.run(dataSource, "ALTER TABLE " + table + " ALTER COLUMN extra DROP DEFAULT");
    assertThatThrownBy(() -> JdbcKeyStore.builder(dataSource).table(table).build())
        .isInstanceOf(KeyStoreException.class)
        .hasMessageContaining(database == Database.H2 ? "EXTRA" : "extra");
  }

  @Test
  void bad_41_h2TableThatDoesNotStayOrIsQuoted_isRefused() {
    DataSource dataSource = Sql.h2();
    String quoted = Sql.freshTable();
    Rows.store(dataSource, quoted);
    Sql.run(dataSource, "ALTER TABLE " + quoted + " ALTER COLUMN key_id RENAME TO \"key_id\"");
    assertThatThrownBy(() -> JdbcKeyStore.builder(dataSource).table(quoted).build())
        .isInstanceOf(KeyStoreException.class)
        .hasMessageContaining("key_id");
    String global = Sql.freshTable();
    Sql.run(
        dataSource,
        new SchemaCheck(new TableName(global), "schema-h2.sql")
            .schema(global)
            .replace("CREATE TABLE", "CREATE GLOBAL TEMPORARY TABLE"));
    assertThatThrownBy(() -> JdbcKeyStore.builder(dataSource).table(global).build())
        .isInstanceOf(KeyStoreException.class)
        .hasMessageContaining("TEMPORARY");
  }

  @Test
  void builder_valuesOutOfRange_areMisuse() {
    JdbcKeyStore.Builder builder = JdbcKeyStore.builder(Sql.h2());
    for (Duration wait :
        new Duration[] {
          Duration.ZERO, Duration.ofMillis(-1), Duration.ofNanos(5), Duration.ofSeconds(3)
        }) {
      assertThatThrownBy(() -> builder.lockTimeout(wait)).isInstanceOf(MisuseException.class);
    }
    for (int slot : new int[] {0, -1, JdbcKeyStore.Builder.LARGEST_SLOT + 1}) {
      assertThatThrownBy(() -> builder.maximumSlot(slot)).isInstanceOf(MisuseException.class);
    }
    assertThatCode(() -> builder.lockTimeout(Duration.ofMillis(1)).maximumSlot(1))
        .doesNotThrowAnyException();
  }

  @Test
  void build_otherDatabase_isMisuse() {
    DataSource derby =
        new BareDataSource() {
          @Override
          public Connection getConnection() {
            return stub(
                Connection.class,
                Map.of(
                    "getAutoCommit",
                    true,
                    "getTransactionIsolation",
                    Connection.TRANSACTION_READ_COMMITTED,
                    "getMetaData",
                    stub(
                        DatabaseMetaData.class,
                        Map.of("getDatabaseProductName", "Derby", "getDatabaseMajorVersion", 10))));
          }
        };
    assertThatThrownBy(() -> JdbcKeyStore.builder(derby).build())
        .isInstanceOf(MisuseException.class)
        .hasMessageContaining("Derby");
  }

  private static <T> T stub(Class<T> type, Map<String, Object> answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) ->
                method.getReturnType() == boolean.class
                    ? answers.getOrDefault(method.getName(), false)
                    : answers.get(method.getName())));
  }
}
