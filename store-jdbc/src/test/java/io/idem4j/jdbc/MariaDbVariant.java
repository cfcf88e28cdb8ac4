package io.idem4j.jdbc;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;

/** The ways to MariaDB: two drivers, and the statements for MySQL, which itself is not run. */
enum MariaDbVariant {
  MARIADB_DRIVER,
  CONNECTOR_J,
  MYSQL_STATEMENTS;

  private static final Map<MariaDbVariant, DataSource> POOLS = new ConcurrentHashMap<>();

  /** Returns a pool that all tests share, or with options a data source without one. */
  DataSource open(String... options) {
    return options.length == 0
        ? POOLS.computeIfAbsent(this, each -> Postgres.pool(each.plain(), 12))
        : plain(options);
  }

  private DataSource plain(String... options) {
    return this == CONNECTOR_J ? MariaDb.connectorJ(options) : MariaDb.dataSource(options);
  }

  /** Builds a store on a table that may be missing. */
  JdbcKeyStore store(DataSource dataSource, String table) {
    return store(dataSource, table, Duration.ofMillis(200));
  }

  JdbcKeyStore store(DataSource dataSource, String table, Duration lockTimeout) {
    return JdbcKeyStore.builder(dataSource)
        .table(table)
        .lockTimeout(lockTimeout)
        .createTableIfMissing()
        .build(this == MYSQL_STATEMENTS ? MySqlStatements::on : Dialect::of);
  }

  /** Returns the dialect for a server of this version. */
  MySqlDialect dialect(String version) {
    return new MySqlDialect(MySqlServer.parse(version), this != MYSQL_STATEMENTS);
  }
}
