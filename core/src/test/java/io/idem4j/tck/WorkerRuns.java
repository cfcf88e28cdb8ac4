package io.idem4j.tck;

import io.idem4j.KeyId;
import io.idem4j.spi.KeyStore;
import io.idem4j.tck.Worker.Plan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs workers and does them harm: kills them with SIGKILL wherever they are, or stops them with
 * SIGSTOP for longer than their leases; and has what they leave behind judged. The harm is drawn
 * from a seed; where it strikes is not.
 */
public final class WorkerRuns {
  private static final int MOST_ROUNDS = 20;

  private final Plan plan;
  private final long seed;
  private final long origin = System.nanoTime();
  private final AtomicInteger workers = new AtomicInteger();
  private WorkerImage image = WorkerImage.plain();

  /** Something that happens to a server meanwhile. */
  @FunctionalInterface
  public interface Harm {
    /** Does it, and returns when the server works again. */
    void strike() throws Exception;
  }

  /**
   * @param plan what the workers do; its directory is empty
   * @param seed printed when something is wrong
   */
  public WorkerRuns(Plan plan, long seed) {
    this.plan = plan;
    this.seed = seed;
    try {
      Files.createDirectory(plan.effects());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Kills workers, and starts another for each.
   *
   * @param atOnce how many work at the same time
   * @param kills how many are killed in all
   * @param longest for how long one works at most
   * @param harms how often the server is harmed meanwhile
   * @param harm what happens to it
   */
  public void kill(int atOnce, int kills, Duration longest, int harms, Harm harm)
      throws IOException {
    image = WorkerImage.packed(plan.directory());
    try (Worker first = start(new SplittableRandom(seed))) {
      first.awaitReady();
      first.end();
    }
    AtomicInteger killed = new AtomicInteger();
    try (Together together = new Together(atOnce + 1)) {
      together.run(
          lane -> {
            SplittableRandom random = new SplittableRandom(seed * 1_000 + lane);
            if (lane == atOnce) {
              for (int i = 1; i <= harms; i++) {
                while (killed.get() < kills * i / (harms + 1)) {
                  Thread.sleep(20);
                }
                harm.strike();
              }
              return null;
            }
            while (killed.get() < kills) {
              try (Worker worker = start(random)) {
                worker.awaitReady();
                Thread.sleep(random.nextLong(longest.toMillis()));
                worker.kill();
                killed.incrementAndGet();
              }
            }
            return null;
          });
    }
  }

  private Worker start(SplittableRandom random) {
    return Worker.start(workers.incrementAndGet(), plan, image, origin, random.nextLong());
  }

  /**
   * Stops one worker again and again, each time until its leases are over and its keys were asked
   * for by another; lets it go on, and looks whether it changed what was settled meanwhile.
   *
   * @param store the same store, opened by the master
   * @param rounds how often at least; more often, until a holder came too late
   * @return how it ended: see {@link WorkerJudge}
   */
  public WorkerJudge pause(KeyStore store, int rounds) throws Exception {
    WorkerJudge judge = judge(store);
    int number = workers.get() + 1;
    pause(
        rounds,
        () -> judge.settle(HistoryFile.read(plan.history(number), number).underWay()),
        () -> HistoryFile.read(plan.history(number), number).lateHolders() > 0);
    judge.end(histories());
    return judge;
  }

  /**
   * Stops one worker again and again, and lets it go on, and to its end.
   *
   * @param rounds how often at least
   * @param meanwhile what happens while it stands still
   * @param isEnough whether it was stopped where it matters, which cannot be chosen
   */
  public void pause(int rounds, Harm meanwhile, Callable<Boolean> isEnough) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    try (Worker worker = start(random)) {
      worker.awaitReady();
      for (int round = 0; round < rounds || (round < MOST_ROUNDS && !isEnough.call()); round++) {
        worker.pause();
        meanwhile.strike();
        worker.resume();
        Thread.sleep(30 + random.nextInt(100));
      }
      worker.end();
    }
  }

  /** Returns the highest number that can have been called by now. */
  public int highestNumber() {
    return (int) ((System.nanoTime() - origin) / plan.numberEach().toNanos());
  }

  /** Asks for every key again, and judges what the workers left behind. */
  public WorkerJudge judgeAll(KeyStore store) throws Exception {
    WorkerJudge judge = judge(store);
    Set<KeyId> called = new HashSet<>();
    for (HistoryFile.Content each : histories()) {
      each.calls().forEach(call -> called.add(call.id()));
      each.deeds().forEach(deed -> called.add(deed.id()));
    }
    judge.settle(called);
    judge.end(histories());
    return judge;
  }

  private WorkerJudge judge(KeyStore store) {
    return new WorkerJudge(plan, store, this::highestNumber);
  }

  private List<HistoryFile.Content> histories() {
    List<HistoryFile.Content> contents = new ArrayList<>();
    for (int number = 1; number <= workers.get(); number++) {
      if (Files.exists(plan.history(number))) {
        contents.add(HistoryFile.read(plan.history(number), number));
      }
    }
    return contents;
  }
}
