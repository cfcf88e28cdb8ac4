package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.WorkerJudge;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Holders that are killed, and the server under them, on an H2 that writes at once. */
@StoreUnderTest("JDBC, H2")
@Timeout(600)
final class KillH2Test {
  private static final int SERVER_KILLS = 3;
  private static final int PAUSES = 2;

  @Test
  void row44_workersKilled_andTheServerToo_everyPolicyKeepsItsPromise(@TempDir Path directory)
      throws Exception {
    try (H2Process server = new H2Process(directory.resolve("data"))) {
      KillRun.requireNothingWrong(
          directory,
          server.url(";WRITE_DELAY=0"),
          5 * KillRun.scale(),
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
    try (H2Process server = new H2Process(directory.resolve("data"))) {
      new KillLedger(directory, server.url(";WRITE_DELAY=0"))
          .kill(
              4 * KillRun.scale(),
              SERVER_KILLS,
              () -> {
                server.kill();
                server.start();
              });
    }
  }

  /** What this harness would say if a promise was not kept. */
  @Test
  void recoveryThatDoesNotLook_isFoundOut(@TempDir Path directory) throws Exception {
    try (H2Process server = new H2Process(directory.resolve("data"))) {
      WorkerJudge judge =
          KillRun.run(
              directory, server.url(";WRITE_DELAY=0"), 8, 0, () -> {}, true, KillRun.seed());
      assertThat(judge.problems())
          .isNotEmpty()
          .allMatch(each -> each.startsWith("I12") && each.contains("effects under RECOVER"));
    }
  }

  /** H2 as it comes writes up to half a second later: README, what is not promised. */
  @Test
  void stores_3_3_3_serverKilled_thatWritesLater_isFoundOut(@TempDir Path directory)
      throws Exception {
    try (H2Process server = new H2Process(directory.resolve("data"))) {
      WorkerJudge judge =
          KillRun.run(
              directory,
              server.url(""),
              8,
              2,
              () -> {
                server.kill();
                server.start();
              },
              false,
              KillRun.seed());
      assertThat(judge.problems()).anyMatch(each -> each.startsWith("S1"));
    }
  }

  @Test
  void i26_holdersPausedBeyondTheirLeases_inBothTransactionalModes(@TempDir Path directory)
      throws Exception {
    try (H2Process server = new H2Process(directory.resolve("data"))) {
      new KillLedger(directory, server.url(";WRITE_DELAY=0")).pause(PAUSES);
    }
  }
}
