package io.idem4j.jdbc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
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
        "h2Memory", name -> new JdbcSubject(Postgres.pool(Sql.h2(), 10), nowhere()));
  }

  static JdbcSubject h2File() {
    return MADE.computeIfAbsent(
        "h2File",
        name ->
            new JdbcSubject(
                Postgres.pool(Sql.h2("jdbc:h2:async:" + directory() + "/tck;WRITE_DELAY=0"), 10),
                nowhere()));
  }

  static JdbcSubject postgres() {
    return MADE.computeIfAbsent(
        "postgres",
        name -> {
          PGSimpleDataSource closed = new PGSimpleDataSource();
          closed.setUrl("jdbc:postgresql://localhost:1/none");
          return new JdbcSubject(Postgres.pool(10), closed);
        });
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
