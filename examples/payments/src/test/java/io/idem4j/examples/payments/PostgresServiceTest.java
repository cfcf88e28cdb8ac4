package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PostgresServiceTest extends ServiceContract {
  private static EmbeddedPostgres postgres;

  @BeforeAll
  static void startServer() throws IOException {
    postgres =
        EmbeddedPostgres.builder()
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .start();
  }

  @AfterAll
  static void stopServer() throws IOException {
    postgres.close();
  }

  @Test
  void silentServer_isWaitedForSomeSecondsOnly() throws Exception {
    String url = postgres.getJdbcUrl("postgres", "postgres");
    assertThat(networkTimeout(url)).isEqualTo(10_000);
    assertThat(networkTimeout(url + "&socketTimeout=3")).isEqualTo(3_000);
  }

  private static int networkTimeout(String url) throws SQLException {
    try (var pool = Backend.pool(url, Backend.limits(url));
        Connection connection = pool.getConnection()) {
      return connection.getNetworkTimeout();
    }
  }

  @Test
  void tables_madeByManyAtOnce_areThere() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (int round = 0; round < 10; round++) {
        String schema = "round" + round;
        String url = postgres.getJdbcUrl("postgres", "postgres") + "&currentSchema=" + schema;
        try (Connection connection = DriverManager.getConnection(url);
            Statement statement = connection.createStatement()) {
          statement.execute("CREATE SCHEMA " + schema);
        }
        Callable<Boolean> create =
            () -> {
              try (Connection connection = DriverManager.getConnection(url)) {
                LedgerTables.create(connection);
                return connection.getAutoCommit();
              }
            };
        for (Future<Boolean> one : threads.invokeAll(Collections.nCopies(8, create))) {
          assertThat(one.get()).isTrue();
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Override
  String store() {
    return "postgres:" + postgres.getJdbcUrl("postgres", "postgres");
  }
}
