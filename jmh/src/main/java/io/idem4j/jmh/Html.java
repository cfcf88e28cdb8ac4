package io.idem4j.jmh;

import java.util.Locale;

/** Texts in HTML and SVG. */
final class Html {
  private Html() {}

  /** Returns a text that can stand between tags and in quoted attributes. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** Returns a text as the name of a class. */
  static String word(String text) {
    return text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
  }

  /** Returns a coordinate. */
  static String at(double place) {
    return String.format(Locale.ROOT, "%.1f", place);
  }
}
