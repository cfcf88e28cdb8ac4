package io.idem4j.http;

import io.idem4j.http.IdempotencyKeyHeader.Syntax;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The grammar of the field as regular expressions, after the ABNF of RFC 9651, section 3, where the
 * parser follows the algorithms of section 4.2. It says what is accepted and which value it has.
 */
final class FieldGrammar {
  private static final String STRING = "\"((?:[ !#-\\[\\]-~]|\\\\[\"\\\\])*+)\"";
  private static final String DECIMAL = "-?[0-9]{1,12}\\.[0-9]{1,3}";
  private static final String INTEGER = "-?[0-9]{1,15}";
  private static final String TOKEN = "[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*+";
  private static final String BASE64 = "[A-Za-z0-9+/]";
  private static final String BYTES = ":(?:B{4})*+(?:B{2}(?:==)?|B{3}=?)?:".replace("B", BASE64);
  private static final String BOOLEAN = "\\?[01]";
  private static final String DATE = "@" + INTEGER;

  /** The well-formed sequences of UTF-8, each byte as a percent sign and two digits. */
  private static final String ESCAPED =
      "%[0-7]H|%(?:c[2-9a-f]|dH)T|%e0%[ab]HT|%e[1-9abcef]TT|%ed%[89]HT"
          + "|%f0%[9ab]HTT|%f[1-3]TTT|%f4%8HTT";

  private static final String DISPLAY_STRING =
      "%\"(?:[ !#$&-~]|" + ESCAPED.replace("T", "%[89ab]H").replace("H", "[0-9a-f]") + ")*+\"";

  private static final String PARAMETERS =
      "(?:; *+[a-z*][a-z0-9_.*-]*+(?:=(?:"
          + String.join("|", DECIMAL, INTEGER, STRING, TOKEN, BYTES, BOOLEAN, DATE, DISPLAY_STRING)
          + "))?)*";

  private static final String AROUND = "[ \t]*+";
  private static final Pattern QUOTED = Pattern.compile(AROUND + STRING + PARAMETERS + AROUND);
  private static final Pattern BARE =
      Pattern.compile(AROUND + "([!#-+\\--:<-\\[\\]-~]*+)" + AROUND);
  private static final Pattern PLAIN =
      Pattern.compile(AROUND + "((?:[!#-+\\--~](?:[ !#-+\\--~]*[!#-+\\--~])?)?)" + AROUND);

  private FieldGrammar() {}

  /** Returns the value, of whatever length; empty if the line is refused. */
  static Optional<String> value(Syntax syntax, String line) {
    Optional<String> quoted =
        match(QUOTED, line).map(text -> text.replaceAll("\\\\([\"\\\\])", "$1"));
    return (switch (syntax) {
          case STRICT -> quoted;
          case LENIENT -> quoted.or(() -> match(BARE, line));
          case RAW -> match(PLAIN, line);
        })
        .filter(value -> !value.isBlank());
  }

  private static Optional<String> match(Pattern pattern, String line) {
    Matcher matcher = pattern.matcher(line);
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}
