package io.idem4j.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.spi.KeyStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holders that stand still for longer than their leases, in a process of their own that is stopped
 * with SIGSTOP wherever it is, and go on: they overwrite nothing (I26). For stores that several
 * processes share. Seed and rounds are shown when a test fails.
 */
@Timeout(180)
public abstract class KeyStorePauses {
  private static final int ROUNDS = 3;
  private static final int THREADS = 6;
  private static final Duration LEASE = Duration.ofMillis(600);
  private static final Duration NUMBER_EACH = Duration.ofMillis(3);

  /** Opens the store in the other process. */
  protected abstract Class<? extends WorkerStore> opener();

  /** Returns what it is given to open it. */
  protected abstract List<String> arguments();

  /** Returns the same store, opened here. */
  protected abstract KeyStore store();

  @Test
  void i26_holdersPausedBeyondTheirLeases_overwriteNothing(@TempDir Path directory)
      throws Exception {
    Assumptions.assumeFalse(
        System.getProperty("os.name").startsWith("Windows"), "there is no SIGSTOP");
    WorkerJudge judge = run(opener(), directory);
    assertThat(judge.problems()).as("%s", judge).isEmpty();
    assertThat(judge.lateHolders()).as("holders that came too late: %s", judge).isPositive();
  }

  /**
   * Runs it with this opener in the other process, and returns what was found.
   *
   * @param directory for what the processes leave
   */
  protected final WorkerJudge run(Class<? extends WorkerStore> opener, Path directory)
      throws Exception {
    long seed = Long.getLong("idem4j.test.seed", System.nanoTime());
    KeyStore store = store();
    Worker.Plan plan =
        new Worker.Plan(directory, LEASE, THREADS, NUMBER_EACH, false, opener, arguments());
    WorkerJudge judge = new WorkerRuns(plan, seed).pause(store, ROUNDS);
    System.out.printf("%d pauses, seed %d: %s%n", ROUNDS, seed, judge);
    return judge;
  }
}
