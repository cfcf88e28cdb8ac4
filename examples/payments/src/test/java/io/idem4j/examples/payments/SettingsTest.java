package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.examples.payments.Settings.UsageException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
  private static Settings parse(String line) throws UsageException {
    return Settings.parse(line.isEmpty() ? List.of() : List.of(line.split(" ")));
  }

  @Test
  void parse_defaults_areTheDocumented() throws UsageException {
    Settings settings = parse("--port 8080");
    assertThat(settings.port()).isEqualTo(8080);
    assertThat(settings.store()).isEqualTo("h2:payments");
    assertThat(settings.requireKey()).isFalse();
    assertThat(settings.policy().toString()).contains("RERUN lease=PT30S", " retention=PT24H");
  }

  @Test
  void parse_all_areTaken() throws UsageException {
    Settings settings =
        parse("--require-key --lease 1500ms --retention 7d --store memory --port 0");
    assertThat(settings.port()).isZero();
    assertThat(settings.store()).isEqualTo("memory");
    assertThat(settings.requireKey()).isTrue();
    assertThat(settings.policy().toString()).contains("lease=PT1.5S", " retention=PT168H");
  }

  @Test
  void parse_leaseOverTheDefaultHold_isTaken() throws UsageException {
    assertThat(parse("--port 0 --lease 1h").policy().toString()).contains("maximumHold=PT1H");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|--port is missing",
        "--port|--port needs a value",
        "--port --require-key|--port needs a value",
        "--port x|--port must be",
        "--port -1|--port must be",
        "--port 65536|--port must be",
        "--port 99999999999|--port must be",
        "--port 1 --port 2|--port is there twice",
        "--port 1 --verbose|unknown argument",
        "--port 1 extra|unknown argument",
        "--port 1 --lease 30|--lease must be",
        "--port 1 --lease 0s|--lease and --retention: the lease is PT0S",
        "--port 1 --lease 1ms|--lease and --retention: the lease is",
        "--port 1 --lease -1s|--lease must be",
        "--port 1 --lease 1w|--lease must be",
        "--port 1 --lease 999999999d|--lease and --retention: the ",
        "--port 1 --lease 9999999999s|--lease must be",
        "--port 1 --lease 30s --retention 30s|--lease and --retention: the retention is",
        "--port 1 --store x|--store must be",
        "--port 1 --store h2:|--store h2:PATH needs",
        "--port 1 --store h2:a;INIT=x|--store h2:PATH needs",
        "--port 1 --store postgres:localhost|--store must be",
        "--port 1 --store jdbc:postgresql://h/d|--store must be",
        "--port 1 --store Memory|--store must be"
      })
  void parse_wrong_saysHow(String line, String message) {
    assertThatThrownBy(() -> parse(line))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void durations_ofAllUnits_areRead() {
    assertThat(Durations.parse("1500ms")).contains(Duration.ofMillis(1500));
    assertThat(Durations.parse("2m")).contains(Duration.ofMinutes(2));
    assertThat(Durations.parse("24h")).contains(Duration.ofDays(1));
    assertThat(Durations.parse("1.5s")).isEmpty();
    assertThat(Durations.parse("PT1S")).isEmpty();
  }
}
