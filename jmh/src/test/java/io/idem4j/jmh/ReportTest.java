package io.idem4j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the report makes of JMH's results. */
final class ReportTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  @TempDir private Path directory;

  static Path file() throws Exception {
    return Path.of(ReportTest.class.getResource("results.json").toURI());
  }

  static Results results() throws Exception {
    return Results.read(file());
  }

  static Measured result(String selection) throws Exception {
    return results().all().stream()
        .filter(Selection.of(selection)::matches)
        .findFirst()
        .orElseThrow();
  }

  private int report(Object... arguments) {
    return Report.run(
        List.of(arguments).stream().map(Object::toString).toList(),
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  @Test
  void ratio_isOfTheWorkByHandOfTheSameRun_withTheErrorsOfBoth() throws Exception {
    List<Ratio> ratios = Ratio.of(results().all());
    assertThat(ratios)
        .extracting(it -> it.measured().name() + " " + it.measured().by())
        .containsExactly(
            "CallBenchmark.first idem4j",
            "CallBenchmark.first idempotency4j",
            "CallBenchmark.replay idem4j");
    Estimate first = ratios.get(0).times();
    assertThat(first.value()).isCloseTo(1.1, within(1e-9));
    // The square root of (2/110)² + (1/100)², of 1.1.
    assertThat(first.error()).isCloseTo(0.022825, within(1e-6));
    assertThat(ratios.get(2).times().value()).isCloseTo(1.5, within(1e-9));
    assertThat(ratios.get(2).times().hasError()).isFalse();
  }

  @Test
  void counts_standBesideTheTimes_andTotalsAreNoCounts() throws Exception {
    Measured replay = result("CallBenchmark.replay{store=postgresql,by=idem4j}");
    assertThat(replay.counts()).containsOnlyKeys("gc.alloc.rate.norm", "trips", "checkouts");
    // A call takes 75 us, and there is a trip in every 75, a connection taken in every 37.5.
    assertThat(replay.figure("trips").value()).isCloseTo(1, within(1e-9));
    assertThat(replay.figure("checkouts").value()).isCloseTo(2, within(1e-9));
    assertThat(Report.markdown(results(), Optional.empty()))
        .contains(
            "| what | by | time | by hand | ratio | bytes, and by hand | round trips, and by hand |"
                + " connections, and by hand |",
            "| CallBenchmark.replay answer=256, store=postgresql | idem4j | 75 us/op | 50 ± 1 us/op"
                + " | 1.50 | 1234 / 640 | 1 / ? | 2 / ? |");
  }

  @Test
  void bytesOfAFillingWithinTheIterations_areNoCountOfACall() throws Exception {
    Path file = directory.resolve("growth.json");
    for (String store : List.of("memory", "redis")) {
      Files.writeString(
          file,
          """
          [{"benchmark": "io.idem4j.jmh.GrowthBenchmark.first", "params": {"store": "%s"},
            "primaryMetric": {"score": 2.0, "scoreUnit": "us/op"},
            "secondaryMetrics": {"gc.alloc.rate.norm": {"score": 9.0, "scoreUnit": "B/op"}}}]
          """
              .formatted(store));
      assertThat(Results.read(file).all().get(0).counts().isEmpty())
          .as(store)
          .isEqualTo(store.equals("memory"));
    }
  }

  @Test
  void percentiles_areOfSampledTimesOnly_withoutAnError() throws Exception {
    assertThat(result("CallBenchmark.replay{store=postgresql,by=idem4j}").percentiles()).isEmpty();
    Estimate tail = result("PurgeBenchmark.first{purging=true}").figure("p99.9");
    assertThat(tail).isEqualTo(new Estimate(1900, Double.NaN)).hasToString("1900");
    assertThat(result("PurgeBenchmark.first{purging=true}").figure("p42").isMeasured()).isFalse();
  }

  @Test
  void throughput_isComparedAsTheTimeOfACall() throws Exception {
    Path file = directory.resolve("thrpt.json");
    Files.writeString(
        file,
        Files.readString(file())
            .replace("\"avgt\"", "\"thrpt\"")
            .replace("\"us/op\"", "\"ops/us\""));
    Estimate times = Ratio.of(Results.read(file).all()).get(0).times();
    assertThat(times.value()).isCloseTo(100 / 110.0, within(1e-9));
    assertThat(times.error()).isCloseTo(0.022825 / 1.21, within(1e-6));
  }

  @Test
  void order_isByBenchmarkStoreAndNumber_withTheWorkByHandFirst() throws Exception {
    assertThat(results().all())
        .extracting(it -> it.subject() + " " + it.by())
        .startsWith(
            "CallBenchmark.first answer=0, store=memory idem4j",
            "CallBenchmark.first answer=0, store=memory, threads=2 idem4j",
            "CallBenchmark.first answer=256, store=postgresql byhand",
            "CallBenchmark.first answer=256, store=postgresql idem4j",
            "CallBenchmark.first answer=256, store=postgresql idempotency4j")
        .containsSubsequence(
            "GrowthBenchmark.replay records=10000, store=redis idem4j",
            "GrowthBenchmark.replay records=1000000, store=redis idem4j");
  }

  @Test
  void report_writesPageAndTables_andSaysWhereTheRunWasMade() throws Exception {
    Path results = Files.copy(file(), directory.resolve("of.json"));
    new Surroundings(
            "2026-01-02T03:04:05Z",
            "-p store=<all>",
            new Surroundings.Machine("a processor", 2, "24 GiB", "an OS"),
            "17.0.9+9",
            3,
            Map.of("postgresql", Map.of("fsync", "on")))
        .write(directory.resolve("of-run.json"));
    Path page = directory.resolve("page.html");
    Path table = directory.resolve("table.md");
    assertThat(report(results, page, table)).as(err.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(out.size()).isZero();
    assertThat(Files.readString(table))
        .contains("- date: 2026-01-02T03:04:05Z", "- rounds: 3", "- store postgresql: fsync=on")
        .contains("- JMH 1.37, JDK 17.0.9, A VM 17.0.9+9")
        .contains("- CallBenchmark: average time, forks 1, warm-up 3 × 2 s, measured 5 × 2 s")
        .doesNotContain(Report.UNKNOWN);
    assertThat(Files.readString(page))
        .contains("a processor", "24 GiB", "-p store=&lt;all&gt;", "fsync=on", "A VM")
        .doesNotContain(Report.UNKNOWN);
    assertThat(directory)
        .isDirectoryNotContaining(it -> it.getFileName().toString().endsWith(".part"));
  }

  @Test
  void runWithoutSurroundings_hasThemAsUnknown_notThoseOfTheReport() throws Exception {
    Path page = directory.resolve("page.html");
    assertThat(report(file(), page)).isZero();
    Surroundings here = Surroundings.ofThisMachine("", 1, Map.of());
    for (String each : List.of(Files.readString(page), out.toString(StandardCharsets.UTF_8))) {
      assertThat(each).contains(Report.UNKNOWN).doesNotContain(here.jdk(), here.machine().os());
    }
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "`` | does not hold JMH's results",
        "[{ | is not JSON",
        "no | is not JSON",
        "[] | holds no result",
        "{\"results\": []} | does not hold JMH's results",
        "[1] | does not hold JMH's results",
        "[{\"benchmark\": \"a.B.c\"}] | does not hold JMH's results",
      },
      delimiter = '|')
  void wrongResults_areOneLineAndStatus1_andThePageStaysAsItWas(String content, String message)
      throws Exception {
    Path results = directory.resolve("wrong.json");
    Files.writeString(results, content);
    Path page = directory.resolve("page.html");
    Files.writeString(page, "before");
    assertThat(report(results, page)).isEqualTo(1);
    assertRefused(message);
    assertThat(page).hasContent("before");
  }

  @Test
  void noResults_areOneLineAndStatus1() {
    assertThat(report(directory.resolve("none.json"), directory.resolve("page.html"))).isEqualTo(1);
    assertRefused("no results in");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void sameResultTwice_isRefused() throws Exception {
    Path results = directory.resolve("twice.json");
    String once = Files.readString(file()).strip();
    Files.writeString(results, once.substring(0, once.length() - 1) + "," + once.substring(1));
    assertThat(report(results, directory.resolve("page.html"))).isEqualTo(1);
    assertRefused("twice");
  }

  @Test
  void wrongRunFile_isRefused() throws Exception {
    Path results = Files.copy(file(), directory.resolve("of.json"));
    for (String wrong : List.of("", "[]", "{\"rounds\": \"many\"}", "null")) {
      err.reset();
      Files.writeString(directory.resolve("of-run.json"), wrong);
      assertThat(report(results, directory.resolve("page.html"))).as(wrong).isEqualTo(1);
      assertRefused("does not say where the run was made");
    }
  }

  @Test
  void pageThatCannotBeWritten_isRefused() throws Exception {
    assertThat(report(file(), directory.resolve("no/such/page.html"))).isEqualTo(1);
    assertRefused("cannot be written");
  }

  @Test
  void pageThatIsADirectory_isRefused_andNoPartIsLeft() throws Exception {
    Path page = Files.createDirectory(directory.resolve("page.html"));
    assertThat(report(file(), page)).isEqualTo(1);
    assertRefused("cannot be written");
    assertThat(directory.toFile().list()).containsExactly("page.html");
    assertThat(page).isDirectory();
  }

  @Test
  void pageOverTheResults_isRefused() throws Exception {
    Path results = Files.copy(file(), directory.resolve("of.json"));
    assertThat(report(results, directory.resolve("./of.json"))).isEqualTo(1);
    assertRefused("read and written at once");
    assertThat(results).hasSameTextualContentAs(file());
  }

  @Test
  void wrongArguments_areRefused() {
    assertThat(report("--help")).isEqualTo(1);
    assertRefused("usage: report");
    err.reset();
    assertThat(report("a", "b", "c", "d")).isEqualTo(1);
    assertRefused("usage: report");
  }

  private void assertRefused(String message) {
    assertThat(err.toString(StandardCharsets.UTF_8).strip())
        .contains(message)
        .hasLineCount(1)
        .doesNotContain("Exception");
    assertThat(out.size()).isZero();
  }
}
