package io.idem4j.jmh;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A table of the report, for the page and for the README.
 *
 * @param columns their titles
 * @param rows as many texts as there are columns
 */
record Table(List<String> columns, List<List<String>> rows) {
  private static final double[] PERCENTILES = {50, 90, 99, 99.9};

  /** A count that stands beside the times. */
  private record Count(String metric, String title) {}

  private static final List<Count> COUNTS =
      List.of(
          new Count("gc.alloc.rate.norm", "bytes"),
          new Count("bytes", "bytes without the key"),
          new Count("trips", "round trips"),
          new Count("checkouts", "connections"),
          new Count("units", "capacity units"),
          new Count("runs", "runs"),
          new Count("polls", "polls"),
          new Count("errors", "errors"));

  /** Returns what the project wants to reach, beside what was seen. */
  static Table goals(List<Measured> results) {
    return new Table(
        List.of("what", "goal", "seen", "verdict"),
        Goals.ALL.stream()
            .flatMap(it -> it.rows(results).stream())
            .map(
                it -> List.of(it.what(), it.limit(), it.seen().toString(), it.verdict().toString()))
            .toList());
  }

  /** Returns all that have a floor beside it, with their counts and the floor's. */
  static Table ratios(List<Ratio> ratios) {
    Columns<Ratio> columns = new Columns<>(ratios);
    columns.add("what", it -> it.measured().subject());
    columns.add("by", it -> it.measured().byText());
    columns.add("time", it -> time(it.measured()));
    columns.add("by hand", it -> time(it.floor()));
    columns.add("ratio", it -> it.times().toString());
    for (Count each : COUNTS) {
      columns.addIf(
          it -> has(it.measured(), each) || has(it.floor(), each),
          each.title + ", and by hand",
          it -> count(it.measured(), each) + " / " + count(it.floor(), each));
    }
    return columns.table();
  }

  /** Returns all results. */
  static Table all(List<Measured> results) {
    Columns<Measured> columns = new Columns<>(results);
    columns.add("what", Measured::subject);
    columns.add("by", Measured::byText);
    columns.add("time", Table::time);
    for (double each : PERCENTILES) {
      String name = "p" + new Estimate(each, Double.NaN).plain();
      columns.addIf(Measured::isSampled, name, it -> it.figure(name).toString());
    }
    for (Count each : COUNTS) {
      columns.addIf(it -> has(it, each), each.title, it -> it.figure(each.metric).count());
    }
    return columns.table();
  }

  static String time(Measured measured) {
    return measured.score().isMeasured() ? measured.score() + " " + measured.unit() : "";
  }

  private static boolean has(Measured measured, Count count) {
    return measured.counts().containsKey(count.metric);
  }

  private static String count(Measured measured, Count count) {
    return Optional.of(measured.figure(count.metric).count())
        .filter(it -> !it.isEmpty())
        .orElse("?");
  }

  String markdown() {
    StringBuilder text = new StringBuilder();
    line(text, columns);
    line(text, columns.stream().map(it -> "---").toList());
    rows.forEach(row -> line(text, row));
    return text.toString();
  }

  private static void line(StringBuilder text, List<String> cells) {
    text.append(
        cells.stream()
            .map(it -> it.replace("|", "\\|").replace("<", "&lt;"))
            .collect(Collectors.joining(" | ", "| ", " |\n")));
  }

  /** Writes the table with the last column's text as its class, if that is a verdict. */
  String html() {
    StringBuilder text = new StringBuilder("<div class=\"wide\"><table>\n<thead><tr>");
    columns.forEach(it -> text.append("<th>").append(Html.escape(it)).append("</th>"));
    text.append("</tr></thead>\n<tbody>\n");
    for (List<String> row : rows) {
      text.append("<tr>");
      for (int i = 0; i < row.size(); i++) {
        boolean verdict = columns.get(i).equals("verdict");
        text.append(verdict ? "<td class=\"" + Html.word(row.get(i)) + "\">" : "<td>")
            .append(Html.escape(row.get(i)))
            .append("</td>");
      }
      text.append("</tr>\n");
    }
    return text.append("</tbody></table></div>\n").toString();
  }

  /** Columns of which some are left out where no row has anything for them. */
  private record Columns<T>(List<T> of, List<String> titles, List<Function<T, String>> cells) {
    Columns(List<T> of) {
      this(of, new ArrayList<>(), new ArrayList<>());
    }

    void add(String title, Function<T, String> cell) {
      titles.add(title);
      cells.add(cell);
    }

    void addIf(Predicate<T> present, String title, Function<T, String> cell) {
      if (of.stream().anyMatch(present)) {
        add(title, it -> present.test(it) ? cell.apply(it) : "");
      }
    }

    Table table() {
      return new Table(
          titles,
          of.stream().map(row -> cells.stream().map(it -> it.apply(row)).toList()).toList());
    }
  }
}
