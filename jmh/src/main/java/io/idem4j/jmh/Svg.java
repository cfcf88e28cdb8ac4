package io.idem4j.jmh;

/**
 * The shapes of the charts. They are written by hand because a chart library asks AWT for the size
 * of its texts, which fails on a machine without fonts; and so texts stay texts, and the page's
 * style, dark or light, holds for the charts.
 */
final class Svg {
  private Svg() {}

  static String of(String title, int width, int height, CharSequence shapes) {
    String name = Html.escape(title);
    return """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">
    <title>%s</title>
    %s</svg>
    """
        .formatted(width, height, name, name, shapes);
  }

  static void rect(
      StringBuilder svg, String kind, double x, double y, double width, double height) {
    svg.append(
        "<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"/>\n"
            .formatted(kind, Html.at(x), Html.at(y), Html.at(width), Html.at(height)));
  }

  static void line(StringBuilder svg, String kind, double x1, double y1, double x2, double y2) {
    svg.append(
        "<line class=\"%s\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>\n"
            .formatted(kind, Html.at(x1), Html.at(y1), Html.at(x2), Html.at(y2)));
  }

  static void dot(StringBuilder svg, String kind, double x, double y) {
    svg.append(
        "<circle class=\"%s\" cx=\"%s\" cy=\"%s\" r=\"4\"/>\n"
            .formatted(kind, Html.at(x), Html.at(y)));
  }

  static void text(StringBuilder svg, String kind, double x, double y, String text) {
    svg.append(
        "<text class=\"%s\" x=\"%s\" y=\"%s\">%s</text>\n"
            .formatted(kind, Html.at(x), Html.at(y), Html.escape(text)));
  }
}
