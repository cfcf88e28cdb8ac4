package io.idem4j.examples.payments;

import io.idem4j.examples.payments.EmbeddedServer.UnavailableException;
import io.idem4j.examples.payments.Settings.UsageException;
import io.idem4j.examples.payments.StoreOption.Kind;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

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
  private final StoreOption store;
  private int played;
  private int failed;

  /**
   * Prepares a tour.
   *
   * @param store where the keys are to be; H2 means a file of the tour's own
   */
  Tour(PrintStream out, StoreOption store) {
    this.out = out;
    this.store = store;
  }

  /**
   * Plays all scenarios and returns whether each expectation held.
   *
   * @throws UnavailableException if the store's server is to be started and cannot be
   * @throws SQLException if the store cannot be opened
   */
  boolean run()
      throws UnavailableException, InterruptedException, IOException, SQLException, UsageException {
    long start = System.nanoTime();
    if (store.isToBeStarted()) {
      try (EmbeddedServer server = EmbeddedServer.start(store.kind(), out)) {
        play(server.store());
      }
    } else {
      play(store);
    }
    out.printf(
        "%d of %d scenarios went as expected, in %d s%n",
        played - failed, played, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
    return failed == 0;
  }

  private void play(StoreOption at) throws IOException, SQLException, UsageException {
    Path directory = Files.createTempDirectory("idem4j-payments");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> cleanUp(directory)));
    try {
      playWithin(directory, at);
    } finally {
      Directories.delete(directory);
    }
  }

  private void playWithin(Path directory, StoreOption at)
      throws IOException, SQLException, UsageException {
    String ledger = "h2:" + directory.resolve("tour");
    Settings settings =
        Settings.of(0, in(ledger, at), ledger, Profile.DEFAULT, LEASE, Duration.ofHours(1), false);
    try (Service service = Service.start(settings, line -> {})) {
      out.println("the service listens on http://127.0.0.1:" + service.port());
      out.println("its keys are in " + at + ", whose weak spot is: " + at.kind().weakSpot());
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
    if (at.kind() == Kind.MEMORY) {
      out.println("not played: killed before its effect, killed after its effect; memory dies too");
      return;
    }
    String killed = "h2:" + directory.resolve("killed");
    List<String> options = new ArrayList<>(List.of("--lease", LEASE_OF_THE_KILLED));
    options.addAll(List.of("--store", in(killed, at).text()));
    if (!at.kind().takesPayments()) {
      options.addAll(List.of("--ledger", killed));
    }
    var crashes = new CrashScenarios(options);
    play("killed before its effect", crashes::killedBefore);
    play("killed after its effect", crashes::killedAfter);
  }

  /** Only H2 is in a file: the services of a tour share whatever else there is. */
  private static StoreOption in(String file, StoreOption at) throws UsageException {
    return at.kind() == Kind.H2 ? StoreOption.parse(file) : at;
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

  /**
   * Stopped by a signal: a service that still runs would write the files again, and a server needs
   * a moment to end.
   */
  private static void cleanUp(Path directory) {
    ProcessHandle.current().children().forEach(ProcessHandle::destroy);
    ProcessHandle.current()
        .children()
        .forEach(child -> child.onExit().completeOnTimeout(child, 10, TimeUnit.SECONDS).join());
    Directories.delete(directory);
  }
}
