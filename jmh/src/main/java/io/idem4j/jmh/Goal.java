package io.idem4j.jmh;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a result has to reach: a figure of its own, or that many times the figure of another.
 *
 * @param what in words
 * @param first which results have to reach it
 * @param other in what each of them differs from the result that it is compared with; nothing if
 *     the figure itself is limited
 * @param limit in words
 * @param most whether the limit is the most or the least
 * @param number the limit
 */
record Goal(
    String what,
    Selection first,
    @Nullable Selection other,
    String limit,
    boolean most,
    double number) {
  private static final Pattern LINE =
      Pattern.compile(
          "(?<what>.+?) \\| (?<first>\\S+)"
              + " \\| (?<side>[≤≥]) (?<number>[0-9.]+)(?: × (?<other>\\S+))?");

  /** How a result stands to its goal. */
  enum Verdict {
    /** With all of its error. */
    MET("met"),
    /** But for its error, or its error is not known. */
    UNSURE("met, but within the error"),
    /** Not, whatever its error. */
    MISSED("missed"),
    /** No such result. */
    NOT_MEASURED("not measured");

    private final String text;

    Verdict(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * One row of the table of goals.
   *
   * @param what the goal, in words
   * @param limit its limit
   * @param seen what was measured
   */
  record Row(String what, String limit, Estimate seen, Verdict verdict) {}

  /**
   * Returns the goal that a line says.
   *
   * <pre>
   * bytes of a replay | CallBenchmark.replay{store=memory}#gc.alloc.rate.norm | ≤ 200
   * replay | CallBenchmark.replay{store=redis,by=idem4j} | ≤ 1.15 × {by=byhand}
   * </pre>
   */
  static Goal of(String line) {
    Matcher parts = LINE.matcher(line);
    if (!parts.matches()) {
      throw new IllegalArgumentException("not what | result | limit × {other}: " + line);
    }
    String other = parts.group("other");
    String limit = parts.group("side") + " " + parts.group("number");
    return new Goal(
        parts.group("what"),
        Selection.of(parts.group("first")),
        other == null ? null : Selection.of(other),
        other == null ? limit : limit + " ×",
        parts.group("side").equals("≤"),
        Double.parseDouble(parts.group("number")));
  }

  /** Returns a row for each result that the goal is for, and one if there is none. */
  List<Row> rows(List<Measured> results) {
    List<Measured> meant = results.stream().filter(first::matches).toList();
    if (meant.isEmpty()) {
      return List.of(row(what, Estimate.NONE));
    }
    return meant.stream()
        .map(it -> row(meant.size() == 1 ? what : what + ": " + it.subject(), seen(it, results)))
        .toList();
  }

  private Row row(String text, Estimate seen) {
    return new Row(text, limit, seen, verdict(seen));
  }

  private Estimate seen(Measured measured, List<Measured> results) {
    Estimate figure = measured.figure(first.figure());
    if (other == null) {
      return figure;
    }
    Optional<Measured> counterpart =
        results.stream().filter(it -> other.isCounterpart(measured, it)).findFirst();
    return counterpart.map(it -> figure.over(it.figure(first.figure()))).orElse(Estimate.NONE);
  }

  private Verdict verdict(Estimate seen) {
    if (!seen.isMeasured()) {
      return Verdict.NOT_MEASURED;
    }
    // What JMH divides is not exact: one run a call may be 1.0000000000000002.
    double slack = Math.abs(number) * 1e-9;
    double beyond = (most ? seen.value() - number : number - seen.value()) - slack;
    if (beyond > 0) {
      return Verdict.MISSED;
    }
    if (!seen.hasError()) {
      return first.figure().isEmpty() ? Verdict.UNSURE : Verdict.MET;
    }
    return beyond + seen.error() > 0 ? Verdict.UNSURE : Verdict.MET;
  }
}
