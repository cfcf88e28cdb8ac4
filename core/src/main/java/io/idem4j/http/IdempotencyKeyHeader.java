package io.idem4j.http;

import io.idem4j.IdempotencyKey;
import io.idem4j.IllegalKeyException;
import io.idem4j.MisuseException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How the {@code Idempotency-Key} field is read (draft-ietf-httpapi-idempotency-key-header-07,
 * section 2.1).
 *
 * <p>Under each {@link Syntax} a field is either one key or refused: never two, never the first of
 * several. A field that two syntaxes accept has the same value in both, so that a service may
 * change its syntax without giving a key a second meaning. Values are compared by their exact
 * characters, in their exact case; the name of the field is matched without regard to case (RFC
 * 9110, section 5.1) by whoever takes the lines out of a request.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class IdempotencyKeyHeader {
  /** The name of the field. */
  public static final String NAME = "Idempotency-Key";

  /** The longest value, in characters after decoding, unless a service sets a lower limit. */
  public static final int MAXIMUM_LENGTH = IdempotencyKey.VALUE_LENGTH;

  /** What a field may look like. Printable ASCII alone, under each of them. */
  public enum Syntax {
    /**
     * A String Item of RFC 9651 (sections 3.3 and 3.3.3), read as section 4.2 says: a text in
     * double quotes, in which a backslash escapes a quote or a backslash. Parameters behind it must
     * be well-formed and mean nothing.
     */
    STRICT,

    /**
     * What {@link #STRICT} accepts, and the same text bare: {@code "k"} and {@code k} are one key.
     * A bare value consists of visible characters other than quote, backslash, comma and semicolon.
     * So its quoted form is the same text between quotes, and neither a list nor an item with
     * parameters is taken for a key. Nothing else in it has a meaning: {@code 42} is the key {@code
     * "42"}.
     */
    LENIENT,

    /**
     * The field as it came, without the blanks around it: for services whose published keys are
     * plain text. Blanks inside, semicolons and backslashes are characters like any other. Commas
     * are refused, because two fields that somebody joined on the way cannot be told from one with
     * a comma; double quotes are refused, because a client that quotes its keys would have two of
     * them for one.
     */
    RAW
  }

  private final String name;
  private final Syntax syntax;
  private final int maximumLength;

  private IdempotencyKeyHeader(String name, Syntax syntax, int maximumLength) {
    this.name = name;
    this.syntax = syntax;
    this.maximumLength = maximumLength;
  }

  /** Reads fields by this syntax, with values of at most {@value #MAXIMUM_LENGTH} characters. */
  public static IdempotencyKeyHeader of(Syntax syntax) {
    return new IdempotencyKeyHeader(NAME, syntax, MAXIMUM_LENGTH);
  }

  /**
   * Returns the same with a lower limit. It is a part of the service's published format: a longer
   * value is well-formed and refused all the same.
   *
   * @param characters the longest value, in characters after decoding
   * @throws MisuseException if it is not between 1 and {@value #MAXIMUM_LENGTH}
   */
  public IdempotencyKeyHeader withMaximumLength(int characters) {
    if (characters < 1 || characters > MAXIMUM_LENGTH) {
      throw new MisuseException(
          "the longest key has "
              + characters
              + " characters; from 1 to "
              + MAXIMUM_LENGTH
              + " can be");
    }
    return new IdempotencyKeyHeader(name, syntax, characters);
  }

  /**
   * Returns the same for a field of another name, such as {@code tracking-id}.
   *
   * @throws MisuseException if the name is no token of RFC 9110, section 5.6.2
   */
  public IdempotencyKeyHeader named(String otherName) {
    HttpResponse.requireField(otherName, "");
    return new IdempotencyKeyHeader(otherName, syntax, maximumLength);
  }

  /** Returns the name of the field. */
  public String name() {
    return name;
  }

  /**
   * Reads the key's value.
   *
   * <p>Several lines are refused whatever they hold. RFC 9651 (section 4.2) joins them with commas,
   * and what is joined is no Item but for a String that was cut at a comma, of which it says itself
   * that the result cannot be relied on.
   *
   * @param lines the values of all lines of the field as they came, blanks around them included;
   *     null or none if the request has no such field
   * @return the value, fit for {@link IdempotencyKey#of}; empty if there is no such field
   * @throws IllegalKeyException if the field is not exactly one key: several lines, another syntax,
   *     an empty or blank value, or one over the limit. The message repeats nothing of it and may
   *     be shown to the client
   */
  public Optional<String> parse(@Nullable List<String> lines) {
    if (lines == null || lines.isEmpty()) {
      return Optional.empty();
    }
    if (lines.size() > 1) {
      throw refused("came more than once");
    }
    String value = decode(lines.get(0));
    if (value.isBlank()) {
      throw refused("is empty or blank");
    }
    if (value.length() > maximumLength) {
      throw refused("has " + value.length() + " characters, and may have " + maximumLength);
    }
    return Optional.of(value);
  }

  /** Decodes a value of any length, and in linear time. */
  String decode(String line) {
    String field = strip(line);
    if (!field.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw refused("has characters other than printable ASCII");
    }
    return switch (syntax) {
      case STRICT -> StringItem.parse(name, field);
      case LENIENT -> field.startsWith("\"") ? StringItem.parse(name, field) : bare(field);
      case RAW -> without(field, "\",", "has a quote or a comma");
    };
  }

  private String bare(String field) {
    return without(
        field, " \"\\,;", "has a blank, quote, backslash, comma or semicolon outside quotes");
  }

  private String without(String field, String refused, String what) {
    if (field.chars().anyMatch(c -> refused.indexOf(c) >= 0)) {
      throw refused(what);
    }
    return field;
  }

  /** Takes the blanks away that HTTP allows around a field's value (RFC 9110, section 5.5). */
  private static String strip(String line) {
    int start = 0;
    int end = line.length();
    while (start < end && isBlank(line.charAt(start))) {
      start++;
    }
    while (end > start && isBlank(line.charAt(end - 1))) {
      end--;
    }
    return line.substring(start, end);
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }

  private IllegalKeyException refused(String what) {
    return refused(name, what);
  }

  static IllegalKeyException refused(String name, String what) {
    return new IllegalKeyException("the " + name + " field " + what);
  }

  @Override
  public String toString() {
    return "IdempotencyKeyHeader["
        + name
        + ", "
        + syntax
        + ", at most "
        + maximumLength
        + " characters]";
  }
}
