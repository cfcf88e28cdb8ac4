package io.idem4j.http;

import io.idem4j.IllegalKeyException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Reads a String Item as RFC 9651, section 4.2, says, step by step; section numbers below are that
 * document's. Parameters are read to the end and dropped. For one thread, and one use.
 */
final class StringItem {
  private static final int END = -1;

  private final String name;
  private final String input;
  private int at;

  private StringItem(String name, String input) {
    this.name = name;
    this.input = input;
  }

  /**
   * Returns the decoded text of an input that is printable ASCII.
   *
   * @param name of the field, for messages
   */
  static String parse(String name, String input) {
    StringItem item = new StringItem(name, input);
    item.skipSpaces();
    String text = item.string();
    item.parameters();
    item.skipSpaces();
    if (item.peek() != END) {
      throw item.malformed("something follows its closing quote");
    }
    return text;
  }

  /** Section 4.2.5. */
  private String string() {
    if (next() != '"') {
      throw malformed("it does not begin with a quote");
    }
    StringBuilder text = new StringBuilder();
    for (int c = next(); c != '"'; c = next()) {
      if (c == '\\') {
        c = next();
        if (c != '"' && c != '\\') {
          throw malformed("a backslash escapes a quote or a backslash, and nothing else");
        }
      }
      if (c == END) {
        throw malformed("it lacks a closing quote");
      }
      text.append((char) c);
    }
    return text.toString();
  }

  /** Section 4.2.3.2. */
  private void parameters() {
    while (accept(';')) {
      skipSpaces();
      key();
      if (accept('=')) {
        bareItem();
      }
    }
  }

  /** Section 4.2.3.3. */
  private void key() {
    if (!isLower(peek()) && peek() != '*') {
      throw parameter();
    }
    while (isLower(peek()) || isDigit(peek()) || isOneOf("_-.*", peek())) {
      at++;
    }
  }

  /** Section 4.2.3.1. */
  private void bareItem() {
    int c = peek();
    if (c == '-' || isDigit(c)) {
      number();
    } else if (c == '"') {
      string();
    } else if (c == '*' || isLetter(c)) {
      token();
    } else if (accept(':')) {
      byteSequence();
    } else if (accept('?')) {
      if (!accept('0') && !accept('1')) {
        throw parameter();
      }
    } else if (accept('@')) {
      if (number()) {
        throw parameter();
      }
    } else if (accept('%')) {
      displayString();
    } else {
      throw parameter();
    }
  }

  /** Section 4.2.4; says whether it is a Decimal. */
  private boolean number() {
    accept('-');
    int whole = digits();
    boolean decimal = whole > 0 && accept('.');
    int fraction = decimal ? digits() : 0;
    boolean good = decimal ? whole <= 12 && fraction >= 1 && fraction <= 3 : whole <= 15;
    if (whole < 1 || !good) {
      throw parameter();
    }
    return decimal;
  }

  private int digits() {
    int from = at;
    while (isDigit(peek())) {
      at++;
    }
    return at - from;
  }

  /** Section 4.2.6; the first character was looked at. */
  private void token() {
    while (isLetter(peek()) || isDigit(peek()) || isOneOf("!#$%&'*+-.^_`|~:/", peek())) {
      at++;
    }
  }

  /** Section 4.2.7, behind the first colon. */
  private void byteSequence() {
    int end = input.indexOf(':', at);
    try {
      if (end < 0) {
        throw parameter();
      }
      Base64.getDecoder().decode(input.substring(at, end));
    } catch (IllegalArgumentException e) {
      throw parameter();
    }
    at = end + 1;
  }

  /** Section 4.2.10, behind the percent sign. */
  private void displayString() {
    if (!accept('"')) {
      throw parameter();
    }
    ByteArrayOutputStream utf8 = new ByteArrayOutputStream();
    for (int c = next(); c != '"'; c = next()) {
      if (c == END) {
        throw parameter();
      }
      utf8.write(c == '%' ? 16 * hex() + hex() : c);
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8.toByteArray()));
    } catch (CharacterCodingException e) {
      throw parameter();
    }
  }

  private int hex() {
    int c = next();
    if (!isDigit(c) && !(c >= 'a' && c <= 'f')) {
      throw parameter();
    }
    return Character.digit(c, 16);
  }

  private void skipSpaces() {
    while (accept(' ')) {
      // the next one
    }
  }

  private boolean accept(char wanted) {
    boolean there = peek() == wanted;
    if (there) {
      at++;
    }
    return there;
  }

  private int peek() {
    return at < input.length() ? input.charAt(at) : END;
  }

  private int next() {
    int c = peek();
    at++;
    return c;
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLower(int c) {
    return c >= 'a' && c <= 'z';
  }

  private static boolean isLetter(int c) {
    return isLower(c) || (c >= 'A' && c <= 'Z');
  }

  private static boolean isOneOf(String characters, int c) {
    return characters.indexOf(c) >= 0;
  }

  private IllegalKeyException parameter() {
    return malformed("a parameter behind it is malformed");
  }

  private IllegalKeyException malformed(String why) {
    return IdempotencyKeyHeader.refused(name, "is not a String of RFC 9651: " + why);
  }
}
