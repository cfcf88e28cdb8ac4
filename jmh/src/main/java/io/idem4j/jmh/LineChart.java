package io.idem4j.jmh;

import java.util.List;

/**
 * Lines over a number that grows by factors: its axis is logarithmic, that of the figures begins at
 * zero.
 *
 * @param title of the whole
 * @param axis what the number is
 * @param unit of the figures
 */
record LineChart(String title, String axis, String unit, List<Series> series) {
  /** So many lines can be told apart. */
  static final int MOST_LINES = 6;

  private static final int WIDTH = 760;
  private static final int HEIGHT = 300;
  private static final int LEFT = 70;
  private static final int RIGHT = 30;
  private static final int BOTTOM = 44;
  private static final int LEGEND = 20;
  private static final double MOST_ERROR = 1.5;

  /** One line. */
  record Series(String label, List<Point> points) {}

  /** Where a line turns. */
  record Point(double x, Estimate y) {}

  String svg() {
    List<Point> points = series.stream().flatMap(it -> it.points.stream()).toList();
    double least = points.stream().mapToDouble(Point::x).min().orElse(1);
    double most = points.stream().mapToDouble(Point::x).max().orElse(1);
    double highest = points.stream().mapToDouble(it -> it.y.value()).max().orElse(1);
    double withError =
        points.stream().mapToDouble(it -> it.y.value() + error(it.y)).max().orElse(1);
    double step = step(Math.min(withError, highest * MOST_ERROR));
    double end = step * Math.ceil(Math.min(withError, highest * MOST_ERROR) / step);
    Frame frame = new Frame(least, most, end, series.size() * LEGEND + 16);
    StringBuilder svg = new StringBuilder();
    for (int i = 0; i * step <= end * 1.001; i++) {
      double y = frame.y(i * step);
      Svg.line(svg, i == 0 ? "axis" : "grid", LEFT, y, WIDTH - RIGHT, y);
      Svg.text(svg, "label", LEFT - 8, y + 4, new Estimate(i * step, Double.NaN).plain());
    }
    Svg.text(svg, "value", 0, frame.top - 10, unit);
    points.stream()
        .mapToDouble(Point::x)
        .distinct()
        .forEach(x -> Svg.text(svg, "tick", frame.x(x), frame.bottom() + 18, whole(x)));
    Svg.text(svg, "tick", (LEFT + WIDTH - RIGHT) / 2.0, frame.bottom() + 38, axis);
    for (int i = 0; i < series.size(); i++) {
      line(svg, series.get(i), "s" + i, frame);
      double y = (i + 1) * LEGEND - 8;
      Svg.line(svg, "line s" + i, LEFT, y, LEFT + 40, y);
      Svg.dot(svg, "dot s" + i, LEFT + 20, y);
      Svg.text(svg, "value", LEFT + 50, y + 4, series.get(i).label);
    }
    return Svg.of(title, WIDTH, frame.bottom() + BOTTOM, svg);
  }

  private static void line(StringBuilder svg, Series series, String kind, Frame frame) {
    List<Point> points = series.points;
    for (int i = 0; i < points.size(); i++) {
      double x = frame.x(points.get(i).x);
      Estimate figure = points.get(i).y;
      double y = frame.y(figure.value());
      if (i > 0) {
        Point before = points.get(i - 1);
        Svg.line(svg, "line " + kind, frame.x(before.x), frame.y(before.y.value()), x, y);
      }
      if (error(figure) > 0) {
        double high = frame.y(Math.min(frame.most, figure.value() + figure.error()));
        double low = frame.y(Math.max(0, figure.value() - figure.error()));
        Svg.line(svg, "error", x, high, x, low);
      }
      Svg.dot(svg, "dot " + kind, x, y);
    }
  }

  private static double error(Estimate figure) {
    return Double.isFinite(figure.error()) ? figure.error() : 0;
  }

  private static String whole(double number) {
    return Long.toString(Math.round(number));
  }

  /** Between three and six steps of 1, 2 or 5 times a power of ten. */
  private static double step(double most) {
    if (!(most > 0)) {
      return 1;
    }
    double power = Math.pow(10, Math.floor(Math.log10(most)));
    double leading = most / power;
    return leading > 5 ? 2 * power : leading > 2 ? power : leading > 1 ? 0.5 * power : 0.2 * power;
  }

  /** Where figures are on the chart. */
  private record Frame(double left, double right, double most, int top) {
    int bottom() {
      return top + HEIGHT - BOTTOM;
    }

    double x(double number) {
      double part = right > left ? Math.log(number / left) / Math.log(right / left) : 0.5;
      return LEFT + 20 + part * (WIDTH - RIGHT - LEFT - 40);
    }

    double y(double figure) {
      return bottom() - figure / most * (bottom() - top);
    }
  }
}
