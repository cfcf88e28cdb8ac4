package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings of sessions and drivers that would change what the statements for MariaDB mean. */
@Timeout(60)
@StoreUnderTest("JDBC, MariaDB")
final class MariaDbSessionsTest {
  private static final List<MariaDbVariant> DRIVERS =
      List.of(MariaDbVariant.MARIADB_DRIVER, MariaDbVariant.CONNECTOR_J);

  private final String table = Sql.freshTable();

  /**
   * A rollback that begins another transaction or ends the session, and an auto-commit mode that
   * Connector/J does not see: what was said to be applied must be there for others.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {"SET completion_type = 1", "SET completion_type = 2", "SET autocommit = 0"})
  void stores_3_7_1_leftOverSetting_capturesNoWrite(String setting) throws Exception {
    for (MariaDbVariant variant : DRIVERS) {
      JdbcKeyStore other = variant.store(variant.open(), table);
      try (Connection connection = variant.open("socketTimeout=15000").getConnection();
          Statement statement = connection.createStatement()) {
        JdbcKeyStore store = variant.store(new OneConnection(connection), table);
        statement.execute(setting);
        KeyRecord claim = Rows.claim();
        assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
            .isEqualTo(CasResult.APPLIED);
        assertThat(other.find(claim.keyId()).map(StoredRecord::stamp)).contains(claim.stamp());
        assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, Rows.duplicate(claim)))
            .isInstanceOf(CasResult.Refused.class);
        statement.execute(setting);
        KeyRecord done = Rows.completed(claim);
        assertThat(store.compareAndSet(claim.keyId(), claim.stamp(), done))
            .isEqualTo(CasResult.APPLIED);
        assertThat(other.find(claim.keyId()).map(StoredRecord::stamp)).contains(done.stamp());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void s01_sessionsThatReadUncommitted_findNothingUncommitted(MariaDbVariant variant)
      throws Exception {
    DataSource real = variant.open();
    variant.store(real, table);
    try (Connection holder = real.getConnection();
        Connection own = variant.open("socketTimeout=15000").getConnection()) {
      own.setTransactionIsolation(Connection.TRANSACTION_READ_UNCOMMITTED);
      JdbcKeyStore store = variant.store(new OneConnection(own), table);
      holder.setAutoCommit(false);
      KeyRecord claim = Rows.claim();
      assertThat(Rows.insert(holder, table, claim)).isEqualTo(1);
      assertThat(store.find(claim.keyId())).isEmpty();
      assertThat(store.scan(RecordScanner.Kind.ABANDONED, 9, Optional.empty()).records()).isEmpty();
      holder.rollback();
    }
  }

  /** The server's clock is set back within a statement; {@code SYSDATE} ignores the setting. */
  @Test
  void s05_clockSetBackWithinAStatement_endsNoLeaseEarly() throws Exception {
    try (Connection connection = MariaDb.dataSource().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("SET timestamp = UNIX_TIMESTAMP(SYSDATE(6)) + 600");
      String behind = Sql.ask(connection, "SELECT " + MySqlSql.START + " - " + MySqlSql.NOW);
      assertThat(Long.parseLong(behind))
          .as("milliseconds that the clock is behind the statement's beginning")
          .isBetween(1L, 600_000L);
    }
  }

  /** Rows that stream, or come by a cursor, which Connector/J cannot read of an anonymous block. */
  @ParameterizedTest
  @ValueSource(strings = {"1", "-2147483648"})
  void fetchSizeOfTheUrl_playsNoPart(String size) {
    for (MariaDbVariant variant : MariaDbVariant.values()) {
      if (size.startsWith("-") && variant != MariaDbVariant.CONNECTOR_J) {
        continue; // MariaDB's driver takes no such URL.
      }
      DataSource dataSource = variant.open("useCursorFetch=true", "defaultFetchSize=" + size);
      JdbcKeyStore store = variant.store(dataSource, table);
      KeyRecord claim = Rows.claim();
      KeyRecord done = Rows.completed(claim);
      assertThat(store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim))
          .isEqualTo(CasResult.APPLIED);
      assertThat(store.compareAndSet(claim.keyId(), claim.stamp(), done))
          .isEqualTo(CasResult.APPLIED);
      assertThat(store.find(claim.keyId()).orElseThrow().record().slots()).isEqualTo(done.slots());
      assertThat(store.compareAndSet(claim.keyId(), claim.stamp(), done))
          .isInstanceOf(CasResult.Refused.class);
    }
  }

  /** The commit comes after the row; its failure, for which an error stands here, after both. */
  @Test
  void s07_failureAfterTheRow_isNoGrant() throws Exception {
    DataSource streaming = MariaDb.dataSource("defaultFetchSize=1");
    Rows.store(streaming, table);
    MySqlDialect dialect = MariaDbVariant.MARIADB_DRIVER.dialect("11.4.5-MariaDB");
    Statements whole = dialect.statements(new TableName(table), Duration.ofMillis(200));
    Statements failing =
        new Statements(
            whole
                .claim()
                .replace("END IF", "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END IF"),
            whole.claimForm(),
            whole.claimOver(),
            whole.replace(),
            whole.replaceKeepingSlots(),
            whole.read(),
            whole.purge(),
            whole.scanAbandoned(),
            whole.scanInDoubt());
    RecordTable records = new RecordTable(dialect, failing);
    try (Connection connection = streaming.getConnection()) {
      for (Connection each : List.of(connection, withoutHints(connection))) {
        KeyRecord claim = Samples.locked(Samples.keyId(), Samples.stamp()).build();
        assertThatThrownBy(() -> records.compareAndSet(each, claim.keyId(), Stamp.ABSENT, claim))
            .isInstanceOfSatisfying(
                SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(1213));
      }
    }
  }

  /** A driver may ignore the fetch size that is asked for: it is a hint. */
  private static Connection withoutHints(Object real) {
    return (Connection) ignoringHints(Connection.class, real);
  }

  private static Object ignoringHints(Class<?> type, Object real) {
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (proxy, method, arguments) -> {
          if (method.getName().equals("setFetchSize")) {
            return null;
          }
          try {
            Object result = method.invoke(real, arguments);
            return result instanceof PreparedStatement
                ? ignoringHints(PreparedStatement.class, result)
                : result;
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        });
  }
}
