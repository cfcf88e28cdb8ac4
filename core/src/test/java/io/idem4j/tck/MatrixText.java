package io.idem4j.tck;

import io.idem4j.tck.Matrix.Cell;
import io.idem4j.tck.Matrix.Runs;
import io.idem4j.tck.MatrixExpected.Store;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The matrix as Markdown. */
final class MatrixText {
  private final MatrixExpected expected;
  private final Matrix matrix;
  private final List<String> lines = new ArrayList<>();

  MatrixText(MatrixExpected expected, Matrix matrix) {
    this.expected = expected;
    this.matrix = matrix;
  }

  List<String> lines() {
    lines.add("# Stores, rules and faults");
    lines.add("");
    lines.add(
        "Written by the tests, on Java %s. `ok 3` is three tests that passed; **GAP** is what was"
                .formatted(Runtime.version().feature())
            + " expected and did not run, or not in this build; **FAILED** and skipped stand as"
            + " such; `–` is not expected of that store.");
    section("Rules of the contract", Matrix.RULES, rules(), this::rule);
    section(
        "Network faults: calls that were answered truly, and left no harm",
        Matrix.FAULTS,
        Stream.concat(MatrixExpected.faults().stream(), MatrixExpected.randomRuns().stream())
            .toList(),
        this::fault);
    section("Numbered hazards", Matrix.HAZARDS, hazards(), this::hazard);
    section("Faults of servers", Matrix.SERVERS, matrix.rows(Matrix.SERVERS), this::server);
    expected.stores().forEach(this::calls);
    drivers();
    list("Skipped, and why", skipped());
    list("Hazards without a test, and why", without());
    list("Gaps", MatrixGaps.of(expected, matrix));
    return lines;
  }

  private Set<String> stores(String section) {
    Set<String> names = new java.util.LinkedHashSet<>();
    expected.stores().forEach((name, store) -> add(names, name, store.parts().contains(section)));
    matrix.runs.keySet().stream()
        .filter(cell -> cell.section().equals(section))
        .forEach(cell -> names.add(cell.store()));
    return names;
  }

  private static void add(Set<String> names, String name, boolean wanted) {
    if (wanted) {
      names.add(name);
    }
  }

  private void section(
      String title, String section, List<String> rows, BiFunction<String, String, String> cell) {
    Set<String> stores = stores(section);
    lines.add("");
    lines.add("## " + title);
    lines.add("");
    lines.add("| | " + String.join(" | ", stores) + " |");
    lines.add("|---|" + "---|".repeat(stores.size()));
    for (String row : rows) {
      String cells =
          stores.stream().map(s -> cell.apply(s, row)).collect(Collectors.joining(" | "));
      lines.add("| " + row + " | " + cells + " |");
    }
  }

  private static List<String> rules() {
    return Stream.concat(
            MatrixExpected.rules().stream().map(MatrixText::number).distinct(),
            Stream.of("random calls"))
        .toList();
  }

  private static String number(String rule) {
    return "S" + Integer.parseInt(rule.substring(1, 3));
  }

  private String rule(String store, String number) {
    Set<String> tests =
        number.startsWith("S")
            ? MatrixExpected.rules().stream()
                .filter(each -> number(each).equals(number))
                .collect(Collectors.toSet())
            : Set.of(MatrixExpected.MODEL);
    return show(tests.stream().map(each -> matrix.at(Matrix.RULES, store, each)).toList());
  }

  private String fault(String store, String row) {
    if (row.startsWith(MatrixExpected.RANDOM)) {
      return show(List.of(matrix.at(Matrix.FAULTS, store, row)));
    }
    return show(
        MatrixExpected.calls().stream()
            .map(call -> matrix.at(Matrix.FAULTS, store, row, call))
            .toList());
  }

  private List<String> hazards() {
    Set<String> numbers = new TreeSet<>(Comparator.comparing(MatrixText::sortable));
    numbers.addAll(matrix.rows(Matrix.HAZARDS));
    expected.stores().values().forEach(store -> numbers.addAll(store.hazards()));
    return List.copyOf(numbers).stream().toList();
  }

  private static String sortable(String number) {
    return Stream.of(number.split("\\."))
        .map(each -> "%03d".formatted(Integer.parseInt(each)))
        .collect(Collectors.joining("."));
  }

  private String hazard(String store, String number) {
    Store wanted = expected.stores().get(store);
    Runs runs = matrix.at(Matrix.HAZARDS, store, number);
    boolean isWanted = wanted != null && wanted.hazards().contains(number);
    return !isWanted && runs.equals(Runs.NONE) ? "–" : show(List.of(runs));
  }

  private String server(String store, String test) {
    Runs runs = matrix.at(Matrix.SERVERS, store, test);
    return runs.equals(Runs.NONE) ? "–" : show(List.of(runs));
  }

  private void calls(String name, Store store) {
    if (!store.parts().contains(Matrix.FAULTS)) {
      return;
    }
    lines.add("");
    lines.add("## Network faults and calls: " + name);
    lines.add("");
    lines.add("| | " + String.join(" | ", MatrixExpected.calls()) + " |");
    lines.add("|---|" + "---|".repeat(MatrixExpected.calls().size()));
    for (String fault : MatrixExpected.faults()) {
      String cells =
          MatrixExpected.calls().stream()
              .map(call -> show(List.of(matrix.at(Matrix.FAULTS, name, fault, call))))
              .collect(Collectors.joining(" | "));
      lines.add("| " + fault + " | " + cells + " |");
    }
  }

  /** What is missing counts, however much else there is. */
  private static String show(List<Runs> all) {
    Runs sum = all.stream().reduce(Runs.NONE, Runs::plus);
    long missing = all.stream().filter(Runs.NONE::equals).count();
    List<String> parts = new ArrayList<>();
    if (sum.failed() > 0) {
      parts.add("**FAILED " + sum.failed() + "**");
    }
    if (missing > 0) {
      parts.add(missing == all.size() ? "**GAP**" : "**GAP " + missing + "**");
    }
    if (sum.passed() > 0) {
      parts.add("ok " + sum.passed());
    }
    if (sum.skipped() > 0) {
      parts.add("skipped " + sum.skipped());
    }
    return String.join(", ", parts);
  }

  private void drivers() {
    lines.add("");
    lines.add("## What the call under a network fault came to");
    lines.add("");
    lines.add("| store | fault | how often what |");
    lines.add("|---|---|---|");
    matrix.drivers.forEach(
        (what, counts) -> {
          String seen =
              counts.entrySet().stream()
                  .map(each -> each.getValue() + " " + each.getKey().replace("|", "/"))
                  .collect(Collectors.joining("<br>"));
          lines.add("| " + what.replace("\t", " | ") + " | " + seen + " |");
        });
  }

  private List<String> skipped() {
    Map<String, Integer> all = new TreeMap<>();
    matrix.runs.forEach(
        (cell, runs) -> {
          if (runs.skipped() > 0) {
            all.merge(reason(cell), runs.skipped(), Integer::sum);
          }
        });
    return all.entrySet().stream().map(each -> each.getKey() + ": " + each.getValue()).toList();
  }

  private String reason(Cell cell) {
    return cell.store() + ": " + matrix.reasons.getOrDefault(cell, "no reason given");
  }

  private List<String> without() {
    List<String> all = new ArrayList<>();
    expected
        .stores()
        .forEach(
            (name, store) ->
                store
                    .without()
                    .forEach((number, why) -> all.add(name + ": " + number + ", " + why)));
    return all;
  }

  private void list(String title, List<String> items) {
    lines.add("");
    lines.add("## " + title);
    lines.add("");
    items.forEach(item -> lines.add("- " + item));
    if (items.isEmpty()) {
      lines.add("None.");
    }
  }
}
