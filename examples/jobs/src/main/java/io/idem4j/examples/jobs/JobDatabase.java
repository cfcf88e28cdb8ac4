package io.idem4j.examples.jobs;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.jdbc.JdbcKeyStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Objects;
import javax.sql.DataSource;

/** The database that holds the scheduler's table, the records, orders and outbox. */
final class JobDatabase {
  private static final int CONNECTIONS = 16;

  private JobDatabase() {}

  /** Returns the URL of an H2 file that one process uses, and that may be killed at any time. */
  static String h2(Path file) {
    // async: the interrupt of one thread does not close the file for all. WRITE_DELAY=0: what was
    // committed survives the death of the process. TRACE_LEVEL_FILE=0: no file that quotes rows.
    return "jdbc:h2:async:"
        + file.toAbsolutePath()
        + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0";
  }

  /** Opens a pool on H2 or PostgreSQL, and makes the tables that are missing. */
  static HikariDataSource open(String url) throws SQLException {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(0);
    if (url.startsWith("jdbc:postgresql:")) {
      // Seconds, below the store deadline: else a silent network is waited for without a bound.
      config.addDataSourceProperty("socketTimeout", "3");
    }
    HikariDataSource pool = new HikariDataSource(config);
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      String product = connection.getMetaData().getDatabaseProductName();
      for (String each : script("schema-" + product.toLowerCase(Locale.ROOT) + ".sql")) {
        statement.execute(each);
      }
    } catch (SQLException | RuntimeException e) {
      pool.close();
      throw e;
    }
    return pool;
  }

  /** Returns the records' store in the same database. */
  static JdbcKeyStore store(DataSource database) {
    return JdbcKeyStore.builder(database).createTableIfMissing().build();
  }

  private static String[] script(String name) {
    try (InputStream file =
        Objects.requireNonNull(JobDatabase.class.getResourceAsStream(name), name)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8).strip().split(";\\s*");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
