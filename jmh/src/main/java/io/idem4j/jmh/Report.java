package io.idem4j.jmh;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Makes a page, and tables for the README, of JMH's results. */
final class Report {
  static final String UNKNOWN =
      "Machine, date and server settings of the run are not known: the file of the run is missing"
          + " beside its results.";

  private static final String USAGE = "usage: report [results.json] [page.html] [table.md]";
  private static final int MOST_ARGUMENTS = 3;

  private Report() {}

  /**
   * Takes the files of the results, of the page and of the tables. Without the last the tables are
   * printed. Ends the program with status 1 if there is nothing to report or nowhere to write it.
   */
  public static void main(String[] arguments) {
    // The tables have signs that not every console's own encoding knows; the README is UTF-8.
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    int status = run(List.of(arguments), out, System.err);
    if (status != 0) {
      System.exit(status);
    }
  }

  /** Returns the status of the program: 0, or 1 after a line that says what is wrong. */
  static int run(List<String> arguments, PrintStream out, PrintStream err) {
    if (arguments.size() > MOST_ARGUMENTS
        || arguments.stream().anyMatch(it -> it.startsWith("-"))) {
      err.println(USAGE);
      return 1;
    }
    Path results = Path.of(arguments.isEmpty() ? "benchmarks.json" : arguments.get(0));
    Path page = Path.of(arguments.size() > 1 ? arguments.get(1) : "benchmarks.html");
    Optional<Path> table = arguments.stream().skip(2).map(Path::of).findFirst();
    try {
      Path run = Surroundings.beside(results);
      refuseSameFiles(Stream.concat(Stream.of(results, run, page), table.stream()).toList());
      Results read = Results.read(results);
      Optional<Surroundings> surroundings = Surroundings.read(run);
      String html = new ReportPage(read, surroundings).html();
      String markdown = markdown(read, surroundings);
      write(page, html);
      if (table.isPresent()) {
        write(table.get(), markdown);
      } else {
        out.print(markdown);
        out.flush();
      }
    } catch (IOException e) {
      err.println(e.getMessage());
      return 1;
    }
    err.println("page: " + page);
    return 0;
  }

  /** Returns surroundings, goals and ratios. */
  static String markdown(Results results, Optional<Surroundings> surroundings) {
    StringBuilder text = new StringBuilder();
    Map<String, String> facts = surroundings.map(Surroundings::facts).orElse(Map.of());
    if (facts.isEmpty()) {
      text.append(UNKNOWN).append("\n");
    }
    facts.forEach((name, fact) -> text.append("- %s: %s\n".formatted(name, code(name, fact))));
    if (!results.settings().isEmpty()) {
      text.append("\n");
    }
    results.settings().forEach(it -> text.append("- ").append(it).append('\n'));
    text.append("\n").append(Table.goals(results.all()).markdown());
    List<Ratio> ratios = Ratio.of(results.all());
    if (!ratios.isEmpty()) {
      text.append("\n").append(Table.ratios(ratios).markdown());
    }
    return text.toString();
  }

  private static String code(String name, String fact) {
    return name.equals("command") ? "`" + fact + "`" : fact;
  }

  private static void refuseSameFiles(List<Path> files) throws IOException {
    List<Path> places = files.stream().map(it -> it.toAbsolutePath().normalize()).toList();
    if (places.stream().distinct().count() < places.size()) {
      throw new IOException("one file cannot be read and written at once: " + USAGE);
    }
  }

  /** Whoever reads the file sees the one before or the new one, never a part. */
  private static void write(Path file, String text) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.writeString(part, text);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.deleteIfExists(part);
      throw new IOException(file + " cannot be written", e);
    }
  }
}
