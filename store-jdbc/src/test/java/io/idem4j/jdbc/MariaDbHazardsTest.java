package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.PayloadTooLargeException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Together;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * stores.md 3.2, by its numbers, on MariaDB with both drivers, and with the statements for MySQL;
 * MySQL itself is not run.
 *
 * <p>3.2.7 (lock a missing row, then insert) cannot occur: the only statement that locks what it
 * reads is the purge. 3.2.8 is about business rows in the same transaction, and the store's own
 * connections have none; what is tested here is that a statement that lost a deadlock is sent again
 * as a whole.
 */
@Timeout(60)
@StoreUnderTest("JDBC, MariaDB")
final class MariaDbHazardsTest {
  private final String table = Sql.freshTable();

  @ParameterizedTest
  @EnumSource
  void stores_3_2_1_affectedRows_sameCallFromManyThreads_isGrantedOnce(MariaDbVariant variant) {
    for (String mode : List.of("useAffectedRows=true", "useAffectedRows=false")) {
      try (HikariDataSource pool = Postgres.pool(variant.open(mode), 8);
          Together together = new Together(8)) {
        JdbcKeyStore store = variant.store(pool, table);
        for (int round = 0; round < 20; round++) {
          KeyRecord claim = Rows.claim();
          assertThat(
                  together.run(thread -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim)))
              .filteredOn(CasResult.Applied.class::isInstance)
              .as("grants of one claim that was sent eight times")
              .hasSize(1);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_2_2_and_3_2_3_keysThatDifferInOneByte_areTwoRecords(MariaDbVariant variant) {
    JdbcKeyStore store = variant.store(variant.open(), table);
    for (int last : new int[] {0, ' ', 'a', 'A', 0xE4, 0xC4, 0x27, 0x5C, 0x80, 0xFF}) {
      byte[] id = new byte[KeyId.LENGTH];
      Arrays.fill(id, (byte) 'a');
      id[KeyId.LENGTH - 1] = (byte) last;
      KeyRecord claim = Samples.locked(KeyId.of(id), Samples.stamp()).build();
      assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .as("last byte %d", last)
          .isEqualTo(CasResult.APPLIED);
      assertThat(store.find(claim.keyId()).orElseThrow().stamp()).isEqualTo(claim.stamp());
    }
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_2_4_oldSnapshotOfACaller_hidesNothing(MariaDbVariant variant) throws Exception {
    try (HikariDataSource pool = Postgres.pool(variant.open(), 2);
        Connection caller = pool.getConnection()) {
      JdbcKeyStore store = variant.store(pool, table);
      caller.setAutoCommit(false);
      Sql.ask(caller, "SELECT COUNT(*) FROM " + table);
      KeyRecord claim = Rows.claim();
      variant.store(variant.open(), table).compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
      assertThat(Sql.ask(caller, "SELECT COUNT(*) FROM " + table)).as("snapshot").isEqualTo("0");
      assertThat(stamp(store.compareAndSet(claim.keyId(), Stamp.ABSENT, Rows.duplicate(claim))))
          .isEqualTo(claim.stamp());
      assertThat(store.find(claim.keyId())).isPresent();
      caller.rollback();
    }
  }

  /** A transaction begun by a plain BEGIN and left in a pool, with a snapshot of before. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MYSQL_STATEMENTS")
  void stores_3_2_4_and_3_7_1_leftOverBegin_capturesNoClaimAndHidesNone(MariaDbVariant variant)
      throws Exception {
    DataSource real = variant.open();
    try (Connection connection = real.getConnection();
        Statement statement = connection.createStatement()) {
      JdbcKeyStore store = variant.store(new OneConnection(connection), table);
      JdbcKeyStore other = variant.store(real, table);
      statement.execute("BEGIN");
      Sql.ask(connection, "SELECT COUNT(*) FROM " + table);
      KeyRecord done = Rows.done(other);
      assertThat(store.find(done.keyId())).isPresent();
      statement.execute("BEGIN");
      KeyRecord claim = Rows.claim();
      assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isEqualTo(CasResult.APPLIED);
      assertThat(other.find(claim.keyId())).isPresent();
      statement.execute("BEGIN");
      assertThat(store.compareAndSet(claim.keyId(), claim.stamp(), Rows.completed(claim)))
          .isEqualTo(CasResult.APPLIED);
      assertThat(other.find(claim.keyId()).orElseThrow().stamp()).isNotEqualTo(claim.stamp());
    }
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_2_5_snapshotIsolation_noErrorReachesTheCaller(MariaDbVariant variant) {
    DataSource strict = variant.open("sessionVariables=innodb_snapshot_isolation=ON");
    assertThat(Sql.ask(strict, "SELECT @@innodb_snapshot_isolation")).isIn("1", "true");
    try (HikariDataSource pool = Postgres.pool(strict, 8);
        Together together = new Together(8)) {
      JdbcKeyStore store = variant.store(pool, table);
      for (int round = 0; round < 20; round++) {
        KeyRecord key = Samples.locked(Samples.keyId(), Samples.stamp()).build();
        if (round % 2 == 0) {
          KeyRecord over = key.toBuilder().retention(Duration.ZERO).build();
          store.compareAndSet(over.keyId(), Stamp.ABSENT, over);
        }
        assertOneGrant(together.run(thread -> claimAndComplete(store, Rows.duplicate(key))));
      }
    }
  }

  private static CasResult claimAndComplete(JdbcKeyStore store, KeyRecord claim) {
    CasResult result = store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
    if (result instanceof CasResult.Applied) {
      assertThat(store.compareAndSet(claim.keyId(), claim.stamp(), Rows.completed(claim)))
          .isEqualTo(CasResult.APPLIED);
    }
    return result;
  }

  private static void assertOneGrant(List<CasResult> results) {
    assertThat(results).filteredOn(CasResult.Applied.class::isInstance).hasSize(1);
    assertThat(results).filteredOn(CasResult.Refused.class::isInstance).hasSize(results.size() - 1);
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_2_6_firstInserterRollsBack_oneGrantAndNoDeadlockIsSeen(MariaDbVariant variant)
      throws Exception {
    DataSource dataSource = variant.open();
    JdbcKeyStore store = variant.store(dataSource, table, Duration.ofSeconds(2));
    for (int round = 0; round < 5; round++) {
      KeyRecord first = Rows.claim();
      try (Connection holder = dataSource.getConnection()) {
        holder.setAutoCommit(false);
        assertThat(Rows.insert(holder, table, first)).isEqualTo(1);
        List<CompletableFuture<CasResult>> waiting = new ArrayList<>();
        for (int waiter = 0; waiter < 2; waiter++) {
          waiting.add(
              CompletableFuture.supplyAsync(
                  () -> store.compareAndSet(first.keyId(), Stamp.ABSENT, Rows.duplicate(first)),
                  // A thread each: the common pool may have only one.
                  task -> new Thread(task).start()));
        }
        while (waiters() < 2 && waiting.stream().noneMatch(CompletableFuture::isDone)) {
          Thread.sleep(5);
        }
        holder.rollback();
        List<CasResult> results = new ArrayList<>();
        for (CompletableFuture<CasResult> each : waiting) {
          results.add(each.get(20, TimeUnit.SECONDS));
        }
        assertOneGrant(results);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1213, 40001", "1020, HY000"})
  void stores_3_2_8_lostDeadlock_isSentAgainAsAWhole(int code, String state) {
    ScriptedDataSource flaky = new ScriptedDataSource(MariaDb.dataSource());
    JdbcKeyStore store = Rows.store(flaky, table);
    AtomicInteger failures = new AtomicInteger(3);
    flaky.before(
        call -> {
          if (call.startsWith("execute") && failures.getAndDecrement() > 0) {
            throw new SQLException("deadlock", state, code);
          }
        });
    KeyRecord claim = Rows.claim();
    assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
        .isEqualTo(CasResult.APPLIED);
    failures.set(Integer.MAX_VALUE);
    assertThatThrownBy(
            () -> store.compareAndSet(claim.keyId(), claim.stamp(), Rows.completed(claim)))
        .isInstanceOfSatisfying(
            KeyStoreException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CONFLICT));
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_2_9_rowHeldByAnOpenTransaction_isBusyWithinTheBound(MariaDbVariant variant)
      throws Exception {
    // MariaDB takes the hint of MySQL's statements for a comment, so the session says it.
    DataSource dataSource = variant.open("sessionVariables=innodb_lock_wait_timeout=1");
    JdbcKeyStore store =
        variant == MariaDbVariant.MYSQL_STATEMENTS
            ? variant.store(dataSource, table)
            : variant.store(variant.open(), table);
    KeyRecord first = Rows.claim();
    KeyRecord claim = Rows.claim();
    store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
    try (Connection holder = dataSource.getConnection()) {
      holder.setAutoCommit(false);
      Rows.insert(holder, table, first);
      Sql.update(holder, table, claim.keyId(), "attempt = 7");
      KeyRecord duplicate = Rows.duplicate(first);
      assertThat(store.compareAndSet(first.keyId(), Stamp.ABSENT, duplicate))
          .isEqualTo(CasResult.BUSY);
      assertThat(store.compareAndSet(claim.keyId(), claim.stamp(), Rows.completed(claim)))
          .isEqualTo(CasResult.BUSY);
      assertThat(store.find(first.keyId())).isEmpty();
      holder.rollback();
      assertThat(Sql.ask(dataSource, "SELECT COUNT(*) FROM " + table)).isEqualTo("1");
      assertThat(store.compareAndSet(first.keyId(), Stamp.ABSENT, duplicate))
          .isEqualTo(CasResult.APPLIED);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MYSQL_STATEMENTS")
  void stores_3_2_9_bounds_endWithTheStatement(MariaDbVariant variant) throws Exception {
    String settings =
        "SELECT CONCAT(@@innodb_lock_wait_timeout, ' ', @@lock_wait_timeout, ' ',"
            + " @@transaction_isolation)";
    try (Connection connection = variant.open().getConnection()) {
      String before = Sql.ask(connection, settings);
      Rows.done(variant.store(new OneConnection(connection), table));
      assertThat(Sql.ask(connection, settings)).isEqualTo(before);
    }
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_2_10_millisecondsOfALease_areKept(MariaDbVariant variant) {
    DataSource dataSource = variant.open();
    JdbcKeyStore store = variant.store(dataSource, table);
    KeyRecord claim =
        Samples.locked(Samples.keyId(), Samples.stamp())
            .lease(Duration.ofMillis(1_234))
            .retention(Duration.ofMillis(60_999))
            .build();
    store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
    long difference =
        Long.parseLong(
            Sql.ask(dataSource, "SELECT retain_until_ms - lease_until_ms FROM " + table));
    // MySQL's statements ask the clock for each of the two. Whole seconds would be 235 ms off.
    long most = variant == MariaDbVariant.MYSQL_STATEMENTS ? 234 : 0;
    assertThat(difference - (60_999L - 1_234L)).isBetween(0L, most);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-11:00", "-00:30", "SYSTEM"})
  void stores_3_2_11_timeZoneOfTheSession_playsNoPart(String zone) {
    for (MariaDbVariant variant : MariaDbVariant.values()) {
      KeyRecord claim = Rows.claim();
      variant
          .store(variant.open("sessionVariables=time_zone='" + zone + "'"), table)
          .compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
      StoredRecord read = variant.store(variant.open(), table).find(claim.keyId()).orElseThrow();
      assertThat(read.leaseLeft()).isBetween(Duration.ofMillis(1), claim.lease());
      assertThat(read.retentionLeft())
          .isBetween(claim.retention().minus(claim.lease()), claim.retention());
    }
  }

  /** Every byte that a driver escapes, in both slots: the packet is the largest that there is. */
  @ParameterizedTest
  @EnumSource
  void stores_3_2_12_largestSlots_areTaken_andOneMoreByteIsRefusedBeforehand(MariaDbVariant variant)
      throws Exception {
    int largest = (16 << 20) / 4 - (4 << 10);
    DataSource dataSource = variant.open();
    variant.store(dataSource, table);
    try (Connection connection = dataSource.getConnection()) {
      JdbcKeyStore store =
          JdbcKeyStore.builder(new OneConnection(connection))
              .table(table)
              .maximumSlot(largest)
              .build();
      byte[] slot = new byte[largest];
      for (int i = 0; i < largest; i++) {
        slot[i] = (byte) "\0'\\".charAt(i % 3);
      }
      KeyRecord claim =
          Samples.locked(Samples.keyId(), Samples.stamp()).slots(Slots.of(slot, slot)).build();
      assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isEqualTo(CasResult.APPLIED);
      assertThat(store.find(claim.keyId()).orElseThrow().record().slots()).isEqualTo(claim.slots());
      KeyRecord over =
          Rows.claim().toBuilder().slots(Slots.of(new byte[largest + 1], null)).build();
      assertThatThrownBy(() -> store.compareAndSet(over.keyId(), Stamp.ABSENT, over))
          .isInstanceOf(PayloadTooLargeException.class);
      assertThat(store.find(over.keyId())).as("the same connection").isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_2_13_sessionKilled_isUnknownAndItsConnectionIsGone(MariaDbVariant variant)
      throws Exception {
    DataSource dataSource = variant.open("sessionVariables=innodb_lock_wait_timeout=10");
    variant.store(dataSource, table);
    KeyRecord first = Rows.claim();
    try (Connection holder = dataSource.getConnection();
        Connection own = dataSource.getConnection()) {
      JdbcKeyStore store = variant.store(new OneConnection(own), table, Duration.ofSeconds(2));
      String session = Sql.ask(own, "SELECT CONNECTION_ID()");
      holder.setAutoCommit(false);
      Rows.insert(holder, table, first);
      CompletableFuture<CasResult> waiting =
          CompletableFuture.supplyAsync(
              () -> store.compareAndSet(first.keyId(), Stamp.ABSENT, Rows.duplicate(first)));
      while (waiters() < 1) {
        Thread.sleep(5);
      }
      Sql.run(dataSource, "KILL CONNECTION " + session);
      assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS))
          .cause()
          .isInstanceOfSatisfying(
              KeyStoreException.class, e -> assertThat(e.certainty()).isEqualTo(Certainty.UNKNOWN));
      assertThat(own.isClosed()).isTrue();
      holder.rollback();
    }
  }

  @ParameterizedTest
  @EnumSource
  void stores_3_2_14_takeoversByManyThreads_eachStampIsReplacedOnce(MariaDbVariant variant) {
    try (HikariDataSource pool = Postgres.pool(variant.open(), 8);
        Together together = new Together(8)) {
      JdbcKeyStore store = variant.store(pool, table);
      KeyRecord current = Rows.claim();
      store.compareAndSet(current.keyId(), Stamp.ABSENT, current);
      for (int round = 0; round < 20; round++) {
        KeyRecord held = current;
        assertOneGrant(
            together.run(
                thread -> store.compareAndSet(held.keyId(), held.stamp(), Rows.duplicate(held))));
        current = store.find(held.keyId()).orElseThrow().record();
        assertThat(current.stamp()).isNotEqualTo(held.stamp());
      }
    }
  }

  private static int waiters() {
    return Integer.parseInt(
        Sql.ask(
            MariaDbVariant.MARIADB_DRIVER.open(),
            // INNODB_TRX is a copy that is only renewed when nobody has looked for a while.
            "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS"
                + " WHERE VARIABLE_NAME = 'INNODB_ROW_LOCK_CURRENT_WAITS'"));
  }

  private static Stamp stamp(CasResult result) {
    assertThat(result).isInstanceOf(CasResult.Refused.class);
    return ((CasResult.Refused) result).live().map(StoredRecord::stamp).orElseThrow();
  }
}
