package io.idem4j.jdbc;

import com.mysql.cj.jdbc.MysqlDataSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** The databases that the contract suite runs against, each made once for a JVM. */
final class Backends {
  private static final Map<String, JdbcSubject> MADE = new ConcurrentHashMap<>();

  private Backends() {}

  static JdbcSubject h2Memory() {
    return MADE.computeIfAbsent(
        "h2Memory",
        name -> new JdbcSubject(Database.H2, Postgres.pool(Sql.h2(), 10), nowhere(), Dialect::of));
  }

  static JdbcSubject h2File() {
    return MADE.computeIfAbsent(
        "h2File",
        name ->
            new JdbcSubject(
                Database.H2,
                Postgres.pool(Sql.h2("jdbc:h2:async:" + directory() + "/tck;WRITE_DELAY=0"), 10),
                nowhere(),
                Dialect::of));
  }

  static JdbcSubject postgres() {
    return MADE.computeIfAbsent(
        "postgres",
        name ->
            new JdbcSubject(Database.POSTGRESQL, Postgres.pool(10), closedPostgres(), Dialect::of));
  }

  /** A PostgreSQL whose table is in parts. */
  static JdbcSubject partitionedPostgres() {
    return MADE.computeIfAbsent(
        "partitionedPostgres",
        name -> {
          String table = Sql.freshTable();
          Postgres.createPartitioned(table);
          return new JdbcSubject(
              Database.POSTGRESQL, Postgres.pool(10), closedPostgres(), Dialect::of, table);
        });
  }

  private static DataSource closedPostgres() {
    PGSimpleDataSource closed = new PGSimpleDataSource();
    closed.setUrl("jdbc:postgresql://localhost:1/none");
    return closed;
  }

  static JdbcSubject mariaDb(String... options) {
    return MADE.computeIfAbsent(
        "mariaDb" + List.of(options),
        name ->
            new JdbcSubject(
                Database.MARIADB,
                Postgres.pool(MariaDb.dataSource(options), 10),
                closed(),
                Dialect::of));
  }

  static JdbcSubject connectorJ(String... options) {
    return MADE.computeIfAbsent(
        "connectorJ" + List.of(options),
        name ->
            new JdbcSubject(
                Database.MARIADB,
                Postgres.pool(MariaDb.connectorJ(options), 10),
                closed(),
                Dialect::of));
  }

  /** MySQL's statements, which MariaDB understands: MySQL itself is not run. */
  static JdbcSubject mySqlStatements(String... options) {
    return MADE.computeIfAbsent(
        "mySql" + List.of(options),
        name ->
            new JdbcSubject(
                Database.MARIADB,
                Postgres.pool(MariaDb.connectorJ(options), 10),
                closed(),
                MySqlStatements::on));
  }

  private static DataSource closed() {
    MysqlDataSource closed = new MysqlDataSource();
    closed.setURL("jdbc:mysql://127.0.0.1:1/none");
    return closed;
  }

  private static DataSource nowhere() {
    return Sql.h2("jdbc:h2:tcp://localhost:1/none");
  }

  private static Path directory() {
    try {
      Path directory = Files.createTempDirectory("idem4j-h2");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory)));
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path directory) {
    try (var files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
