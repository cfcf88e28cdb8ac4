package io.idem4j.jdbc;

import io.idem4j.tck.StoreUnderTest;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.ds.PGSimpleDataSource;

/** Holders that are killed, and the server under them, on a PostgreSQL with fsync on. */
@StoreUnderTest("JDBC, PostgreSQL")
@Timeout(600)
final class KillPostgresTest {
  private static final int SERVER_KILLS = 3;
  private static final int PAUSES = 2;

  private static String url(PostgresProcess server) {
    return ((PGSimpleDataSource) server.dataSource()).getUrl() + "&user=postgres";
  }

  @Test
  void row44_workersKilled_andTheServerToo_everyPolicyKeepsItsPromise(@TempDir Path directory)
      throws Exception {
    try (PostgresProcess server = new PostgresProcess(directory.resolve("data"))) {
      KillRun.requireNothingWrong(
          directory,
          url(server),
          7 * KillRun.scale(),
          SERVER_KILLS,
          () -> {
            server.kill();
            server.start();
          });
    }
  }

  @Test
  void i35_workersKilled_andTheServerToo_oneCommittedEffectForEachKey(@TempDir Path directory)
      throws Exception {
    try (PostgresProcess server = new PostgresProcess(directory.resolve("data"))) {
      new KillLedger(directory, url(server))
          .kill(
              5 * KillRun.scale(),
              SERVER_KILLS,
              () -> {
                server.kill();
                server.start();
              });
    }
  }

  @Test
  void i26_holdersPausedBeyondTheirLeases_inBothTransactionalModes(@TempDir Path directory)
      throws Exception {
    try (PostgresProcess server = new PostgresProcess(directory.resolve("data"))) {
      new KillLedger(directory, url(server)).pause(PAUSES);
    }
  }
}
