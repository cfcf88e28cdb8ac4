package io.idem4j.examples.payments;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Sends real requests to a real service and shows what becomes of them. */
final class Tour {
  private static final Duration LEASE = Duration.ofSeconds(30);

  /** For how long the key of a killed service stays held; short, so that the tour is. */
  private static final String LEASE_OF_THE_KILLED = "3s";

  /** One scenario. */
  @FunctionalInterface
  interface Scenario {
    /** Plays it and notes what was found. */
    void play(Finding finding) throws Exception;
  }

  private final PrintStream out;
  private int played;
  private int failed;

  Tour(PrintStream out) {
    this.out = out;
  }

  /** Plays all scenarios and returns whether each expectation held. */
  boolean run() {
    long start = System.nanoTime();
    try {
      Path directory = Files.createTempDirectory("idem4j-payments");
      Thread cleaner = new Thread(() -> cleanUp(directory));
      Runtime.getRuntime().addShutdownHook(cleaner);
      try {
        playWithin(directory);
      } finally {
        delete(directory);
      }
    } catch (Exception e) {
      failed++;
      out.println("FAIL the tour ended early: " + e);
    }
    out.printf(
        "%d of %d scenarios went as expected, in %d s%n",
        played - failed, played, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
    return failed == 0;
  }

  private void playWithin(Path directory) throws Exception {
    Settings settings =
        Settings.of(0, "h2:" + directory.resolve("tour"), LEASE, Duration.ofHours(1), false);
    try (Service service = Service.start(settings, line -> {})) {
      out.println("the service listens on http://127.0.0.1:" + service.port());
      var scenarios = new Scenarios(new Client(service.port()));
      play("first call", scenarios::firstCall);
      play("retry", scenarios::retry);
      play("20 parallel duplicates", scenarios::parallelDuplicates);
      play("another body, same key", scenarios::anotherBody);
      play("another tenant, same key", scenarios::anotherTenant);
      play("client hangs up", scenarios::clientHangsUp);
      play("fails before its effect", scenarios::failsBefore);
      play("fails after its effect", scenarios::failsAfter);
      play("increment fails after its effect", scenarios::incrementFailsAfter);
    }
    List<String> options =
        List.of("--store", "h2:" + directory.resolve("killed"), "--lease", LEASE_OF_THE_KILLED);
    var crashes = new CrashScenarios(options);
    play("killed before its effect", crashes::killedBefore);
    play("killed after its effect", crashes::killedAfter);
  }

  private void play(String name, Scenario scenario) {
    Finding finding = new Finding();
    try {
      scenario.play(finding);
    } catch (Exception e) {
      finding.expect(false, e.toString());
    }
    played++;
    if (!finding.isAsExpected()) {
      failed++;
    }
    out.println(finding.line(name));
  }

  /** Stopped by a signal: a child that still runs would write the files again. */
  private static void cleanUp(Path directory) {
    ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly);
    ProcessHandle.current().children().forEach(child -> child.onExit().join());
    delete(directory);
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // It is a temporary directory, or it is gone already.
    }
  }
}
