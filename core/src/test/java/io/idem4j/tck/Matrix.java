package io.idem4j.tck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which tests of which store ran in one build, in whatever modules, and how they ended. Each test
 * process leaves its part; what an earlier build left is not read. Three system properties say
 * where: {@code idem4j.matrix.directory} (or {@code target}), {@code idem4j.matrix.part} (the
 * module) and {@code idem4j.matrix.build} (the same for all processes of a build). Not for use by
 * several threads.
 */
public final class Matrix {
  static final String RULES = "rules";
  static final String FAULTS = "faults";
  static final String HAZARDS = "hazards";
  static final String SERVERS = "servers";

  /** Test classes that could not begin, or end, in order. */
  static final String CLASSES = "classes";

  static final String DRIVERS = "drivers";

  /** How often a test ended how. */
  record Runs(int passed, int failed, int skipped) {
    static final Runs NONE = new Runs(0, 0, 0);

    Runs plus(Runs other) {
      return new Runs(passed + other.passed, failed + other.failed, skipped + other.skipped);
    }

    /** Whether it says that something holds, or why it was not looked at. */
    boolean isGap() {
      return failed > 0 || passed + skipped == 0;
    }
  }

  /**
   * A place in a table.
   *
   * @param section which table
   * @param row the test, hazard or fault
   * @param column the call that a fault is done to; empty in the other tables
   */
  record Cell(String section, String store, String row, String column) implements Comparable<Cell> {
    @Override
    public int compareTo(Cell other) {
      return key().compareTo(other.key());
    }

    private String key() {
      return String.join("\t", section, store, row, column);
    }
  }

  final SortedMap<Cell, Runs> runs = new TreeMap<>();
  final SortedMap<Cell, String> reasons = new TreeMap<>();
  final SortedMap<String, Map<String, Integer>> drivers = new TreeMap<>();

  void add(Cell cell, Runs run, Optional<String> reason) {
    runs.merge(cell, run, Runs::plus);
    reason.ifPresent(text -> reasons.put(cell, text));
  }

  static Path directory() {
    return Path.of(System.getProperty("idem4j.matrix.directory", "target"));
  }

  private static String build() {
    return System.getProperty("idem4j.matrix.build", "");
  }

  /** Writes this process's part. */
  void write() {
    List<String> lines = new ArrayList<>(List.of(build()));
    runs.forEach(
        (cell, r) ->
            lines.add(
                line(
                    cell.section,
                    cell.store,
                    cell.row,
                    cell.column,
                    r.passed,
                    r.failed,
                    r.skipped,
                    reasons.getOrDefault(cell, ""))));
    drivers.forEach(
        (what, counts) -> counts.forEach((seen, n) -> lines.add(line(DRIVERS, what, seen, n))));
    try {
      Files.createDirectories(parts());
      String name = System.getProperty("idem4j.matrix.part", "tests");
      // Whole or not at all: another module may be reading the parts.
      Path fresh = Files.write(parts().resolve(name + ".new"), lines);
      Files.move(fresh, parts().resolve(name + ".tsv"), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path parts() {
    return directory().resolve("matrix");
  }

  private static String line(Object... fields) {
    return Stream.of(fields)
        .map(field -> String.valueOf(field).replaceAll("\\s*[\n\r]+\\s*", " "))
        .collect(Collectors.joining("\t"));
  }

  /** Reads the parts of this build. */
  static Matrix readAll() {
    Matrix all = new Matrix();
    if (!Files.isDirectory(parts())) {
      return all;
    }
    try (Stream<Path> parts = Files.list(parts())) {
      for (Path part : parts.filter(it -> it.toString().endsWith(".tsv")).sorted().toList()) {
        List<String> lines = Files.readAllLines(part);
        if (!lines.isEmpty() && lines.get(0).equals(build())) {
          lines.stream().skip(1).map(line -> line.split("\t", -1)).forEach(all::read);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  private void read(String[] fields) {
    if (fields[0].equals(DRIVERS)) {
      drivers
          .computeIfAbsent(fields[1] + "\t" + fields[2], each -> new TreeMap<>())
          .merge(fields[3], Integer.parseInt(fields[4]), Integer::sum);
      return;
    }
    Runs run =
        new Runs(
            Integer.parseInt(fields[4]), Integer.parseInt(fields[5]), Integer.parseInt(fields[6]));
    Optional<String> reason = Optional.of(fields[7]).filter(text -> !text.isEmpty());
    add(new Cell(fields[0], fields[1], fields[2], fields[3]), run, reason);
  }

  /** Returns what ran of a row. */
  Runs at(String section, String store, String row) {
    return at(section, store, row, "");
  }

  /** Returns what ran of a cell. */
  Runs at(String section, String store, String row, String column) {
    return runs.getOrDefault(new Cell(section, store, row, column), Runs.NONE);
  }

  /** Returns the rows that a section has for any store. */
  List<String> rows(String section) {
    return runs.keySet().stream()
        .filter(cell -> cell.section.equals(section))
        .map(Cell::row)
        .collect(Collectors.toCollection(TreeSet::new))
        .stream()
        .toList();
  }

  /**
   * Returns what {@code matrix.txt} expects of this build and what did not run or failed; empty if
   * all is well. Says something only about builds of all modules, in the module that comes last.
   */
  public static List<String> gaps() {
    return MatrixGaps.of(MatrixExpected.read(), readAll());
  }

  /** Returns the stores of which this build ran anything, so far. */
  public static List<String> stores() {
    return readAll().runs.keySet().stream().map(Cell::store).distinct().toList();
  }
}
