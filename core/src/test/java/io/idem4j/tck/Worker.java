package io.idem4j.tck;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A process that calls operations until it is told to end, is killed, or its master is gone; seen
 * from its master. For use by one thread.
 */
public final class Worker implements AutoCloseable {
  static final String READY = "ready";
  static final String DONE = "done";

  private static final int PATIENCE_SECONDS = 60;

  /**
   * What workers do. Immutable.
   *
   * @param directory where effects and histories are kept
   * @param lease for how long a lock is respected without a renewal
   * @param threads how many threads call
   * @param numberEach after how long there is a new number to be called
   * @param isBlind whether recoveries do not look, which is a defect
   * @param program a {@link WorkerStore}, or a {@link WorkerProgram}
   * @param arguments what the program is given
   */
  public record Plan(
      Path directory,
      Duration lease,
      int threads,
      Duration numberEach,
      boolean isBlind,
      Class<?> program,
      List<String> arguments) {
    Path effects() {
      return directory.resolve("effects");
    }

    Path history(int number) {
      return directory.resolve("history-" + number);
    }
  }

  private final int number;
  private final Plan plan;
  private final Process process;
  private final BufferedReader out;

  private Worker(int number, Plan plan, Process process) {
    this.number = number;
    this.plan = plan;
    this.process = process;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * Starts a worker.
   *
   * @param number from 1, and its own
   * @param origin when the first number was to be called, by the clock of all
   */
  static Worker start(int number, Plan plan, WorkerImage image, long origin, long seed) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Small, and quick to start: most of its life is its start.
    command.addAll(List.of("-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.add("-XX:-UsePerfData");
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=off");
    command.addAll(image.options());
    command.add(WorkerMain.class.getName());
    command.add(Integer.toString(number));
    command.add(plan.directory().toString());
    command.add(plan.lease().toString());
    command.add(Integer.toString(plan.threads()));
    command.add(plan.numberEach().toString());
    command.add(Boolean.toString(plan.isBlind()));
    command.add(Long.toString(origin));
    command.add(Long.toString(seed));
    command.add(plan.program().getName());
    command.addAll(plan.arguments());
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.redirectError(new File(plan.directory().toFile(), "errors-" + number));
      return new Worker(number, plan, builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int number() {
    return number;
  }

  Path history() {
    return plan.history(number);
  }

  /** Waits until it has opened its store and called once. */
  void awaitReady() {
    expect(READY);
  }

  /** Lets it go on to the end of what it is doing, and waits for that and for its own end. */
  void end() {
    try {
      process.getOutputStream().write('\n');
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    expect(DONE);
    process.onExit().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
  }

  private void expect(String wanted) {
    try {
      String line = out.readLine();
      if (!wanted.equals(line)) {
        throw new AssertionError(
            "worker " + number + " said " + line + " and not " + wanted + ": see " + errors());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String errors() throws IOException {
    return Files.readString(plan.directory().resolve("errors-" + number));
  }

  /** Kills it, wherever it is, and returns when it is gone. */
  void kill() {
    ProcessHandle handle = process.toHandle(); // Process.destroyForcibly closes what was written
    handle.destroyForcibly();
    handle.onExit().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
  }

  /** Stops it with SIGSTOP, wherever it is: its connections stay. */
  void pause() {
    signal("-STOP");
  }

  /** Lets it go on after {@link #pause()}. */
  void resume() {
    signal("-CONT");
  }

  private void signal(String name) {
    try {
      Process kill =
          new ProcessBuilder("kill", name, Long.toString(process.pid())).inheritIO().start();
      if (kill.waitFor() != 0) {
        throw new AssertionError("kill " + name + " of a worker failed");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while a worker was signalled", e);
    }
  }

  @Override
  public void close() {
    kill();
  }
}
