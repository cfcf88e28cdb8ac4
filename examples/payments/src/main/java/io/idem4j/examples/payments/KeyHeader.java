package io.idem4j.examples.payments;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code Idempotency-Key}: a string of RFC 9651 in double quotes, or the same characters
 * bare. {@code "k"} and {@code k} are one key.
 */
final class KeyHeader {
  static final int MAXIMUM_LENGTH = 255;

  /** Every character escaped, two quotes, and ample room for parameters. */
  private static final int MAXIMUM_RAW_LENGTH = 4096;

  /** Parameters behind a quoted string are legal and mean nothing here. */
  private static final Pattern PARAMETERS =
      Pattern.compile(
          "(?:; *+[a-z*][a-z0-9_.*-]*+"
              + "(?:=(?:\"(?:[ !#-\\[\\]-~]|\\\\[\\\\\"])*+\"|[!#-+\\--:<-~]++))?+)*+");

  private KeyHeader() {}

  /**
   * Returns the key; empty if there is no such header.
   *
   * @throws Refusal if the header does not hold exactly one usable key
   */
  static Optional<String> parse(@Nullable List<String> lines) throws Refusal {
    if (lines == null || lines.isEmpty()) {
      return Optional.empty();
    }
    if (lines.size() > 1) {
      throw malformed("There is more than one Idempotency-Key header.");
    }
    String raw = strip(lines.get(0));
    if (raw.length() > MAXIMUM_RAW_LENGTH) {
      throw tooLong();
    }
    String key = raw.startsWith("\"") ? quoted(raw) : bare(raw);
    if (key.isBlank()) {
      throw malformed("The Idempotency-Key is empty or blank.");
    }
    if (key.length() > MAXIMUM_LENGTH) {
      throw tooLong();
    }
    return Optional.of(key);
  }

  private static String quoted(String raw) throws Refusal {
    StringBuilder key = new StringBuilder();
    for (int i = 1; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c == '"') {
        if (!PARAMETERS.matcher(raw.substring(i + 1)).matches()) {
          throw malformed(
              "The Idempotency-Key is followed by something that does not belong there.");
        }
        return key.toString();
      }
      if (c == '\\') {
        i++;
        c = i < raw.length() ? raw.charAt(i) : 0;
        if (c != '"' && c != '\\') {
          throw malformed("In a quoted Idempotency-Key a backslash escapes only '\"' and '\\'.");
        }
      } else if (c < ' ' || c > '~') {
        throw notPrintable();
      }
      key.append(c);
    }
    throw malformed("The Idempotency-Key lacks its closing quote.");
  }

  private static String bare(String raw) throws Refusal {
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c < ' ' || c > '~') {
        throw notPrintable();
      }
      if (" \",;".indexOf(c) >= 0) {
        throw malformed(
            "An Idempotency-Key with blanks, quotes, commas or semicolons goes in double quotes; a"
                + " list is refused.");
      }
    }
    return raw;
  }

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

  private static Refusal notPrintable() {
    return malformed("The Idempotency-Key has characters other than printable ASCII.");
  }

  private static Refusal tooLong() {
    return malformed("The Idempotency-Key has more than " + MAXIMUM_LENGTH + " characters.");
  }

  private static Refusal malformed(String detail) {
    return new Refusal(Problem.keyMalformed(detail));
  }
}
