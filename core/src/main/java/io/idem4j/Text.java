package io.idem4j;

import io.idem4j.spi.KeyRecord;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
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
    utf8(text, what);
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
    try {
      var bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] array = new byte[bytes.remaining()];
      bytes.get(array);
      return array;
    } catch (CharacterCodingException e) {
      throw new IllegalKeyException(what + " is no well-formed Unicode");
    }
  }
}
