package io.idem4j.jmh;

import io.idem4j.jmh.BarChart.Bar;
import io.idem4j.jmh.BarChart.Block;
import io.idem4j.jmh.LineChart.Point;
import io.idem4j.jmh.LineChart.Series;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Which charts there are: those of one benchmark on one store. */
final class Charts {
  private static final List<String> GROWING = List.of("records", "callers");
  private static final List<String> MEAN_AND_TAIL = List.of("p50", "p99");
  private static final List<String> PERCENTILES = List.of("p50", "p90", "p99", "p99.9");

  private Charts() {}

  /** Returns the results that are shown together, by the title of their charts. */
  static Map<String, List<Measured>> groups(List<Measured> results) {
    return results.stream()
        .filter(it -> it.score().isMeasured())
        .collect(Collectors.groupingBy(Charts::title, LinkedHashMap::new, Collectors.toList()));
  }

  private static String title(Measured measured) {
    return Stream.of(measured.name(), measured.store(), Measured.modeText(measured.mode()))
        .filter(it -> !it.isEmpty())
        .collect(Collectors.joining(", "));
  }

  /** Returns the charts of one group. */
  static List<String> of(String title, List<Measured> group) {
    List<String> charts = new ArrayList<>();
    for (String each : GROWING) {
      if (grows(each, group)) {
        charts.addAll(lines(title, each, group));
      }
    }
    boolean sampled = group.stream().anyMatch(Measured::isSampled);
    if (charts.isEmpty() || sampled) {
      charts.add(new BarChart(title, sampled ? percentiles(group) : blocks(group)).svg());
    }
    return charts;
  }

  private static boolean grows(String parameter, List<Measured> group) {
    List<String> values =
        group.stream().map(it -> it.parameters().getOrDefault(parameter, "")).distinct().toList();
    return values.size() > 1 && values.stream().allMatch(it -> it.matches("[1-9][0-9]*"));
  }

  private static List<String> lines(String title, String growing, List<Measured> group) {
    Map<String, List<Point>> lines = new LinkedHashMap<>();
    for (Measured each : group) {
      for (String figure : each.isSampled() ? MEAN_AND_TAIL : List.of("")) {
        lines
            .computeIfAbsent(label(each, figure, growing, group), it -> new ArrayList<>())
            .add(
                new Point(
                    Double.parseDouble(each.parameters().getOrDefault(growing, "")),
                    figure.isEmpty() ? each.score() : each.figure(figure)));
      }
    }
    List<Series> series =
        lines.entrySet().stream()
            .map(it -> new Series(it.getKey(), sorted(it.getValue())))
            .toList();
    List<String> charts = new ArrayList<>();
    for (int from = 0; from < series.size(); from += LineChart.MOST_LINES) {
      int to = Math.min(series.size(), from + LineChart.MOST_LINES);
      charts.add(
          new LineChart(title, growing, group.get(0).unit(), series.subList(from, to)).svg());
    }
    return charts;
  }

  private static List<Point> sorted(List<Point> points) {
    return points.stream().sorted(Comparator.comparingDouble(Point::x)).toList();
  }

  /** A block for each combination of parameters, if there are several to compare in it. */
  private static List<Block> blocks(List<Measured> group) {
    Map<String, List<Measured>> blocks =
        group.stream()
            .collect(
                Collectors.groupingBy(
                    it -> Measured.text(it.others(Measured.STORE)),
                    LinkedHashMap::new,
                    Collectors.toList()));
    if (blocks.values().stream().allMatch(it -> it.size() == 1)) {
      return List.of(
          new Block("", group.stream().map(it -> bar(it, label(it, "", "", group), "")).toList()));
    }
    return blocks.entrySet().stream()
        .map(
            it ->
                new Block(
                    it.getKey(),
                    it.getValue().stream().map(each -> bar(each, each.byText(), "")).toList()))
        .toList();
  }

  private static List<Block> percentiles(List<Measured> group) {
    return Stream.concat(Stream.of(""), PERCENTILES.stream())
        .map(
            figure ->
                new Block(
                    figure.isEmpty() ? "mean" : figure,
                    group.stream().map(it -> bar(it, label(it, "", "", group), figure)).toList()))
        .toList();
  }

  private static Bar bar(Measured measured, String label, String figure) {
    Estimate value = figure.isEmpty() ? measured.score() : measured.figure(figure);
    return new Bar(label, measured.by(), value, measured.unit());
  }

  /** Says in what a result differs from the others of its group. */
  private static String label(Measured measured, String figure, String but, List<Measured> group) {
    String[] same =
        measured.parameters().keySet().stream()
            .filter(name -> isSame(name, group) || name.equals(but))
            .toArray(String[]::new);
    Map<String, String> others = measured.others(same);
    if (!isSame(Measured.THREADS, group)) {
      others.putIfAbsent(Measured.THREADS, "1");
    }
    String by = group.stream().map(Measured::by).distinct().count() > 1 ? measured.byText() : "";
    String label =
        Stream.of(Measured.text(others), by, figure)
            .filter(it -> !it.isEmpty())
            .collect(Collectors.joining(", "));
    return label.isEmpty() ? measured.byText() : label;
  }

  private static boolean isSame(String parameter, List<Measured> group) {
    return group.stream().map(it -> it.parameters().getOrDefault(parameter, "")).distinct().count()
        == 1;
  }
}
