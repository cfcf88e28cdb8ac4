package io.idem4j;

import io.idem4j.ProofParts.Runs;
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
import org.junit.platform.engine.UniqueId;
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

  private final ProofParts here = new ProofParts();

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
    note(
        test,
        switch (result.getStatus()) {
          case SUCCESSFUL -> new Runs(1, 0, 0);
          case FAILED -> new Runs(0, 1, 0);
          case ABORTED -> new Runs(0, 0, 1);
        });
  }

  @Override
  public synchronized void executionSkipped(TestIdentifier test, String reason) {
    note(test, new Runs(0, 0, 1));
  }

  private void note(TestIdentifier test, Runs run) {
    if (test.isTest() && test.getSource().orElse(null) instanceof MethodSource source) {
      // Not the source's class: that of an inherited property is where it is written.
      String type =
          test.getUniqueIdObject().getSegments().stream()
              .filter(segment -> segment.getType().equals("class"))
              .map(UniqueId.Segment::getValue)
              .findFirst()
              .orElse(source.getClassName());
      String simple = type.substring(Math.max(type.lastIndexOf('.'), type.lastIndexOf('$')) + 1);
      here.runs.merge(simple + "." + source.getMethodName(), run, Runs::plus);
    }
  }

  @Override
  public synchronized void testPlanExecutionFinished(TestPlan plan) {
    Proof.count("Canaries", "lines of output searched", Canaries.lines());
    here.count(Proof.checks());
    here.seeds.putAll(SEEDS);
    here.write();
    ProofParts all = ProofParts.readAll();
    try {
      Files.write(PAGE, page(ProofTable.read(), all));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    System.out.println("What is proven, and what is not: core/" + PAGE);
  }

  private static List<String> page(ProofTable table, ProofParts all) {
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
    rows(page, "I", table.invariants(), all);
    page.add("");
    page.add("## Failure cases of other libraries");
    page.add("");
    rows(page, "case", table.peers(), all);
    page.add("");
    page.add("## What this does not show");
    page.add("");
    table.limits().forEach(limit -> page.add("- " + limit));
    page.add("");
    page.add("## Numbers");
    page.add("");
    page.add("| check | counted |");
    page.add("|---|---|");
    all.counts.forEach(
        (check, counts) -> {
          // A property without anything random is tried once; that is no number worth telling.
          if (!counts.equals(Map.of("tries", 1L))) {
            String seed = all.seeds.containsKey(check) ? ", seed " + all.seeds.get(check) : "";
            page.add("| %s | %s%s |".formatted(check, counts(counts), seed));
          }
        });
    return page;
  }

  private static String counts(Map<String, Long> counts) {
    return counts.entrySet().stream()
        .filter(each -> !each.getKey().matches("[IP]\\d+"))
        .map(each -> "%,d %s".formatted(each.getValue(), each.getKey()))
        .collect(Collectors.joining(", "));
  }

  private static void rows(List<String> page, String what, List<Row> rows, ProofParts all) {
    page.add("| " + what + " | what must hold | checks |");
    page.add("|---|---|---|");
    for (Row row : rows) {
      List<String> cells = new ArrayList<>();
      row.checks().forEach(check -> cells.add(cell(check, all)));
      Long mutants = all.counts.getOrDefault("MutantsTest", new TreeMap<>()).get(row.number());
      if (mutants != null) {
        cells.add("MUT `MutantsTest`: mutants of its guards killed: " + mutants);
      }
      boolean covered = cells.stream().anyMatch(cell -> !cell.startsWith("**GAP**"));
      page.add(
          "| %s | %s | %s |"
              .formatted(
                  row.number(),
                  row.title(),
                  covered ? String.join("<br>", cells) : "**GAP** " + String.join("<br>", cells)));
    }
  }

  private static String cell(Check check, ProofParts all) {
    if (!check.isTest()) {
      return "*%s*: %s".formatted(check.kind(), check.text());
    }
    Runs runs =
        all.runs.entrySet().stream()
            .filter(each -> check.covers(each.getKey()))
            .map(Map.Entry::getValue)
            .reduce(Runs.NONE, Runs::plus);
    String result =
        runs.passed()
            + " passed"
            + (runs.failed() > 0 ? ", **" + runs.failed() + " FAILED**" : "")
            + (runs.skipped() > 0 ? ", " + runs.skipped() + " skipped" : "");
    boolean gap = runs.passed() == 0 || runs.failed() > 0;
    return (gap ? "**GAP** (not run or failed) " : "")
        + "%s `%s`: %s".formatted(check.kind(), check.text(), result);
  }
}
