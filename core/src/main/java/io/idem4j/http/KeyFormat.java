package io.idem4j.http;

import io.idem4j.IllegalKeyException;
import io.idem4j.MisuseException;
import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a service's keys look like, beyond the syntax of the field: checked before any store access,
 * and published with the policy. Immutable and safe for use by many threads.
 */
public final class KeyFormat {
  private static final int UUID_LENGTH = 36;

  private static final KeyFormat ANY =
      new KeyFormat(
          1, IdempotencyKeyHeader.MAXIMUM_LENGTH, "printable ASCII", KeyFormat::isPrintable);

  private final int minimum;
  private final int maximum;
  private final String alphabet;
  private final Predicate<String> fits;

  private KeyFormat(int minimum, int maximum, String alphabet, Predicate<String> fits) {
    this.minimum = minimum;
    this.maximum = maximum;
    this.alphabet = alphabet;
    this.fits = fits;
  }

  /** Fields are checked before; what an extractor returns is sent back as a field may be. */
  private static boolean isPrintable(String text) {
    return text.chars().allMatch(c -> c >= ' ' && c <= '~');
  }

  /** Returns the format of keys with 1 to 255 characters of printable ASCII. */
  public static KeyFormat any() {
    return ANY;
  }

  /**
   * Returns the format of UUIDs in their text form (RFC 9562, section 4) of one of these versions,
   * or of any version if none is named. Digits count in their exact case, as all of a key does.
   *
   * @throws MisuseException if a version is not from 1 to 8
   */
  public static KeyFormat uuid(int... versions) {
    for (int version : versions) {
      if (version < 1 || version > 8) {
        throw new MisuseException("UUIDs have versions from 1 to 8, not " + version);
      }
    }
    String digits =
        versions.length == 0
            ? "1-8"
            : Arrays.stream(versions).mapToObj(Integer::toString).collect(Collectors.joining());
    Pattern pattern =
        Pattern.compile(
            "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-["
                + digits
                + "][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}");
    String names =
        versions.length == 0 ? "any version" : "version " + digits.replace("", " ").strip();
    return new KeyFormat(
        UUID_LENGTH, UUID_LENGTH, "a UUID of " + names, text -> pattern.matcher(text).matches());
  }

  /**
   * Returns the same with other limits.
   *
   * @param minimum the fewest characters of a key, after decoding
   * @param maximum the most
   * @throws MisuseException if they are not between 1 and {@value
   *     IdempotencyKeyHeader#MAXIMUM_LENGTH}, in this order, or this is the format of UUIDs, which
   *     have one length
   */
  public KeyFormat withLength(int minimum, int maximum) {
    if (this.minimum == UUID_LENGTH && this.maximum == UUID_LENGTH) {
      throw new MisuseException("UUIDs have " + UUID_LENGTH + " characters");
    }
    if (minimum < 1 || maximum < minimum || maximum > IdempotencyKeyHeader.MAXIMUM_LENGTH) {
      throw new MisuseException(
          "keys have from 1 to "
              + IdempotencyKeyHeader.MAXIMUM_LENGTH
              + " characters, not from "
              + minimum
              + " to "
              + maximum);
    }
    return new KeyFormat(minimum, maximum, alphabet, fits);
  }

  /**
   * Returns the same for keys of these characters alone.
   *
   * @param description of the characters, for the published policy and for refusals
   * @param allowed says whether a character may be in a key
   */
  public KeyFormat withAlphabet(String description, IntPredicate allowed) {
    return new KeyFormat(
        minimum, maximum, description, fits.and(text -> text.chars().allMatch(allowed)));
  }

  /**
   * Checks a key.
   *
   * @param name where it came from, for the message
   * @throws IllegalKeyException if it is not of this format; the message does not repeat it
   */
  void check(String name, String key) {
    if (key.length() < minimum || key.length() > maximum || !fits.test(key)) {
      throw IdempotencyKeyHeader.refused(name, "is no key of this service: " + describe());
    }
  }

  int maximum() {
    return maximum;
  }

  /** Returns the format in words, for the published policy. */
  String describe() {
    return minimum == maximum
        ? minimum + " characters, " + alphabet
        : minimum + " to " + maximum + " characters, " + alphabet;
  }

  @Override
  public String toString() {
    return "KeyFormat[" + describe() + "]";
  }
}
