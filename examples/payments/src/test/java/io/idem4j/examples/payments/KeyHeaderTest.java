package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The parser alone; what it refuses is tested over HTTP. */
class KeyHeaderTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "k~k",
        "\"k\"~k",
        "`  \"k\"\t`~k",
        "\"a b\"~a b",
        "\"a,b;c\"~a,b;c",
        "\"a\\\"b\\\\c\"~a\"b\\c",
        "8e03978e-40d5-43dd-bc93-6894a57f9324~8e03978e-40d5-43dd-bc93-6894a57f9324",
        "\"k\";a=1~k",
        "`\"k\"; a; b=\"x\\\"y\"`~k",
        "AaBb~AaBb",
        "\" k\"~` k`"
      })
  void parse_usable_isDecoded(String header, String key) throws Refusal {
    assertThat(KeyHeader.parse(List.of(header))).contains(key);
  }

  @Test
  void parse_missing_isEmpty() throws Refusal {
    assertThat(KeyHeader.parse(null)).isEmpty();
    assertThat(KeyHeader.parse(List.of())).isEmpty();
  }

  /** Bare and quoted it would be two keys. */
  @Test
  void parse_bareBackslash_isRefused() {
    assertThatThrownBy(() -> KeyHeader.parse(List.of("a\\b"))).isInstanceOf(Refusal.class);
  }

  /** Over HTTP the JDK's server makes a blank of it before anybody sees it. */
  @Test
  void parse_tabInside_isRefused() {
    assertThatThrownBy(() -> KeyHeader.parse(List.of("\"a\tb\""))).isInstanceOf(Refusal.class);
  }

  @Test
  void parse_hostileParameters_takesNoTime() {
    for (String evil : new String[] {";a".repeat(2000), ";a=1".repeat(1000), "; ".repeat(2000)}) {
      Assertions.assertTimeoutPreemptively(
          Duration.ofSeconds(5),
          () ->
              assertThatThrownBy(() -> KeyHeader.parse(List.of("\"k\"" + evil + "\u0001")))
                  .isInstanceOf(Refusal.class));
    }
  }
}
