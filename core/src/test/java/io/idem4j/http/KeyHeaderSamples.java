package io.idem4j.http;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Fields to read: well-formed ones, and what becomes of them on a bad line. */
final class KeyHeaderSamples {
  /** The characters that end, escape or begin something somewhere in the grammar. */
  static final String CRITICAL = "\"\\;,= a1A.-:?*%@\t\u007f\u00e9";

  private static final List<String> BARE_ITEMS =
      List.of(
          "1", "-1.5", "tok", "*/", "\"s\"", "\"\\\\\"", "::", ":YQ:", "?1", "@0", "%\"%c3%bc\"");

  private KeyHeaderSamples() {}

  /** Serialises a printable text as RFC 9651, section 4.1.6, says. */
  static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  static Arbitrary<String> texts() {
    Arbitrary<Character> any = Arbitraries.chars().range(' ', '~');
    Arbitrary<Character> critical = Arbitraries.of('"', '\\', ';', ',', ' ', '=');
    return Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(3, any), net.jqwik.api.Tuple.of(1, critical))
        .list()
        .ofMinSize(1)
        .ofMaxSize(40)
        .map(KeyHeaderSamples::join)
        .filter(text -> !text.isBlank());
  }

  static Arbitrary<String> parameters() {
    Arbitrary<String> one =
        Combinators.combine(
                Arbitraries.of(";", "; ", ";  "),
                Arbitraries.of("a", "*", "a-b_c.d*9"),
                Arbitraries.of(BARE_ITEMS).map(item -> "=" + item).injectNull(0.3))
            .as((start, key, item) -> start + key + (item == null ? "" : item));
    return one.list().ofMaxSize(3).map(each -> String.join("", each));
  }

  /** Well-formed fields: quoted with parameters, bare, or plain, with blanks around them. */
  static Arbitrary<String> fields() {
    Arbitrary<String> quoted =
        Combinators.combine(texts(), parameters()).as((text, after) -> quoted(text) + after);
    return Combinators.combine(
            Arbitraries.of("", " ", "\t "),
            Arbitraries.oneOf(quoted, texts()),
            Arbitraries.of("", " "))
        .as((before, field, after) -> before + field + after);
  }

  /** A field with up to four characters deleted, inserted, replaced or doubled. */
  static Arbitrary<String> mutants() {
    Arbitrary<String> something =
        Arbitraries.oneOf(
            Arbitraries.chars().range('\0', '\u0100').map(String::valueOf),
            Arbitraries.of(CRITICAL.split("")),
            Arbitraries.of(BARE_ITEMS));
    Arbitrary<Edit> edit =
        Combinators.combine(
                Arbitraries.integers().between(0, 200),
                Arbitraries.integers().between(0, 3),
                something)
            .as(Edit::new);
    return Combinators.combine(fields(), edit.list().ofMinSize(1).ofMaxSize(4))
        .as(
            (field, edits) -> {
              String edited = field;
              for (Edit each : edits) {
                edited = each.of(edited);
              }
              return edited;
            });
  }

  private record Edit(int place, int kind, String text) {
    String of(String field) {
      int at = place % (field.length() + 1);
      int after = Math.min(at + 1, field.length());
      return switch (kind) {
        case 0 -> field.substring(0, at) + field.substring(after);
        case 1 -> field.substring(0, at) + text + field.substring(at);
        case 2 -> field.substring(0, at) + text + field.substring(after);
        default -> field.substring(0, at) + field.substring(at, after) + field.substring(at);
      };
    }
  }

  private static String join(List<Character> characters) {
    StringBuilder text = new StringBuilder();
    characters.forEach(text::append);
    return text.toString();
  }
}
