package io.idem4j.jmh;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One line of JMH's results.
 *
 * @param name class and method
 * @param mode how JMH measured, in its own word ({@code avgt}, {@code sample}, ...)
 * @param parameters all but {@code by}; with the number of threads, if it is not one
 * @param by who made the calls
 * @param score what was measured
 * @param unit the unit of score and error
 * @param percentiles of the times of single calls, if they were sampled; JMH knows no error of them
 * @param counts by the names of JMH's secondary metrics, for each call
 */
record Measured(
    String name,
    String mode,
    NavigableMap<String, String> parameters,
    String by,
    Estimate score,
    String unit,
    NavigableMap<Double, Double> percentiles,
    Map<String, Estimate> counts) {
  static final String BY_HAND = "byhand";
  static final String IDEM4J = "idem4j";
  static final String STORE = "store";
  static final String THREADS = "threads";

  private static final List<String> FIRST =
      List.of("memory", "h2", "postgresql", "mariadb", "redis", "dynamodb", BY_HAND, IDEM4J);

  /** Numbers by their size, the known stores and contenders as they are named above. */
  static final Comparator<String> VALUES =
      Comparator.comparing(Measured::number)
          .thenComparing(it -> FIRST.contains(it) ? FIRST.indexOf(it) : FIRST.size())
          .thenComparing(Comparator.naturalOrder());

  /** By benchmark, then store, then what else differs, and last by who made the calls. */
  static final Comparator<Measured> ORDER =
      Comparator.comparing(Measured::name)
          .thenComparing(Measured::store, VALUES)
          .thenComparing(it -> it.others(STORE), Measured::compareAll)
          .thenComparing(Measured::mode)
          .thenComparing(Measured::by, VALUES);

  String store() {
    return parameters.getOrDefault(STORE, "");
  }

  /** Returns the parameters without those of the given names. */
  NavigableMap<String, String> others(String... names) {
    NavigableMap<String, String> others = new TreeMap<>(parameters);
    List.of(names).forEach(others::remove);
    return others;
  }

  /** Returns what both sides of a ratio have in common. */
  String subject() {
    return name
        + (parameters.isEmpty() ? "" : " " + text(parameters))
        + (mode.equals("avgt") ? "" : ", " + modeText(mode));
  }

  /** Returns who made the calls, in words. */
  String byText() {
    return by.equals(BY_HAND) ? "by hand" : by;
  }

  boolean isSampled() {
    return !percentiles.isEmpty();
  }

  /** Returns the time of a call; where JMH counted calls for a time, its inverse. */
  Estimate time() {
    return unit.startsWith("ops/") ? score.inverse() : score;
  }

  /**
   * Returns a figure of this result.
   *
   * @param what nothing for the time, {@code p99} and the like for a percentile, else a count
   */
  Estimate figure(String what) {
    if (what.isEmpty()) {
      return time();
    }
    Estimate count = counts.get(what);
    if (count == null && what.matches("p[0-9.]+")) {
      Double time = percentiles.get(Double.valueOf(what.substring(1)));
      return time == null ? Estimate.NONE : new Estimate(time, Double.NaN);
    }
    return count == null ? Estimate.NONE : count;
  }

  static String text(Map<String, String> parameters) {
    return parameters.entrySet().stream()
        .map(it -> it.getKey() + "=" + it.getValue())
        .collect(Collectors.joining(", "));
  }

  static String modeText(String mode) {
    return switch (mode) {
      case "avgt" -> "average time";
      case "sample" -> "sampled";
      case "thrpt" -> "throughput";
      case "ss" -> "single shots";
      default -> mode;
    };
  }

  private static Double number(String text) {
    return text.matches("[0-9]{1,15}") ? Double.valueOf(text) : Double.valueOf(-1);
  }

  private static int compareAll(
      NavigableMap<String, String> one, NavigableMap<String, String> other) {
    for (Map.Entry<String, String> each : one.entrySet()) {
      int order = VALUES.compare(each.getValue(), other.getOrDefault(each.getKey(), ""));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(one.size(), other.size());
  }
}
