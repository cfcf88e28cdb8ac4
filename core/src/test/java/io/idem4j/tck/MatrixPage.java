package io.idem4j.tck;

import io.idem4j.tck.Matrix.Cell;
import io.idem4j.tck.Matrix.Runs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes {@code matrix.md}: which rule, network fault, hazard and server fault was tested on which
 * store, and how that ended. Test classes say by {@link StoreUnderTest} which store they run
 * against; all others are left out. Registered in {@code
 * META-INF/services/org.junit.platform.launcher.TestExecutionListener}; {@link Matrix} names the
 * system properties that bring the parts of several modules together.
 */
public final class MatrixPage implements TestExecutionListener {
  /** A test may be named after several: {@code stores_3_2_2_and_3_2_3_…}. */
  private static final Pattern HAZARD =
      Pattern.compile("(?:^stores|_and)_(\\d)_(\\d+)_(\\d+)(?=_)");

  private static final String PAGE = "matrix.md";

  private final Matrix here = new Matrix();

  /** Made by the platform. */
  public MatrixPage() {}

  @Override
  public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
    Runs run =
        switch (result.getStatus()) {
          case SUCCESSFUL -> new Runs(1, 0, 0);
          case FAILED -> new Runs(0, 1, 0);
          case ABORTED -> new Runs(0, 0, 1);
        };
    Optional<String> reason =
        run.skipped() > 0 ? result.getThrowable().map(Throwable::getMessage) : Optional.empty();
    // A container that passed says no more than what is in it.
    if (test.isTest() || run.passed() == 0) {
      note(test, run, reason);
    }
  }

  @Override
  public synchronized void executionSkipped(TestIdentifier test, String reason) {
    note(test, new Runs(0, 0, 1), Optional.of(reason));
  }

  private void note(TestIdentifier test, Runs run, Optional<String> reason) {
    List<UniqueId.Segment> path = test.getUniqueIdObject().getSegments();
    Optional<Class<?>> type = segment(path, "class").map(MatrixPage::load);
    Optional<String> store =
        type.map(each -> each.getAnnotation(StoreUnderTest.class)).map(StoreUnderTest::value);
    if (store.isEmpty()) {
      return;
    }
    Optional<String> method =
        segment(path, "method", "test-factory", "test-template", "property")
            // One that is inherited from another package bears its class and a # before its name.
            .map(each -> each.replaceAll("\\(.*", "").replaceAll(".*#", ""));
    if (method.isEmpty()) {
      String name = type.get().getSimpleName();
      here.add(new Cell(Matrix.CLASSES, store.get(), name, ""), run, reason);
    } else {
      note(type.get(), store.get(), method.get(), test, run, reason);
    }
  }

  private void note(
      Class<?> type,
      String store,
      String method,
      TestIdentifier test,
      Runs run,
      Optional<String> reason) {
    HAZARD
        .matcher(method)
        .results()
        .map(found -> found.group(1) + "." + found.group(2) + "." + found.group(3))
        .forEach(number -> here.add(new Cell(Matrix.HAZARDS, store, number, ""), run, reason));
    if (KeyStoreFaults.class.isAssignableFrom(type)) {
      fault(store, method, test, run, reason);
    } else if (method.matches("s\\d\\d_.*") || method.equals(MatrixExpected.MODEL)) {
      here.add(new Cell(Matrix.RULES, store, method, ""), run, reason);
    } else if (type.getSimpleName().endsWith("ServerFaultsTest")) {
      here.add(new Cell(Matrix.SERVERS, store, method, ""), run, reason);
    }
  }

  /** A cell's name is the call, the fault and, where there are several, the exchange. */
  private void fault(
      String store, String method, TestIdentifier test, Runs run, Optional<String> reason) {
    String[] name = test.getDisplayName().split(" × ", -1);
    if (name.length > 1) {
      here.add(new Cell(Matrix.FAULTS, store, name[1], name[0]), run, reason);
    } else if (method.startsWith(MatrixExpected.RANDOM)) {
      here.add(new Cell(Matrix.FAULTS, store, method, ""), run, reason);
    } else if (run.skipped() > 0) {
      // A whole call, which the store does not have; such a method is named like the call.
      for (String fault : MatrixExpected.faults()) {
        here.add(new Cell(Matrix.FAULTS, store, fault, method), run, reason);
      }
    } else {
      here.add(new Cell(Matrix.CLASSES, store, method, ""), run, reason);
    }
  }

  private static Optional<String> segment(List<UniqueId.Segment> path, String... types) {
    return path.stream()
        .filter(segment -> List.of(types).contains(segment.getType()))
        .map(UniqueId.Segment::getValue)
        .findFirst();
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, Thread.currentThread().getContextClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public synchronized void testPlanExecutionFinished(TestPlan plan) {
    if (here.runs.isEmpty()) {
      return;
    }
    here.drivers.putAll(FaultLog.take());
    here.write();
    Path page = Matrix.directory().resolve(PAGE);
    try {
      Files.write(page, new MatrixText(MatrixExpected.read(), Matrix.readAll()).lines());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    System.out.println("Stores, rules and faults so far: " + page.toAbsolutePath().normalize());
  }
}
