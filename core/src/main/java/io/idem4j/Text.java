package io.idem4j;

import io.idem4j.spi.KeyRecord;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Checks text that comes from outside, before it becomes part of a key. */
final class Text {
  private Text() {}

  /** Returns {@code text} if it is neither blank nor too long, and well-formed Unicode. */
  static String require(@Nullable String text, String what, int maximumLength) {
    if (text == null || text.isBlank()) {
      throw new IllegalKeyException(what + " is missing or blank");
    }
    if (text.length() > maximumLength) {
      throw new IllegalKeyException(
          what + " has " + text.length() + " characters, and may have " + maximumLength);
    }
    requireWellFormed(text, what);
    return text;
  }

  /** Returns {@code text} if it can be stored as a record's reference. */
  static String requireReference(@Nullable String reference) {
    String text = require(reference, "a reference", KeyRecord.REFERENCE_LENGTH);
    if (text.indexOf('\0') >= 0) {
      throw new IllegalKeyException("a reference has no U+0000, which some databases cannot hold");
    }
    if (utf8(text, "a reference").length > KeyRecord.REFERENCE_LENGTH) {
      throw new IllegalKeyException(
          "a reference has at most " + KeyRecord.REFERENCE_LENGTH + " bytes of UTF-8");
    }
    return text;
  }

  /**
   * Encodes strictly: {@link String#getBytes} would replace a lone surrogate by a question mark,
   * and two keys would become one.
   */
  static byte[] utf8(String text, String what) {
    requireWellFormed(text, what);
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void requireWellFormed(String text, String what) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (i + 1 == text.length()
            || !Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
          throw new IllegalKeyException(what + " is no well-formed Unicode");
        }
        i++;
      }
    }
  }
}
