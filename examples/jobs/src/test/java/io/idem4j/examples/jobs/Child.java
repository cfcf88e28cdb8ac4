package io.idem4j.examples.jobs;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A process to be killed. */
final class Child implements AutoCloseable {
  private static final int LIFE_SECONDS = 50;

  private final Process process;
  private final BufferedReader out;

  private Child(Process process) {
    this.process = process;
    // A child that hangs ends, and with it the wait for its next line.
    CompletableFuture.delayedExecutor(LIFE_SECONDS, TimeUnit.SECONDS)
        .execute(process::destroyForcibly);
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * Starts one.
   *
   * @param stops which orders stop at which points, and wait to be killed
   */
  static Child start(Class<?> main, String database, String partners, Map<String, ?> stops)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName(),
                database,
                partners));
    stops.forEach((order, point) -> command.add(order + "=" + point));
    return new Child(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** In the child: reads the stops. */
  static Map<String, String> stops(String[] arguments) {
    return Stream.of(arguments)
        .skip(2)
        .map(stop -> stop.split("=", 2))
        .collect(Collectors.toMap(stop -> stop[0], stop -> stop[1]));
  }

  /** In the child: stops for good if the order is at its point. */
  static void stopAt(Map<String, String> stops, Enum<?> point, String order) {
    if (point.name().equals(stops.get(order))) {
      System.out.println(order + "=" + point);
      while (true) {
        LockSupport.park();
      }
    }
  }

  /** In the child: ends it when its parent is gone. */
  static void haltWithParent() {
    Thread parent =
        new Thread(
            () -> {
              try {
                while (System.in.read() >= 0) {
                  // Nothing is said; the end of the stream says that the parent is gone.
                }
              } catch (IOException e) {
                // As gone.
              }
              Runtime.getRuntime().halt(1);
            });
    parent.setDaemon(true);
    parent.start();
  }

  /** Waits until all are where they stop. */
  void awaitStops(Map<String, ?> stops) throws IOException {
    Set<String> awaited = new HashSet<>();
    stops.forEach((order, point) -> awaited.add(order + "=" + point));
    while (!awaited.isEmpty()) {
      String line = line();
      if (!awaited.remove(line)) {
        throw new AssertionError("the child said " + line);
      }
    }
  }

  /** Waits for the next line of the child. */
  String line() throws IOException {
    String line = out.readLine();
    if (line == null) {
      throw new AssertionError("the child has ended");
    }
    return line;
  }

  /** Kills the process with SIGKILL, wherever it is, and returns when it is gone. */
  @Override
  public void close() {
    ProcessHandle handle = process.toHandle();
    handle.destroyForcibly();
    handle.onExit().orTimeout(30, TimeUnit.SECONDS).join();
  }
}
