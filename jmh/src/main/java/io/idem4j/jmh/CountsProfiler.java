package io.idem4j.jmh;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Puts what was counted in an iteration beside its times: for each operation {@code trips}, {@code
 * checkouts}, {@code units}, {@code bytes}, {@code runs} and {@code errors}, for each poll interval
 * {@code polls}; of these what is counted in this benchmark at all. Units are left out where an
 * answer did not say them.
 */
public final class CountsProfiler implements InternalProfiler {
  private static final List<Counts> OF_AN_OPERATION =
      List.of(
          Counts.TRIPS, Counts.CHECKOUTS, Counts.UNITS, Counts.BYTES, Counts.RUNS, Counts.ERRORS);

  private final Map<Counts, Double> before = new EnumMap<>(Counts.class);

  @Override
  public String getDescription() {
    return "Counts of round trips, connections, capacity units";
  }

  @Override
  public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
    begin();
  }

  /** Begins an iteration: what was counted before is not its own. */
  void begin() {
    for (Counts each : Counts.values()) {
      before.put(each, each.ofCalls());
    }
  }

  @Override
  public Collection<ScalarResult> afterIteration(
      BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
    return results(result.getMetadata().getAllOps());
  }

  /** Returns what was counted since the iteration began, in which there were so many operations. */
  Collection<ScalarResult> results(long operations) {
    List<ScalarResult> results = new ArrayList<>();
    for (Counts each : OF_AN_OPERATION) {
      boolean told = each != Counts.UNITS || since(Counts.UNITS_UNTOLD) == 0;
      if (each.isCounting() && told && operations > 0) {
        results.add(result(each, since(each) / operations, "op"));
      }
    }
    double intervals = since(Counts.INTERVALS);
    if (intervals > 0) {
      results.add(result(Counts.POLLS, since(Counts.POLLS) / intervals, "interval"));
    }
    return results;
  }

  private double since(Counts count) {
    return count.ofCalls() - before.getOrDefault(count, 0.0);
  }

  private static ScalarResult result(Counts count, double number, String each) {
    String name = count.name().toLowerCase(Locale.ROOT);
    return new ScalarResult(name, number, name + "/" + each, AggregationPolicy.AVG);
  }
}
