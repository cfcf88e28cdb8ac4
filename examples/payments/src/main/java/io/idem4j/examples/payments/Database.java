package io.idem4j.examples.payments;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.examples.payments.Settings.UsageException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;

/** How a database is opened. */
final class Database {
  /** Kept here: the driver logs a URL that it cannot read, and the URL may hold a password. */
  private static final Logger POSTGRES_DRIVER = Logger.getLogger("org.postgresql");

  private Database() {}

  /**
   * Opens a pool, and makes the ledger's tables if they are missing.
   *
   * @throws SQLException if the database cannot be reached
   */
  static HikariDataSource open(String url) throws SQLException {
    Properties limits = limits(url);
    // Without the pool, which would hide the cause behind its own time-out.
    try (Connection connection = DriverManager.getConnection(url, limits)) {
      LedgerTables.create(connection);
    }
    return pool(url, limits);
  }

  static HikariDataSource pool(String url, Properties limits) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setDataSourceProperties(limits);
    config.setPoolName("payments");
    config.setMaximumPoolSize(16);
    config.setConnectionTimeout(2_000);
    // MariaDB's own default is REPEATABLE READ.
    config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    return new HikariDataSource(config);
  }

  /** For how long a server may be silent. What the URL itself says counts more. */
  static Properties limits(String url) {
    Properties limits = new Properties();
    if (url.startsWith("jdbc:postgresql:")) {
      POSTGRES_DRIVER.setLevel(Level.OFF);
      limits.setProperty("connectTimeout", "5");
      limits.setProperty("socketTimeout", "10");
    } else if (url.startsWith("jdbc:mariadb:")) {
      limits.setProperty("connectTimeout", "5000");
      limits.setProperty("socketTimeout", "10000");
    }
    return limits;
  }

  static String h2(Path path) {
    // async: the interrupt of one thread does not close the file for all. WRITE_DELAY=0: what was
    // committed survives the death of the process. DB_CLOSE_ON_EXIT=FALSE: the hook that stops
    // the service closes the database, and H2 must not do it first. TRACE_LEVEL_FILE=0: no
    // file beside it that quotes rows.
    return "jdbc:h2:async:" + path + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0";
  }

  /** H2 takes only absolute paths, and everything behind a semicolon for settings. */
  static Path path(String option, String text) throws UsageException {
    try {
      if (!text.isBlank() && !text.contains(";")) {
        // No shell expands the ~ of "h2:~/payments".
        return text.startsWith("~/")
            ? Path.of(System.getProperty("user.home"), text.substring(2))
            : Path.of(text).toAbsolutePath().normalize();
      }
    } catch (InvalidPathException e) {
      // Refused below.
    }
    throw new UsageException(option + " h2:PATH needs the path of a file, without semicolons");
  }
}
