package io.idem4j.jmh;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * What JMH wrote of a run.
 *
 * @param all the results, sorted
 * @param settings the program that ran them and how, one fact a line
 */
record Results(List<Measured> all, List<String> settings) {
  private static final String BYTES = "gc.alloc.rate.norm";
  private static final Pattern RATE = Pattern.compile(".*/(ns|us|ms|s|sec|min|hr|day)");

  /**
   * Reads a file that JMH wrote.
   *
   * @throws IOException whose message says what is wrong with the file
   */
  static Results read(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new IOException("no results in " + file + ": run the benchmarks first");
    }
    JsonNode root;
    try {
      root = new ObjectMapper().readTree(file.toFile());
    } catch (JsonProcessingException e) {
      throw new IOException(file + " is not JSON", e);
    } catch (IOException e) {
      throw new IOException(file + " cannot be read", e);
    }
    if (!root.isArray()
        || !StreamSupport.stream(root.spliterator(), false).allMatch(Results::isResult)) {
      throw new IOException(file + " does not hold JMH's results as JSON (-rf json)");
    }
    if (root.isEmpty()) {
      throw new IOException(file + " holds no result: no benchmark was run to its end");
    }
    List<Measured> all = new ArrayList<>();
    Set<String> settings = new LinkedHashSet<>();
    Set<String> names = new HashSet<>();
    for (JsonNode each : root) {
      Measured measured = measured(each);
      if (!names.add(measured.subject() + " " + measured.by())) {
        throw new IOException(file + " holds " + measured.subject() + " twice");
      }
      all.add(measured);
      settings.add(program(each));
    }
    root.forEach(each -> settings.add(iterations(each)));
    all.sort(Measured.ORDER);
    return new Results(all, settings.stream().filter(it -> !it.isEmpty()).toList());
  }

  private static boolean isResult(JsonNode node) {
    JsonNode primary = node.path("primaryMetric");
    return node.path("benchmark").asText().contains(".")
        && primary.has("score")
        && primary.path("scoreUnit").isTextual();
  }

  private static Measured measured(JsonNode result) {
    NavigableMap<String, String> parameters = new TreeMap<>();
    result
        .path("params")
        .properties()
        .forEach(entry -> parameters.put(entry.getKey(), entry.getValue().asText()));
    if (result.path("threads").asInt() > 1) {
      parameters.put(Measured.THREADS, result.path("threads").asText());
    }
    String by = parameters.remove("by");
    String mode = result.path("mode").asText("avgt");
    JsonNode primary = result.path("primaryMetric");
    return new Measured(
        name(result),
        mode,
        parameters,
        by == null ? Measured.IDEM4J : by,
        estimate(primary),
        primary.path("scoreUnit").asText(),
        // JMH gives percentiles in every mode: of the iterations' averages, where it did not
        // sample.
        mode.equals("sample") ? percentiles(primary) : new TreeMap<>(),
        counts(result));
  }

  private static String name(JsonNode result) {
    String name = result.path("benchmark").asText();
    return name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1);
  }

  private static NavigableMap<Double, Double> percentiles(JsonNode primary) {
    NavigableMap<Double, Double> percentiles = new TreeMap<>();
    primary
        .path("scorePercentiles")
        .properties()
        .forEach(it -> percentiles.put(Double.valueOf(it.getKey()), number(it.getValue())));
    return percentiles;
  }

  private static Map<String, Estimate> counts(JsonNode result) {
    Map<String, Estimate> counts = new HashMap<>();
    JsonNode primary = result.path("primaryMetric");
    // Filled within each iteration, as JMH sees it: what that allocated is in the count.
    boolean filled =
        name(result).startsWith("GrowthBenchmark.")
            && StoreType.isOpenedAnew(result.path("params").path(Measured.STORE).asText());
    result
        .path("secondaryMetrics")
        .properties()
        .forEach(
            it -> {
              Estimate count = count(primary, it.getValue());
              String metric = it.getKey().replaceFirst("^[·:]", "");
              if (count.isMeasured() && !(filled && metric.equals(BYTES))) {
                counts.put(metric, count);
              }
            });
    return counts;
  }

  /**
   * What a secondary metric is for each call. JMH averages an auxiliary counter as it does the
   * calls: it gives the time for each event, or the events for each unit of time. A total ({@code
   * #}) or a rate ({@code MB/sec}) is no count of a call.
   */
  private static Estimate count(JsonNode primary, JsonNode metric) {
    String unit = metric.path("scoreUnit").asText();
    Estimate count = estimate(metric);
    if (unit.equals(primary.path("scoreUnit").asText())) {
      double calls = number(primary.path("score"));
      double each = unit.startsWith("ops/") ? count.value() / calls : calls / count.value();
      return new Estimate(each, Double.NaN);
    }
    return unit.contains("/") && !RATE.matcher(unit).matches() ? count : Estimate.NONE;
  }

  private static Estimate estimate(JsonNode metric) {
    return new Estimate(number(metric.path("score")), number(metric.path("scoreError")));
  }

  /** JMH writes what is no number as a text. */
  private static double number(JsonNode node) {
    return node.isNumber() ? node.doubleValue() : Double.NaN;
  }

  private static String program(JsonNode result) {
    return result.has("jmhVersion")
        ? "JMH %s, JDK %s, %s %s"
            .formatted(
                result.path("jmhVersion").asText(),
                result.path("jdkVersion").asText(),
                result.path("vmName").asText(),
                result.path("vmVersion").asText())
        : "";
  }

  private static String iterations(JsonNode result) {
    if (!result.has("measurementIterations")) {
      return "";
    }
    String name = name(result);
    return "%s: %s, forks %s, warm-up %s × %s, measured %s × %s"
        .formatted(
            name.substring(0, name.indexOf('.')),
            Measured.modeText(result.path("mode").asText()),
            result.path("forks").asText(),
            result.path("warmupIterations").asText(),
            result.path("warmupTime").asText(),
            result.path("measurementIterations").asText(),
            result.path("measurementTime").asText());
  }
}
