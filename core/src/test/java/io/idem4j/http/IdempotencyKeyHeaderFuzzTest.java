package io.idem4j.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.IdempotencyKey;
import io.idem4j.IllegalKeyException;
import io.idem4j.Proof;
import io.idem4j.Scope;
import io.idem4j.http.IdempotencyKeyHeader.Syntax;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * Whatever a client sends: one key or the typed refusal, as {@link FieldGrammar} says too.
 *
 * <p>More of it, with longer exhausted texts: {@code mvn test -pl core
 * -Dtest=IdempotencyKeyHeaderFuzzTest -Djqwik.tries.default=200000 -Didem4j.fuzz.more=1}
 */
class IdempotencyKeyHeaderFuzzTest {
  /** By how many characters the exhausted texts are longer than usual. */
  private static final int MORE = Integer.getInteger("idem4j.fuzz.more", 0);

  private static final AtomicLong EXHAUSTED = new AtomicLong();
  private static final AtomicLong TRIES = new AtomicLong();
  private static final AtomicLong ACCEPTED = new AtomicLong();

  @AfterContainer
  static void count() {
    Proof.count("IdempotencyKeyHeaderFuzzTest", "fields of exhausted alphabets", EXHAUSTED.get());
    Proof.count("IdempotencyKeyHeaderFuzzTest", "random and mutated fields", TRIES.get());
    Proof.count("IdempotencyKeyHeaderFuzzTest", "of these accepted", ACCEPTED.get());
  }

  /** What one syntax makes of a line; anything but the typed refusal fails the test. */
  private static Optional<String> read(Syntax syntax, String line) {
    try {
      return IdempotencyKeyHeader.of(syntax).parse(List.of(line));
    } catch (IllegalKeyException e) {
      return Optional.empty();
    }
  }

  /** Reads a line by all syntaxes and compares: with the grammar, and with each other. */
  private static boolean agrees(String line) {
    Optional<String> strict = read(Syntax.STRICT, line);
    Optional<String> lenient = read(Syntax.LENIENT, line);
    Optional<String> raw = read(Syntax.RAW, line);
    if (!strict.equals(expected(Syntax.STRICT, line))
        || !lenient.equals(expected(Syntax.LENIENT, line))
        || !raw.equals(expected(Syntax.RAW, line))) {
      throw new AssertionError(
          "%s is strictly %s, leniently %s, raw %s; the grammar says %s, %s, %s"
              .formatted(
                  line,
                  strict,
                  lenient,
                  raw,
                  expected(Syntax.STRICT, line),
                  expected(Syntax.LENIENT, line),
                  expected(Syntax.RAW, line)));
    }
    if (strict.isPresent() && !strict.equals(lenient)) {
      throw new AssertionError(line + " is accepted strictly and is another key leniently");
    }
    if (raw.isPresent() && lenient.isPresent() && !raw.equals(lenient)) {
      throw new AssertionError(line + " is one key raw and another leniently");
    }
    return lenient.isPresent() || raw.isPresent();
  }

  private static Optional<String> expected(Syntax syntax, String line) {
    return FieldGrammar.value(syntax, line)
        .filter(value -> value.length() <= IdempotencyKeyHeader.MAXIMUM_LENGTH);
  }

  /** Every text of up to this many characters, before and after a fixed part. */
  private static void exhaust(String before, String alphabet, int length, String after) {
    long accepted = 0;
    long tried = 0;
    for (int size = 0; size <= length; size++) {
      int[] digits = new int[size];
      StringBuilder line = new StringBuilder(before);
      line.append(alphabet.substring(0, 1).repeat(size)).append(after);
      do {
        accepted += agrees(line.toString()) ? 1 : 0;
        tried++;
      } while (next(digits, alphabet, line, before.length()));
    }
    EXHAUSTED.addAndGet(tried);
    assertThat(accepted).as("both answers occur").isBetween(1L, tried - 1);
  }

  private static boolean next(int[] digits, String alphabet, StringBuilder line, int from) {
    for (int place = 0; place < digits.length; place++) {
      digits[place] = (digits[place] + 1) % alphabet.length();
      line.setCharAt(from + place, alphabet.charAt(digits[place]));
      if (digits[place] != 0) {
        return true;
      }
    }
    return false;
  }

  @Example
  void h02_everyShortField_isReadAsTheGrammarSays() {
    exhaust("", KeyHeaderSamples.CRITICAL, 3 + MORE, "");
    exhaust("", "\"\\;, a=", 5 + MORE, "");
  }

  @Example
  void h02_everyShortText_isReadAsTheGrammarSays() {
    exhaust("\"", KeyHeaderSamples.CRITICAL, 2 + MORE, "\"");
    exhaust("\"", "\"\\ a", 6 + MORE, "\"");
  }

  @Example
  void h05_everyShortParameter_isReadAsTheGrammarSays() {
    exhaust("\"k\"", KeyHeaderSamples.CRITICAL, 3 + MORE, "");
    exhaust("\"k\";a=", KeyHeaderSamples.CRITICAL + "/+", 2 + MORE, "");
    exhaust("\"k\";a=:", "a9+/=:-", 4 + MORE, ":");
    exhaust("\"k\";a=%\"", "%089ae", 4 + MORE, "\"");
    exhaust("\"k\";a=%\"%", "0189acdef", 2, "%80\"");
    exhaust("\"k\";a=%\"%e", "01ad89%", 3, "0%bf\"");
    exhaust("\"k\";a=%\"%f", "0145b89%", 3, "0%80%bf\"");
    exhaust("\"k\";a=123456789", "1.-;", 7, "");
  }

  /** Each character up to U+017F and some hundred others, in the middle, in quotes, behind them. */
  @Example
  void bad03_everyCharacter_isReadAsTheGrammarSays() {
    for (int c = 0; c <= 0xFFFF; c += c < 0x180 ? 1 : 127) {
      for (String line :
          List.of(
              "" + (char) c, "a" + (char) c + "a", "\"" + (char) c + "\"", "\"a\"" + (char) c)) {
        agrees(line);
        EXHAUSTED.incrementAndGet();
      }
    }
  }

  @Property
  void anyText_isOneKeyOrRefused(@ForAll String line) {
    tried(line);
  }

  @Property
  void anyBytes_asAServerDecodesThem_areOneKeyOrRefused(@ForAll byte[] bytes) {
    tried(new String(bytes, StandardCharsets.ISO_8859_1));
  }

  @Property
  void anyAscii_isOneKeyOrRefused(
      @ForAll @net.jqwik.api.constraints.CharRange(from = ' ', to = '~') String line) {
    tried(line);
  }

  @Property
  void wellFormedField_isOneKeyOrRefused(@ForAll("fields") String line) {
    tried(line);
  }

  @Property
  void mutatedField_isOneKeyOrRefused(@ForAll("mutants") String line) {
    tried(line);
  }

  @Property
  void bad06_bareAndQuoted_areOneKeyUnlessTheBareFormIsRefused(@ForAll("texts") String text) {
    TRIES.incrementAndGet();
    assertThat(read(Syntax.STRICT, KeyHeaderSamples.quoted(text))).contains(text);
    Optional<String> bare = read(Syntax.LENIENT, text);
    if (bare.isPresent() && !text.strip().startsWith("\"")) {
      String quoted = '"' + bare.get() + '"';
      assertThat(read(Syntax.LENIENT, quoted)).isEqualTo(bare);
      assertThat(read(Syntax.STRICT, quoted)).isEqualTo(bare);
    }
  }

  @Property
  void acceptedValue_writtenAsAString_isReadAgainAndMakesAKey(@ForAll("mutants") String line) {
    for (Syntax syntax : Syntax.values()) {
      read(syntax, line)
          .ifPresent(
              value -> {
                String written = KeyHeaderSamples.quoted(value);
                assertThat(read(Syntax.STRICT, written)).contains(value);
                assertThat(read(Syntax.LENIENT, written + ";a=1")).contains(value);
                assertThat(key(value)).isEqualTo(key(read(Syntax.STRICT, written).orElseThrow()));
              });
    }
  }

  @Property
  void differentValues_areDifferentKeys(
      @ForAll("mutants") String one, @ForAll("mutants") String other) {
    Optional<String> first = read(Syntax.LENIENT, one);
    Optional<String> second = read(Syntax.LENIENT, other);
    if (first.isPresent() && second.isPresent()) {
      assertThat(key(first.get()).equals(key(second.get()))).isEqualTo(first.equals(second));
    }
  }

  /** The text that is planted has eight letters, and none of them stand together in a message. */
  @Property
  void i45_refusal_repeatsNothing(@ForAll("mutants") String line, @ForAll int place) {
    int at = Math.floorMod(place, line.length() + 1);
    String planted = line.substring(0, at) + "zqxjkvwy" + line.substring(at);
    for (Syntax syntax : Syntax.values()) {
      for (List<String> lines : List.of(List.of(planted), List.of(planted, line))) {
        try {
          IdempotencyKeyHeader.of(syntax).withMaximumLength(9).parse(lines);
        } catch (IllegalKeyException e) {
          assertThat(e.toString()).doesNotContain("zqx").matches("[ -~]{20,200}");
          assertThat(e.getCause()).isNull();
          assertThat(e.getSuppressed()).isEmpty();
        }
      }
    }
  }

  @Property
  void h04_severalLines_areNeverAKey(
      @ForAll("fields") String one, @ForAll("mutants") String other) {
    for (Syntax syntax : Syntax.values()) {
      List<String> lines = new ArrayList<>(List.of(one, other));
      IdempotencyKeyHeader header = IdempotencyKeyHeader.of(syntax);
      assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> header.parse(lines)))
          .isExactlyInstanceOf(IllegalKeyException.class);
    }
  }

  @Provide
  Arbitrary<String> fields() {
    return KeyHeaderSamples.fields();
  }

  @Provide
  Arbitrary<String> mutants() {
    return KeyHeaderSamples.mutants();
  }

  @Provide
  Arbitrary<String> texts() {
    return KeyHeaderSamples.texts();
  }

  private static void tried(String line) {
    TRIES.incrementAndGet();
    ACCEPTED.addAndGet(agrees(line) ? 1 : 0);
  }

  private static IdempotencyKey key(String value) {
    return IdempotencyKey.of(Scope.single(), "op", value);
  }
}
