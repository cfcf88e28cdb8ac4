package io.idem4j.examples.payments;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.examples.payments.Settings.UsageException;
import io.idem4j.jdbc.JdbcKeyStore;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.KeyStore;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Where keys and payments are kept: both in one place. */
final class Backend implements AutoCloseable {
  private static final String H2 = "h2:";
  private static final String POSTGRES = "postgres:";
  private static final String POSTGRES_URL = "jdbc:postgresql:";
  private static final String MEMORY = "memory";

  /** Kept here: the driver logs a URL that it cannot read, and the URL may hold a password. */
  private static final Logger DRIVER = Logger.getLogger("org.postgresql");

  private static final int MAXIMUM_RECORDS = 1_000_000;

  private final KeyStore keys;
  private final Ledger ledger;
  private final Runnable closing;

  Backend(KeyStore keys, Ledger ledger, Runnable closing) {
    this.keys = keys;
    this.ledger = ledger;
    this.closing = closing;
  }

  /** Checks the form of a store's name, without opening it. */
  static void check(String store) throws UsageException {
    if (!store.equals(MEMORY)) {
      url(store);
    }
  }

  /**
   * Opens a store, and makes its tables if they are missing.
   *
   * @throws SQLException if the database cannot be reached
   * @throws io.idem4j.IdempotencyException if it cannot keep keys
   */
  static Backend open(String store) throws SQLException, UsageException {
    if (store.equals(MEMORY)) {
      return new Backend(new MemoryKeyStore(MAXIMUM_RECORDS), new MemoryLedger(), () -> {});
    }
    String url = url(store);
    Properties limits = limits(url);
    // Without the pool, which would hide the cause behind its own time-out.
    try (Connection connection = DriverManager.getConnection(url, limits)) {
      LedgerTables.create(connection);
    }
    HikariDataSource pool = pool(url, limits);
    try {
      KeyStore keys = JdbcKeyStore.builder(pool).createTableIfMissing().build();
      return new Backend(keys, new JdbcLedger(pool), pool::close);
    } catch (RuntimeException e) {
      pool.close();
      throw e;
    }
  }

  static HikariDataSource pool(String url, Properties limits) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setDataSourceProperties(limits);
    config.setPoolName("payments");
    config.setMaximumPoolSize(16);
    config.setConnectionTimeout(2_000);
    return new HikariDataSource(config);
  }

  /** For how many seconds a server may be silent. What the URL itself says counts more. */
  static Properties limits(String url) {
    Properties limits = new Properties();
    if (url.startsWith(POSTGRES_URL)) {
      DRIVER.setLevel(Level.OFF);
      limits.setProperty("connectTimeout", "5");
      limits.setProperty("socketTimeout", "10");
    }
    return limits;
  }

  private static String url(String store) throws UsageException {
    if (store.startsWith(H2)) {
      // async: the interrupt of one thread does not close the file for all. WRITE_DELAY=0: what was
      // committed survives the death of the process. DB_CLOSE_ON_EXIT=FALSE: the hook that stops
      // the service closes the database, and H2 must not do it first. TRACE_LEVEL_FILE=0: no
      // file beside it that quotes rows.
      return "jdbc:h2:async:"
          + path(store.substring(H2.length()))
          + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0";
    }
    String url = store.startsWith(POSTGRES) ? store.substring(POSTGRES.length()) : "";
    if (url.startsWith(POSTGRES_URL)) {
      return url;
    }
    throw new UsageException(
        "--store must be h2:PATH, memory, or postgres:JDBC_URL with jdbc:postgresql:...");
  }

  /** H2 takes only absolute paths, and everything behind a semicolon for settings. */
  private static Path path(String text) throws UsageException {
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
    throw new UsageException("--store h2:PATH needs the path of a file, without semicolons");
  }

  KeyStore keys() {
    return keys;
  }

  Ledger ledger() {
    return ledger;
  }

  @Override
  public void close() {
    closing.run();
  }
}
