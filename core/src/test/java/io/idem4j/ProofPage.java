package io.idem4j;

import io.idem4j.ProofTable.Check;
import io.idem4j.ProofTable.Row;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Collectors;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes {@code target/proof.md} at the end of the run: each invariant, the checks that cover it,
 * how they ended, and their numbers. What was not run, failed or is missing stands there as a gap.
 */
public final class ProofPage implements TestExecutionListener {
  private static final Path PAGE = Path.of("target", "proof.md");
  private static final SortedMap<String, String> SEEDS = new ConcurrentSkipListMap<>();

  private final SortedMap<String, Runs> runs = new TreeMap<>();

  private static final class Runs {
    private int passed;
    private int failed;
    private int skipped;
  }

  /** Notes the seed of a property. */
  static void seed(String property, String seed) {
    SEEDS.put(property, seed);
  }

  @Override
  public void testPlanExecutionStarted(TestPlan plan) {
    Canaries.watch();
  }

  @Override
  public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
    Runs of = runsOf(test);
    if (of != null) {
      switch (result.getStatus()) {
        case SUCCESSFUL -> of.passed++;
        case FAILED -> of.failed++;
        case ABORTED -> of.skipped++;
      }
    }
  }

  @Override
  public synchronized void executionSkipped(TestIdentifier test, String reason) {
    Runs of = runsOf(test);
    if (of != null) {
      of.skipped++;
    }
  }

  private Runs runsOf(TestIdentifier test) {
    if (!test.isTest() || !(test.getSource().orElse(null) instanceof MethodSource source)) {
      return null;
    }
    String type = source.getClassName();
    String simple = type.substring(Math.max(type.lastIndexOf('.'), type.lastIndexOf('$')) + 1);
    return runs.computeIfAbsent(simple + "." + source.getMethodName(), name -> new Runs());
  }

  @Override
  public synchronized void testPlanExecutionFinished(TestPlan plan) {
    Proof.count("Canaries", "lines of output searched", Canaries.lines());
    List<String> page = page(ProofTable.read());
    try {
      Files.createDirectories(PAGE.getParent());
      Files.write(PAGE, page);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    System.out.println("What is proven, and what is not: core/" + PAGE);
  }

  private List<String> page(ProofTable table) {
    List<String> page = new ArrayList<>();
    page.add("# What is checked, and how");
    page.add("");
    page.add(
        "Written by the tests of `core` on Java %s. A check counts only if it ran and passed in this"
                .formatted(Runtime.version().feature())
            + " run; **GAP** is what nothing covers. PT: jqwik properties and the engine model. MC:"
            + " TLC model checker. LC: Lincheck. TCK: contract suite. FP: faulty line. HC: history"
            + " checker. FZ: fuzz. UT: a test of one situation. MUT: mutants.");
    page.add("");
    page.add("## Invariants");
    page.add("");
    rows(page, "I", table.invariants());
    page.add("");
    page.add("## Failure cases of other libraries");
    page.add("");
    rows(page, "case", table.peers());
    page.add("");
    page.add("## Numbers");
    page.add("");
    page.add("| check | counted |");
    page.add("|---|---|");
    Proof.checks()
        .forEach(
            (check, counts) -> {
              // A property without anything random is tried once; that is no number worth telling.
              if (!counts.equals(Map.of("tries", 1L))) {
                page.add("| %s | %s |".formatted(check, counts(counts) + seedOf(check)));
              }
            });
    return page;
  }

  private static String counts(Map<String, Long> counts) {
    return counts.entrySet().stream()
        .map(each -> "%,d %s".formatted(each.getValue(), each.getKey()))
        .collect(Collectors.joining(", "));
  }

  private static String seedOf(String check) {
    return SEEDS.containsKey(check) ? ", seed " + SEEDS.get(check) : "";
  }

  private void rows(List<String> page, String what, List<Row> rows) {
    page.add("| " + what + " | what must hold | checks |");
    page.add("|---|---|---|");
    for (Row row : rows) {
      List<String> cells = row.checks().stream().map(this::cell).toList();
      boolean covered = cells.stream().anyMatch(cell -> !cell.startsWith("**GAP**"));
      page.add(
          "| %s | %s | %s |"
              .formatted(
                  row.number(),
                  row.title(),
                  covered ? String.join("<br>", cells) : "**GAP** " + String.join("<br>", cells)));
    }
  }

  private String cell(Check check) {
    if (!check.isTest()) {
      return "*%s*: %s".formatted(check.kind(), check.text());
    }
    int passed = 0;
    int failed = 0;
    int skipped = 0;
    for (Map.Entry<String, Runs> each : runs.entrySet()) {
      if (check.covers(each.getKey())) {
        passed += each.getValue().passed;
        failed += each.getValue().failed;
        skipped += each.getValue().skipped;
      }
    }
    String result =
        passed
            + " passed"
            + (failed > 0 ? ", **" + failed + " FAILED**" : "")
            + (skipped > 0 ? ", " + skipped + " skipped" : "");
    return (passed == 0 || failed > 0 ? "**GAP** (not run or failed) " : "")
        + "%s `%s`: %s".formatted(check.kind(), check.text(), result);
  }
}
