package io.idem4j.jmh;

import java.util.List;

/**
 * Bars that lie below each other, in blocks with a scale of their own that begins at zero.
 *
 * @param title of the whole
 */
record BarChart(String title, List<Block> blocks) {
  private static final int WIDTH = 760;
  private static final int ROW = 24;
  private static final int BAR = 16;
  private static final int HEAD = 26;
  private static final int LETTER = 8;
  private static final int VALUES = 190;

  /** Beyond so many times the longest bar an error is cut off: it would hide the bars. */
  private static final double MOST_ERROR = 1.5;

  /** Bars that can be compared. */
  record Block(String title, List<Bar> bars) {}

  /**
   * One bar.
   *
   * @param kind who it is of: a class of the page's style
   */
  record Bar(String label, String kind, Estimate value, String unit) {}

  String svg() {
    int labels =
        blocks.stream()
            .flatMap(it -> it.bars.stream())
            .mapToInt(it -> it.label.length() * LETTER + 12)
            .max()
            .orElse(0);
    int left = Math.min(Math.max(labels, 90), WIDTH / 2);
    StringBuilder svg = new StringBuilder();
    int y = 4;
    for (Block each : blocks) {
      if (!each.title.isEmpty()) {
        Svg.text(svg, "block", 0, y + 16, each.title);
        y += HEAD;
      }
      y = block(svg, each, left, y);
      y += ROW / 2;
    }
    return Svg.of(title, WIDTH, y, svg);
  }

  private static int block(StringBuilder svg, Block block, int left, int top) {
    double longest = block.bars.stream().mapToDouble(it -> shown(it.value)).max().orElse(0);
    double end =
        block.bars.stream()
            .mapToDouble(it -> Math.min(shown(it.value) + error(it.value), longest * MOST_ERROR))
            .max()
            .orElse(0);
    double scale = end > 0 ? (WIDTH - VALUES - left) / end : 0;
    int y = top;
    for (Bar each : block.bars) {
      Svg.text(svg, "label", left - 8, y + BAR - 3, each.label);
      double width = shown(each.value) * scale;
      Svg.rect(svg, "bar " + Html.word(each.kind), left, y, width, BAR);
      double error = error(each.value) * scale;
      if (error > 0) {
        double from = left + Math.max(0, width - error);
        double to = left + Math.min(width + error, end * scale);
        Svg.line(svg, "error", from, y + BAR / 2.0, to, y + BAR / 2.0);
        Svg.line(svg, "error", from, y + 4, from, y + BAR - 4);
        if (to > left + width + error - 0.1) {
          Svg.line(svg, "error", to, y + 4, to, y + BAR - 4);
        }
      }
      String value = each.value.isMeasured() ? each.value + " " + each.unit : "not measured";
      Svg.text(svg, "value", WIDTH - VALUES + 10, y + BAR - 3, value);
      y += ROW;
    }
    return y;
  }

  private static double shown(Estimate value) {
    return Double.isFinite(value.value()) ? Math.max(0, value.value()) : 0;
  }

  private static double error(Estimate value) {
    return Double.isFinite(value.error()) ? value.error() : 0;
  }
}
