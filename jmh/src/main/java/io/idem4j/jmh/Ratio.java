package io.idem4j.jmh;

import java.util.List;
import java.util.Optional;

/**
 * What a contender took, beside the work by hand in the same run.
 *
 * @param times how many times as long
 */
record Ratio(Measured measured, Measured floor, Estimate times) {
  /** Returns a ratio for each result that has a floor, in the order of the results. */
  static List<Ratio> of(List<Measured> results) {
    return results.stream()
        .filter(it -> !it.by().equals(Measured.BY_HAND))
        .flatMap(it -> floor(results, it).map(floor -> of(it, floor)).stream())
        .toList();
  }

  private static Optional<Measured> floor(List<Measured> results, Measured measured) {
    return results.stream()
        .filter(it -> it.by().equals(Measured.BY_HAND))
        .filter(it -> it.subject().equals(measured.subject()))
        .findFirst();
  }

  private static Ratio of(Measured measured, Measured floor) {
    return new Ratio(measured, floor, measured.time().over(floor.time()));
  }
}
