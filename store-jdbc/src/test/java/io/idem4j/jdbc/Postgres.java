package io.idem4j.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * One PostgreSQL for all tests of this JVM, on loopback, started by the first that asks and ended
 * with the JVM. {@code -Didem4j.test.postgres=jdbc:postgresql:…} names a running one instead. It
 * runs without fsync: no test here is about durability.
 */
final class Postgres {
  private static final int SOCKET_TIMEOUT_SECONDS = 15;

  private static String url;

  private Postgres() {}

  /** Returns the JDBC URL, user included. */
  static synchronized String url() {
    if (url == null) {
      String named = System.getProperty("idem4j.test.postgres", "");
      url = named.isEmpty() ? start() : named;
    }
    return url;
  }

  /** Returns a data source without a pool: each connection is a new session. */
  static PGSimpleDataSource dataSource() {
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(url());
    // A wait without a bound fails a test; it does not hang it.
    dataSource.setSocketTimeout(SOCKET_TIMEOUT_SECONDS);
    return dataSource;
  }

  /** Returns a data source whose sessions begin with these settings. */
  static PGSimpleDataSource dataSource(Map<String, String> settings) {
    PGSimpleDataSource dataSource = dataSource();
    StringBuilder options = new StringBuilder();
    settings.forEach((name, value) -> options.append(" -c " + name + "=" + value));
    dataSource.setOptions(options.toString().strip());
    return dataSource;
  }

  /** Returns a pool. */
  static HikariDataSource pool(int size) {
    return pool(dataSource(), size);
  }

  /** Returns a pool over a data source. */
  static HikariDataSource pool(DataSource dataSource, int size) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(dataSource);
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(0);
    return new HikariDataSource(config);
  }

  /** Makes a table in parts, as the file beside the plain one has it. */
  static void createPartitioned(String table) {
    Sql.run(
        dataSource(),
        new SchemaCheck(new TableName(table), "schema-postgresql-partitioned.sql").schema(table));
  }

  private static String start() {
    try {
      EmbeddedPostgres server = EmbeddedPostgres.builder().start();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> close(server)));
      return server.getJdbcUrl("postgres", "postgres");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void close(EmbeddedPostgres server) {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
