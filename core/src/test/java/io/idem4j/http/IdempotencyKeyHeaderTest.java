package io.idem4j.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.IdempotencyKey;
import io.idem4j.IllegalKeyException;
import io.idem4j.MisuseException;
import io.idem4j.Proof;
import io.idem4j.Scope;
import io.idem4j.http.IdempotencyKeyHeader.Syntax;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The examples of the checklist in http.md, items 1 to 9. */
class IdempotencyKeyHeaderTest {
  private static final String UUID = "8e03978e-40d5-43dd-bc93-6894a57f9324";

  private static final IdempotencyKeyHeader STRICT = IdempotencyKeyHeader.of(Syntax.STRICT);
  private static final IdempotencyKeyHeader LENIENT = IdempotencyKeyHeader.of(Syntax.LENIENT);
  private static final IdempotencyKeyHeader RAW = IdempotencyKeyHeader.of(Syntax.RAW);

  private static void accepts(IdempotencyKeyHeader header, String line, String value) {
    assertThat(header.parse(List.of(line))).as(line).contains(value);
    assertThat(FieldGrammar.value(syntax(header), line)).as("grammar of " + line).contains(value);
    Proof.count("IdempotencyKeyHeaderTest", "examples", 1);
  }

  private static void refuses(IdempotencyKeyHeader header, String... lines) {
    assertThatThrownBy(() -> header.parse(List.of(lines)))
        .as(String.join(" | ", lines))
        .isExactlyInstanceOf(IllegalKeyException.class)
        .hasMessageStartingWith("the Idempotency-Key field ")
        .hasMessageNotContaining("secret");
    Proof.count("IdempotencyKeyHeaderTest", "examples", 1);
  }

  private static Syntax syntax(IdempotencyKeyHeader header) {
    return header == STRICT ? Syntax.STRICT : header == RAW ? Syntax.RAW : Syntax.LENIENT;
  }

  @Test
  void h01_quotedValue_isTheTextBetweenTheQuotes() {
    for (IdempotencyKeyHeader header : List.of(STRICT, LENIENT)) {
      accepts(header, "\"" + UUID + "\"", UUID);
      accepts(header, "\"a, b; c=d\"", "a, b; c=d");
      accepts(header, "\" k\"", " k");
      accepts(header, "\"k \"", "k ");
      accepts(header, "\"!~\"", "!~");
    }
  }

  @Test
  void h02_escapes_areOfQuoteAndBackslashAlone() {
    for (IdempotencyKeyHeader header : List.of(STRICT, LENIENT)) {
      accepts(header, "\"a\\\"b\"", "a\"b");
      accepts(header, "\"a\\\\b\"", "a\\b");
      accepts(header, "\"\\\\\\\"\"", "\\\"");
      refuses(header, "\"secret\\n\"");
      refuses(header, "\"secret\\u0041\"");
      refuses(header, "\"secret\\ \"");
      refuses(header, "\"secret");
      refuses(header, "\"secret\\\"");
      refuses(header, "\"secret\\");
      refuses(header, "\"");
      refuses(header, "secret\"");
      refuses(header, "\"secret\"\"");
    }
    for (IdempotencyKeyHeader header : List.of(STRICT, LENIENT, RAW)) {
      for (char c : new char[] {0, '\t', '\n', '\r', 0x1B, 0x1F, 0x7F, 0x80, 0xE9, 0xFF, 0x2028}) {
        refuses(header, "\"secret" + c + "x\"");
        refuses(header, "secret" + c + "x");
      }
      refuses(header, "\"secret\uD83D\uDE00\"");
      refuses(header, "secret\uD800");
      refuses(header, "\u00a0secret");
      refuses(header, "secret\nsecret");
      refuses(header, "secret\r\nX-Other: secret");
    }
  }

  @Test
  void h03_otherTypes_areNoStringsAndLenientlyTheirOwnText() {
    for (String bare : List.of(UUID, "k", "42", "1.5", ":c2VjcmV0:", "?1", "@1659578233", "(k)")) {
      refuses(STRICT, bare);
      accepts(LENIENT, bare, bare);
      accepts(LENIENT, "\"" + bare + "\"", bare);
      accepts(RAW, bare, bare);
    }
    for (String none : List.of("%\"secret\"", "(\"secret\" \"b\")", "'secret' \"k\"")) {
      refuses(STRICT, none);
      refuses(LENIENT, none);
      refuses(RAW, none);
    }
    // bare, these would have another value than with quotes put around them, or none
    refuses(LENIENT, "secret\\");
    refuses(LENIENT, "secret\\\\x");
    refuses(LENIENT, "secret x");
    refuses(LENIENT, "secret;a=1");
    accepts(RAW, "a\\b", "a\\b");
    accepts(RAW, "a b;c=1", "a b;c=1");
  }

  @Test
  void bad06_rawAndQuotedForms_areNeverTwoKeys() {
    refuses(RAW, "\"secret\"");
    refuses(RAW, "secret\"x");
  }

  @Test
  void h04_severalLinesOrAList_areRefusedAndNoneIsPicked() {
    for (IdempotencyKeyHeader header : List.of(STRICT, LENIENT, RAW)) {
      refuses(header, "\"secret\"", "\"other\"");
      refuses(header, "secret", "secret");
      refuses(header, "\"secret\"", "\"secret\"");
      refuses(header, "\"secret", "other\""); // joined, it would be one String
      refuses(header, "secret", "");
      refuses(header, "", "secret");
      refuses(header, "", "");
      refuses(header, "\"secret\", \"other\"");
      refuses(header, "\"secret\",\"secret\"");
      refuses(header, "secret, secret");
      refuses(header, "secret,");
      refuses(header, ",secret");
      refuses(header, ",");
    }
    refuses(STRICT, "\"secret\" \"other\"");
    refuses(STRICT, "\"secret\"other");
  }

  @Test
  void h05_blanksAround_areDropped() {
    for (String around : List.of(" ", "   ", "\t", " \t ")) {
      accepts(STRICT, around + "\"k\"" + around, "k");
      accepts(LENIENT, around + "\"k\"" + around, "k");
      accepts(LENIENT, around + "k" + around, "k");
      accepts(RAW, around + "k" + around, "k");
    }
  }

  @Test
  void h05_parameters_areReadAndMeanNothing() {
    for (IdempotencyKeyHeader header : List.of(STRICT, LENIENT)) {
      for (String parameters :
          List.of(
              ";a",
              "; a",
              ";   a;b;c",
              ";a=1",
              ";a=-999999999999999",
              ";a=123456789012.123",
              ";*a_b-c.d*=tok:en/",
              ";a=*",
              ";a=\"x;y\\\"\\\\\"",
              ";a=::",
              ";a=:c2VjcmV0:",
              ";a=:YQ:",
              ";a=:YQ==:;b",
              ";a=?0;b=?1",
              ";a=@-1",
              ";a=%\"f%c3%bc %f0%9f%98%80\"",
              ";a=%\"\"",
              ";a;a",
              ";a ")) {
        accepts(header, "\"k\"" + parameters, "k");
      }
      for (String parameters :
          List.of(
              ";",
              "; ",
              " ;a",
              ";A",
              ";1",
              ";a=",
              ";a= 1",
              ";a =1",
              ";a=1 ;b",
              ";a\t",
              ";a=1000000000000000",
              ";a=1234567890123.1",
              ";a=1.",
              ";a=.1",
              ";a=1.1234",
              ";a=1.1.1",
              ";a=-",
              ";a=--1",
              ";a=+1",
              ";a=\"x",
              ";a=\"\\x\"",
              ";a=:c",
              ";a=:c:",
              ";a=:YQ=:",
              ";a=:=:",
              ";a=:Y-_Q:",
              ";a=?2",
              ";a=?",
              ";a=@",
              ";a=@1.5",
              ";a=%",
              ";a=%\"",
              ";a=%\"%C3%BC\"",
              ";a=%\"%c3\"",
              ";a=%\"%ed%a0%80\"",
              ";a=%\"%c",
              ";a=(1 2)",
              ";a=tok en",
              ";a,")) {
        if (parameters.equals(";a\t")) {
          accepts(header, "\"k\"" + parameters, "k"); // a blank at the end is not part of the field
        } else {
          refuses(header, "\"secret\"" + parameters);
        }
      }
    }
  }

  @Test
  void h06_value_isCaseSensitive() {
    assertThat(key(LENIENT, "k")).isEqualTo(key(LENIENT, "\"k\"")).isNotEqualTo(key(LENIENT, "K"));
    assertThat(IdempotencyKeyHeader.NAME).isEqualToIgnoringCase("idempotency-key");
  }

  @Test
  void h07_thousandAndTwentyFourCharacters_areDecodedAndThenTooMany() {
    String text = "secret\"\\".repeat(128);
    assertThat(text).hasSize(1024);
    String quoted = KeyHeaderSamples.quoted(text);
    assertThat(STRICT.decode(quoted)).isEqualTo(text);
    assertThat(LENIENT.decode(quoted)).isEqualTo(text);
    assertThat(LENIENT.decode("x".repeat(1024))).hasSize(1024);
    assertThat(RAW.decode("x".repeat(1024))).hasSize(1024);
    for (IdempotencyKeyHeader header : List.of(STRICT, LENIENT)) {
      assertThatThrownBy(() -> header.parse(List.of(quoted)))
          .isExactlyInstanceOf(IllegalKeyException.class)
          .hasMessage("the Idempotency-Key field has 1024 characters, and may have 255");
    }
  }

  @Test
  void h08_emptyOrBlankValue_isRefused() {
    for (IdempotencyKeyHeader header : List.of(STRICT, LENIENT, RAW)) {
      for (String line : List.of("", " ", "\t", "\"\"", "\" \"", "\"    \"", "\"\";a", "  \"\" ")) {
        refuses(header, line);
      }
    }
  }

  @Test
  void h09_maximumLength_countsDecodedCharacters() {
    String longest = "\"".repeat(255);
    accepts(STRICT, KeyHeaderSamples.quoted(longest), longest);
    accepts(LENIENT, KeyHeaderSamples.quoted(longest) + ";a=" + "x".repeat(500), longest);
    accepts(RAW, "x".repeat(255), "x".repeat(255));
    for (IdempotencyKeyHeader header : List.of(STRICT, LENIENT)) {
      refuses(header, KeyHeaderSamples.quoted(longest + "x"));
    }
    refuses(LENIENT, "x".repeat(256));
    refuses(RAW, "x".repeat(256));

    IdempotencyKeyHeader shorter = LENIENT.withMaximumLength(64);
    assertThat(shorter.parse(List.of("x".repeat(64)))).isPresent();
    assertThatThrownBy(() -> shorter.parse(List.of("x".repeat(65))))
        .hasMessage("the Idempotency-Key field has 65 characters, and may have 64");
    assertThat(LENIENT.parse(List.of("x".repeat(65)))).isPresent();
    for (int characters : new int[] {0, -1, 256, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      assertThatThrownBy(() -> LENIENT.withMaximumLength(characters))
          .isInstanceOf(MisuseException.class);
    }
  }

  @Test
  void absentField_isEmptyAndNotRefused() {
    for (IdempotencyKeyHeader header : List.of(STRICT, LENIENT, RAW)) {
      assertThat(header.parse(null)).isEmpty();
      assertThat(header.parse(List.of())).isEmpty();
    }
  }

  /** Each of these would take hours if a single step went back to the beginning. */
  @Test
  @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void endlessFields_areReadInLinearTime() {
    int size = 300_000;
    for (String piece :
        List.of(" ", "\"", "\\", ";", "\\\\", ";a", "; ", ";a=::", ";a=%\"%c3%bc\"")) {
      String line = piece.repeat(size);
      for (IdempotencyKeyHeader header : List.of(STRICT, LENIENT, RAW)) {
        refuses(header, "\"" + line);
        refuses(header, "\"secret\"" + line + "\"");
        refuses(header, line + ",");
      }
    }
    assertThat(STRICT.parse(List.of("\"k\"" + ";a=::".repeat(size)))).contains("k");
  }

  private static IdempotencyKey key(IdempotencyKeyHeader header, String line) {
    return IdempotencyKey.of(Scope.single(), "op", header.parse(List.of(line)).orElseThrow());
  }
}
