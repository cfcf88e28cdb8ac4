package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.Told;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.sql.DataSource;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** I45, stores.md 3.3.7: no row data in the text of any exception or log line. */
@Timeout(60)
final class SecrecyTest {
  private static final String CANARY = "CANARY-4111-1111";

  private final String table = Sql.freshTable();

  private static KeyRecord canary() {
    byte[] bytes = CANARY.getBytes(StandardCharsets.US_ASCII);
    return Samples.locked(Samples.keyId(), Samples.stamp())
        .reference(CANARY)
        .fingerprint(new FingerprintDigest(CANARY, Samples.bytes(FingerprintDigest.LENGTH)))
        .slots(Slots.of(bytes, bytes))
        .build();
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_3_7_noRowDataInAnyText(Database database) throws Exception {
    DataSource dataSource = database.open();
    ScriptedDataSource scripted = new ScriptedDataSource(dataSource);
    JdbcKeyStore store = Rows.store(scripted, table);
    KeyRecord stored = canary();
    store.compareAndSet(stored.keyId(), Stamp.ABSENT, stored);
    List<KeyRecord> tried = new ArrayList<>(List.of(stored));
    List<Throwable> thrown = new ArrayList<>();
    String logged =
        Told.onStandardError(
            () -> {
              // A constraint that somebody adds: both drivers print the failing row.
              Sql.run(
                  dataSource,
                  "ALTER TABLE " + table + " ADD CONSTRAINT c_" + table + " CHECK (attempt < 5)");
              thrown.add(
                  failing(store, tried, Stamp.ABSENT, canary().toBuilder().attempt(9).build()));
              KeyRecord next = canary().toBuilder().keyId(stored.keyId()).attempt(9).build();
              thrown.add(failing(store, tried, stored.stamp(), next));
              Sql.run(
                  dataSource,
                  "CREATE UNIQUE INDEX u_" + table + " ON " + table + " (fingerprint_algorithm)");
              thrown.add(failing(store, tried, Stamp.ABSENT, canary()));
              Sql.run(dataSource, "UPDATE " + table + " SET state = 99, lease_until_ms = 0");
              thrown.add(catchThrowable(() -> store.find(stored.keyId())));
              Sql.run(dataSource, "UPDATE " + table + " SET state = 5, attempt = -1");
              assertThat(store.scan(Kind.IN_DOUBT, 10, Optional.empty()).records()).isEmpty();
              scripted.after(
                  call -> {
                    throw new SQLException(CANARY, "08006");
                  });
              thrown.add(failing(store, tried, Stamp.ABSENT, canary()));
            });
    assertThat(thrown).allSatisfy(e -> assertThat(e).isInstanceOf(KeyStoreException.class));
    assertThat(logged).contains("a scan leaves out a record");
    StringBuilder text = new StringBuilder(logged);
    thrown.forEach(e -> text.append(Told.by(e)));
    for (KeyRecord each : tried) {
      assertClean(text.toString(), each);
    }
    assertThat(driversOwnText(dataSource, database)).as("what the driver says").contains(CANARY);
  }

  private static Throwable failing(
      JdbcKeyStore store, List<KeyRecord> tried, Stamp expected, KeyRecord next) {
    tried.add(next);
    return catchThrowable(() -> store.compareAndSet(next.keyId(), expected, next));
  }

  private static void assertClean(String text, KeyRecord record) {
    String lower = text.toLowerCase(Locale.ROOT);
    HexFormat hex = HexFormat.of();
    assertThat(lower)
        .doesNotContain(CANARY.toLowerCase(Locale.ROOT))
        .doesNotContain(hex.formatHex(CANARY.getBytes(StandardCharsets.US_ASCII)))
        .doesNotContain(hex.formatHex(record.stamp().bytes()))
        .doesNotContain(hex.formatHex(record.fingerprint().digest()))
        // The short digest is the first six bytes of the key id, and all that may be shown.
        .doesNotContain(hex.formatHex(record.keyId().bytes()).substring(0, 16));
  }

  /** The test would prove nothing if drivers did not print rows. */
  private String driversOwnText(DataSource dataSource, Database database) throws Exception {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      return Told.by(
          catchThrowable(
              () ->
                  statement.execute(
                      "INSERT INTO %s SELECT %s, stamp, format, state, fence, attempt, grant_id,"
                              .formatted(table, database.bytes("05".repeat(KeyId.LENGTH)))
                          + " fingerprint_algorithm, fingerprint, reference, payload, checkpoint,"
                          + " lease_until_ms, retain_until_ms FROM "
                          + table)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void bad_25_brokenRow_staysAsItIs(Database database) {
    DataSource dataSource = database.open();
    JdbcKeyStore store = Rows.store(dataSource, table);
    KeyRecord done = Rows.done(store);
    Sql.update(dataSource, table, done.keyId(), "state = 99");
    String row = rowText(dataSource, database);
    KeyRecord next = Rows.duplicate(done);
    for (Stamp expected : List.of(Stamp.ABSENT, done.stamp(), Samples.stamp())) {
      assertUnreadable(catchThrowable(() -> store.compareAndSet(done.keyId(), expected, next)));
    }
    assertUnreadable(catchThrowable(() -> store.find(done.keyId())));
    assertThat(store.purge(10)).isZero();
    assertThat(rowText(dataSource, database)).isEqualTo(row);
  }

  @ParameterizedTest
  @EnumSource
  void bad_42_recordOfTheNextFormat_survives(Database database) {
    DataSource dataSource = database.open();
    JdbcKeyStore store = Rows.store(dataSource, table);
    KeyRecord done = Rows.done(store);
    Sql.update(
        dataSource,
        table,
        done.keyId(),
        "format = 2, state = 77, fingerprint = " + database.bytes("01") + ", payload = NULL");
    String row = rowText(dataSource, database);
    assertThat(store.find(done.keyId()).orElseThrow().format()).isEqualTo(2);
    assertUnreadable(
        catchThrowable(
            () -> store.compareAndSet(done.keyId(), done.stamp(), Rows.duplicate(done))));
    store.compareAndSet(done.keyId(), Stamp.ABSENT, Rows.duplicate(done));
    store.compareAndSet(done.keyId(), Samples.stamp(), Rows.duplicate(done));
    assertThat(rowText(dataSource, database)).isEqualTo(row);
    // Past its retention it is absent, but only a claim takes its place.
    Sql.update(dataSource, table, done.keyId(), "retain_until_ms = 1");
    assertThat(store.find(done.keyId())).isEmpty();
    assertThat(store.purge(10)).isZero();
    KeyRecord claim = Rows.duplicate(done);
    store.compareAndSet(done.keyId(), Stamp.ABSENT, claim);
    assertThat(store.find(done.keyId()).orElseThrow().stamp()).isEqualTo(claim.stamp());
  }

  @ParameterizedTest
  @EnumSource
  void claimOverAnExpiredRow_leavesNothingOfIt(Database database) {
    JdbcKeyStore store = Rows.store(database.open(), table);
    KeyRecord old =
        Samples.completed(Samples.keyId(), Samples.stamp())
            .state(KeyState.COMPLETED)
            .retention(Duration.ZERO)
            .build();
    store.compareAndSet(old.keyId(), Stamp.ABSENT, old);
    KeyRecord claim = Rows.duplicate(old).toBuilder().slots(Slots.UNCHANGED).build();
    store.compareAndSet(old.keyId(), Stamp.ABSENT, claim);
    KeyRecord live = store.find(old.keyId()).orElseThrow().record();
    assertThat(live.slots()).isEqualTo(Slots.EMPTY);
    assertThat(live.reference()).isEmpty();
  }

  private String rowText(DataSource dataSource, Database database) {
    StringBuilder columns = new StringBuilder("CONCAT(");
    for (String column :
        List.of("key_id", "stamp", "grant_id", "fingerprint", "payload", "checkpoint")) {
      columns.append(database.hex(column)).append(", ' ', ");
    }
    columns.append(
        "format, ' ', state, ' ', fence, ' ', attempt, ' ', fingerprint_algorithm, ' ',"
            + " lease_until_ms, ' ', retain_until_ms)");
    return Sql.ask(dataSource, "SELECT " + columns + " FROM " + table);
  }

  private static void assertUnreadable(Throwable thrown) {
    assertThat(thrown)
        .isInstanceOfSatisfying(
            KeyStoreException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.UNREADABLE);
              assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.NOT_APPLIED);
            });
  }
}
