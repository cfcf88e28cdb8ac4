package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.tck.Worker;
import io.idem4j.tck.WorkerJudge;
import io.idem4j.tck.WorkerRuns;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Workers on a database, killed at points that nobody chose, and what must hold all the same.
 * {@code -Didem4j.test.kills=10} is what a build has; {@code -Didem4j.test.seed} repeats what was
 * drawn, though not where it struck.
 */
final class KillRun {
  private static final int WORKERS = 4;
  private static final int THREADS = 3;
  private static final Duration LEASE = Duration.ofSeconds(1);
  private static final Duration NUMBER_EACH = Duration.ofMillis(8);
  private static final Duration LONGEST_LIFE = Duration.ofMillis(160);

  private KillRun() {}

  /** Returns a seed, to be named where something is wrong. */
  static long seed() {
    return Long.getLong("idem4j.test.seed", System.nanoTime());
  }

  /** Returns how much is to be killed, where a build would kill ten. */
  static int scale() {
    return Integer.getInteger("idem4j.test.kills", 10);
  }

  /**
   * Kills workers, and the server too, and returns what was found.
   *
   * @param isBlind whether recoveries do not look
   */
  static WorkerJudge run(
      Path directory,
      String url,
      int kills,
      int serverKills,
      WorkerRuns.Harm killServer,
      boolean isBlind,
      long seed)
      throws Exception {
    try (HikariDataSource pool = KillWorkerStore.pool(url)) {
      JdbcKeyStore store = Rows.store(pool, KillWorkerStore.TABLE);
      WorkerRuns runs =
          new WorkerRuns(
              new Worker.Plan(
                  directory,
                  LEASE,
                  THREADS,
                  NUMBER_EACH,
                  isBlind,
                  KillWorkerStore.class,
                  List.of(url, KillWorkerStore.TABLE)),
              seed);
      long begun = System.nanoTime();
      runs.kill(WORKERS, kills, LONGEST_LIFE, serverKills, killServer);
      long killed = System.nanoTime();
      WorkerJudge judge = runs.judgeAll(store);
      System.out.printf(
          "%d workers killed, and %d servers, in %d ms, judged in %d ms, seed %d: %s%n",
          kills,
          serverKills,
          (killed - begun) / 1_000_000,
          (System.nanoTime() - killed) / 1_000_000,
          seed,
          judge);
      return judge;
    }
  }

  /** Kills, and finds nothing. */
  static void requireNothingWrong(
      Path directory, String url, int kills, int serverKills, WorkerRuns.Harm killServer)
      throws Exception {
    long seed = seed();
    WorkerJudge judge = run(directory, url, kills, serverKills, killServer, false, seed);
    assertThat(judge.problems()).as("seed %d, %s", seed, judge).isEmpty();
  }
}
