package io.idem4j.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;

/** The databases, and drivers, on which transactions are tested. */
enum TransactionWay {
  POSTGRESQL,
  H2,
  MARIADB,
  CONNECTOR_J,
  MYSQL_STATEMENTS;

  private static final Map<TransactionWay, HikariDataSource> POOLS = new ConcurrentHashMap<>();

  /** Returns a data source without a pool. */
  DataSource plain() {
    return switch (this) {
      case POSTGRESQL -> Postgres.dataSource();
      // What the store's lock timeout replaces for its own statements, and for no others.
      case H2 -> Sql.h2("jdbc:h2:mem:transactions;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=7000");
      case MARIADB, MYSQL_STATEMENTS -> MariaDb.dataSource();
      case CONNECTOR_J -> MariaDb.connectorJ();
    };
  }

  /** Returns a pool that all tests share. */
  HikariDataSource pool() {
    return POOLS.computeIfAbsent(this, way -> Postgres.pool(way.plain(), 12));
  }

  Database database() {
    return switch (this) {
      case POSTGRESQL -> Database.POSTGRESQL;
      case H2 -> Database.H2;
      default -> Database.MARIADB;
    };
  }

  /** Builds a store on a table that may be missing. */
  JdbcKeyStore store(DataSource dataSource, String table) {
    return JdbcKeyStore.builder(dataSource)
        .table(table)
        .maximumSlot(10_000)
        .createTableIfMissing()
        .build(this == MYSQL_STATEMENTS ? MySqlStatements::on : Dialect::of);
  }

  /** Returns the query for the session's bound of lock waits. */
  String lockTimeout() {
    return switch (this) {
      case POSTGRESQL -> "SELECT current_setting('lock_timeout')";
      case H2 -> "SELECT LOCK_TIMEOUT()";
      default -> "SELECT @@innodb_lock_wait_timeout";
    };
  }
}
