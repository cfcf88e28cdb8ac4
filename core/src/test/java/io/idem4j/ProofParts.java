package io.idem4j;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What ran, of all test processes of one build: each leaves its part in {@code target/proof}, and
 * the last one's page shows them all. Not for use by several threads.
 */
final class ProofParts {
  private static final Path PARTS = Path.of("target", "proof");
  private static final String NAME = System.getProperty("idem4j.proof.part", "1-tests");

  /** How often a test ended how. */
  record Runs(int passed, int failed, int skipped) {
    static final Runs NONE = new Runs(0, 0, 0);

    Runs plus(Runs other) {
      return new Runs(passed + other.passed, failed + other.failed, skipped + other.skipped);
    }
  }

  final SortedMap<String, Runs> runs = new TreeMap<>();
  final SortedMap<String, SortedMap<String, Long>> counts = new TreeMap<>();
  final SortedMap<String, String> seeds = new TreeMap<>();

  /** Writes this part; the first one of a build takes away what an earlier build left. */
  void write() {
    List<String> lines = new ArrayList<>();
    runs.forEach((test, r) -> lines.add(line("run", test, r.passed, r.failed, r.skipped)));
    counts.forEach(
        (check, of) -> of.forEach((what, n) -> lines.add(line("count", check, what, n))));
    seeds.forEach((check, seed) -> lines.add(line("seed", check, seed)));
    try {
      Files.createDirectories(PARTS);
      try (Stream<Path> parts = Files.list(PARTS)) {
        for (Path part : parts.toList()) {
          if (part.getFileName().toString().compareTo(NAME) >= 0) {
            Files.delete(part);
          }
        }
      }
      Files.write(PARTS.resolve(NAME), lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String line(Object... fields) {
    return String.join("\t", Stream.of(fields).map(String::valueOf).toList());
  }

  /** Reads all parts of this build. */
  static ProofParts readAll() {
    ProofParts all = new ProofParts();
    try (Stream<Path> parts = Files.list(PARTS)) {
      for (Path part : parts.sorted().toList()) {
        for (String line : Files.readAllLines(part)) {
          all.read(List.of(line.split("\t", -1)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  private void read(List<String> fields) {
    String name = fields.get(1);
    switch (fields.get(0)) {
      case "run" ->
          runs.merge(
              name,
              new Runs(
                  Integer.parseInt(fields.get(2)),
                  Integer.parseInt(fields.get(3)),
                  Integer.parseInt(fields.get(4))),
              Runs::plus);
      case "count" ->
          counts
              .computeIfAbsent(name, check -> new TreeMap<>())
              .merge(fields.get(2), Long.parseLong(fields.get(3)), Long::sum);
      default -> seeds.put(name, fields.get(2));
    }
  }

  /** Takes over what was counted in this process. */
  void count(Map<String, Map<String, Long>> checks) {
    checks.forEach((check, of) -> counts.put(check, new TreeMap<>(of)));
  }
}
