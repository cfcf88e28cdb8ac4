package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.examples.payments.Settings.UsageException;
import java.nio.file.Path;
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
    assertThat(settings.store().text()).isEqualTo("h2:payments");
    assertThat(settings.ledger()).isEqualTo(Path.of("payments").toAbsolutePath());
    assertThat(settings.requireKey()).isFalse();
    assertThat(settings.policy().toString()).contains("RERUN lease=PT30S", " retention=PT24H");
  }

  @Test
  void parse_all_areTaken() throws UsageException {
    Settings settings =
        parse("--require-key --lease 1500ms --retention 7d --store memory --port 0");
    assertThat(settings.port()).isZero();
    assertThat(settings.store().text()).isEqualTo("memory");
    assertThat(settings.requireKey()).isTrue();
    assertThat(settings.policy().toString()).contains("lease=PT1.5S", " retention=PT168H");
  }

  @Test
  void parse_profile_isTakenAndSetsTheRetentionThatIsNotNamed() throws UsageException {
    assertThat(parse("--port 0").profile()).isEqualTo(Profile.DEFAULT);
    assertThat(parse("--port 0 --profile gocardless").profile()).isEqualTo(Profile.GOCARDLESS);
    assertThat(parse("--port 0 --profile adyen").httpPolicy().toString())
        .contains(" retention=PT168H");
    assertThat(parse("--port 0 --profile adyen --retention 2h").httpPolicy().toString())
        .contains(" retention=PT2H");
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
        "--port 1 --profile paypal|--profile must be one of default, ietf, stripe, adyen, gocardless",
        "--port 1 --profile Stripe|--profile must be one of",
        "--port 1 --profile|--profile needs a value",
        "--port 1 --profile ietf --profile ietf|--profile is there twice",
        "--port 1 --store x|--store must be one of h2:PATH, memory, postgres:JDBC_URL, mariadb:",
        "--port 1 --store h2:|--store h2:PATH needs",
        "--port 1 --store h2:a;INIT=x|--store h2:PATH needs",
        "--port 1 --store postgres:|--store postgres:JDBC_URL needs",
        "--port 1 --store postgres:localhost|--store postgres:JDBC_URL needs",
        "--port 1 --store postgres:jdbc:mariadb://h/d|--store postgres:JDBC_URL needs",
        "--port 1 --store mariadb:|--store mariadb:JDBC_URL needs",
        "--port 1 --store mariadb:jdbc:mysql://h/d|--store mariadb:JDBC_URL needs",
        "--port 1 --store jdbc:postgresql://h/d|--store must be",
        "--port 1 --store redis:|--store redis:URI needs an address such as redis:redis://HOST",
        "--port 1 --store redis://h:6379|--store redis:URI needs",
        "--port 1 --store redis:localhost:6379|--store redis:URI needs",
        "--port 1 --store redis:http://h:6379|--store redis:URI needs",
        "--port 1 --store redis:redis://|--store redis:URI needs",
        "--port 1 --store redis:redis://h:port|--store redis:URI needs",
        "--port 1 --store redis:redis://h:99999|--store redis:URI needs",
        "--port 1 --store redis:redis://h/x|--store redis:URI needs",
        "--port 1 --store redis:redis://:pass^word@h|--store redis:URI needs",
        "--port 1 --store dynamodb:|--store dynamodb:ENDPOINT needs",
        "--port 1 --store dynamodb:localhost:8000|--store dynamodb:ENDPOINT needs",
        "--port 1 --store dynamodb:http:8000|--store dynamodb:ENDPOINT needs",
        "--port 1 --store dynamodb:ftp://h:8000|--store dynamodb:ENDPOINT needs",
        "--port 1 --store Memory|--store must be",
        "--port 1 --store memory:|--store must be",
        "--port 1 --store|--store needs a value",
        "--port 1 --ledger h2:x|--ledger is for redis and dynamodb; with h2 the",
        "--port 1 --store postgres --ledger h2:x|--ledger is for redis and dynamodb",
        "--port 1 --store redis --ledger x|--ledger must be h2:PATH",
        "--port 1 --store redis --ledger h2:|--ledger h2:PATH needs",
        "--port 1 --store redis --ledger|--ledger needs a value"
      })
  void parse_wrong_saysHow(String line, String message) {
    assertThatThrownBy(() -> parse(line))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith(message);
  }

  @ParameterizedTest
  @CsvSource({"postgres", "mariadb", "redis", "dynamodb"})
  void parse_nameAlone_meansAServerToBeStarted(String name) throws UsageException {
    assertThat(parse("--port 0 --store " + name).store().isToBeStarted()).isTrue();
    assertThat(Settings.parseTour(List.of("--store", name)).isToBeStarted()).isTrue();
    assertThat(Settings.parseServer(List.of(name)).word()).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource({
    "postgres:jdbc:postgresql://h/d?user=me",
    "mariadb:jdbc:mariadb://h/d",
    "redis:redis://h",
    "redis:rediss://me:secret@h:6380/2",
    "redis:redis://[::1]:6379",
    "dynamodb:http://h:8000",
    "dynamodb:https://dynamodb.eu-central-1.amazonaws.com",
    "memory",
    "h2:payments"
  })
  void parse_store_isTakenAsItIs(String text) throws UsageException {
    StoreOption store = parse("--port 0 --store " + text).store();
    assertThat(store.text()).isEqualTo(text);
    assertThat(store.isToBeStarted()).isFalse();
    // The address may hold a password.
    assertThat(text).startsWith(store.toString());
    assertThat(store.toString()).doesNotContain(":");
  }

  @Test
  void parse_ledger_isTaken() throws UsageException {
    assertThat(parse("--port 0 --store redis --ledger h2:/tmp/x").ledger())
        .isEqualTo(Path.of("/tmp/x"));
    assertThat(parse("--port 0 --store h2:/tmp/y").ledger()).isEqualTo(Path.of("/tmp/y"));
  }

  @Test
  void parseTour_wrong_saysHow() throws UsageException {
    assertThat(Settings.parseTour(List.of()).text()).isEqualTo("h2:payments");
    for (String wrong :
        new String[] {
          "--port 1", "--store", "--store x", "--store h2:x", "--store memory memory"
        }) {
      assertThatThrownBy(() -> Settings.parseTour(List.of(wrong.split(" "))))
          .isInstanceOf(UsageException.class);
    }
  }

  @Test
  void parseServer_wrong_saysHow() {
    for (String wrong : new String[] {"", "h2", "memory", "x", "redis redis", "--store redis"}) {
      assertThatThrownBy(() -> Settings.parseServer(List.of(wrong.split(" "))))
          .isInstanceOf(UsageException.class)
          .hasMessage("server needs one of postgres, mariadb, redis, dynamodb");
    }
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
