package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.examples.payments.StoreOption.Kind;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collections;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Several services start at once on an empty database. */
class LedgerTablesTest {
  /** Where one round's tables are to be. */
  @FunctionalInterface
  private interface Place {
    String in(String schema);
  }

  private static void madeByManyAtOnce(String url, Place place) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (int round = 0; round < 10; round++) {
        String schema = "s" + UUID.randomUUID().toString().replace("-", "");
        execute(url, "CREATE SCHEMA " + schema);
        String there = place.in(schema);
        Callable<Boolean> create =
            () -> {
              try (Connection connection = DriverManager.getConnection(there)) {
                LedgerTables.create(connection);
                return connection.getAutoCommit();
              }
            };
        for (Future<Boolean> one : threads.invokeAll(Collections.nCopies(8, create))) {
          assertThat(one.get()).isTrue();
        }
        execute(there, "INSERT INTO account (tenant, name, balance) VALUES ('t', 'n', 0)");
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static void execute(String url, String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void postgres_madeByManyAtOnce_areThere() throws Exception {
    String url = StoreOption.parse(Servers.at(Kind.POSTGRES)).address();
    madeByManyAtOnce(url, schema -> url + "&currentSchema=" + schema);
  }

  @Test
  void mariaDb_madeByManyAtOnce_areThere() throws Exception {
    String url = StoreOption.parse(Servers.at(Kind.MARIADB)).address();
    madeByManyAtOnce(url, schema -> url.replace("/test?", "/" + schema + "?"));
  }
}
