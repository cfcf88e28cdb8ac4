package io.idem4j.jmh;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Where a run was made, in a file of its own beside its results. What the file does not say is
 * empty: the report never takes the machine it runs on for that of the run.
 *
 * @param date when, as ISO 8601 has it
 * @param command the arguments
 * @param machine on what
 * @param jdk the version of the Java runtime
 * @param rounds how often every benchmark ran, each time in a new process; 0 if not known
 * @param stores version and settings of each store, by its name
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record Surroundings(
    String date,
    String command,
    Machine machine,
    String jdk,
    int rounds,
    Map<String, Map<String, String>> stores) {
  private static final Path CPU = Path.of("/proc/cpuinfo");
  private static final String WRONG = " does not say where the run was made";
  private static final double GIB = 1 << 30;

  /** What Jackson does not find is null. */
  Surroundings {
    date = requireNonNullElse(date, "");
    command = requireNonNullElse(command, "");
    machine = requireNonNullElse(machine, new Machine("", 0, "", ""));
    jdk = requireNonNullElse(jdk, "");
    Map<String, Map<String, String>> sorted = new TreeMap<>();
    requireNonNullElse(stores, Map.<String, Map<String, String>>of())
        .forEach((store, settings) -> sorted.put(store, new TreeMap<>(settings)));
    stores = sorted;
  }

  /**
   * The machine, without its name.
   *
   * @param cpu the model
   * @param processors how many the Java runtime sees
   * @param memory of the machine
   * @param os name, version and architecture
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  record Machine(String cpu, int processors, String memory, String os) {
    Machine {
      cpu = requireNonNullElse(cpu, "");
      memory = requireNonNullElse(memory, "");
      os = requireNonNullElse(os, "");
    }
  }

  /** Returns what is to be known here and now. */
  static Surroundings ofThisMachine(
      String command, int rounds, Map<String, Map<String, String>> stores) {
    String os =
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch");
    return new Surroundings(
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        command,
        new Machine(cpu(), Runtime.getRuntime().availableProcessors(), memory(), os),
        System.getProperty("java.runtime.version", ""),
        rounds,
        stores);
  }

  /** Returns the file that belongs to a file of results. */
  static Path beside(Path results) {
    String name = String.valueOf(results.getFileName()).replaceFirst("\\.json$", "");
    return results.resolveSibling(name + "-run.json");
  }

  void write(Path file) throws IOException {
    new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(file.toFile(), this);
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @return nothing if there is no such file
   * @throws IOException whose message says what is wrong with the file
   */
  static Optional<Surroundings> read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      JsonNode facts = new ObjectMapper().readTree(file.toFile());
      if (!facts.isObject()) {
        throw new IOException(file + WRONG);
      }
      return Optional.of(new ObjectMapper().treeToValue(facts, Surroundings.class));
    } catch (JsonProcessingException e) {
      throw new IOException(file + WRONG, e);
    }
  }

  /** Returns the facts by their names, in the order in which they are shown. */
  Map<String, String> facts() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("date", date);
    facts.put("command", command);
    facts.put("processor", machine.cpu);
    facts.put("processors", machine.processors > 0 ? Integer.toString(machine.processors) : "");
    facts.put("memory", machine.memory);
    facts.put("system", machine.os);
    facts.put("JDK", jdk);
    facts.put("rounds", rounds > 0 ? Integer.toString(rounds) : "");
    stores.forEach((store, settings) -> facts.put("store " + store, Measured.text(settings)));
    facts.values().removeIf(String::isEmpty);
    return facts;
  }

  private static String cpu() {
    if (!Files.isReadable(CPU)) {
      return "";
    }
    try (Stream<String> lines = Files.lines(CPU)) {
      return lines
          .filter(it -> it.startsWith("model name") && it.contains(":"))
          .map(it -> it.substring(it.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("");
    } catch (IOException | java.io.UncheckedIOException e) {
      return "";
    }
  }

  private static String memory() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? String.format(Locale.ROOT, "%.0f GiB", system.getTotalMemorySize() / GIB)
        : "";
  }
}
