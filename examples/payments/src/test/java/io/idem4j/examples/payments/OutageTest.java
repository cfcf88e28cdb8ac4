package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.examples.payments.StoreOption.Kind;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server ends while the service runs. */
class OutageTest {
  private static final Call CALL = Call.pay("t", "1");
  private static final Call INCREMENT = Call.increment("t", "till", 5);

  @TempDir Path directory;

  /** What is asked of the service once its store is gone. */
  @FunctionalInterface
  private interface Afterwards {
    void ask(Client client) throws Exception;
  }

  private void outage(Kind kind, Afterwards afterwards) throws Exception {
    EmbeddedServer server = Servers.start(kind);
    try {
      Settings settings =
          Settings.of(
              0,
              server.store(),
              "h2:" + directory.resolve("payments"),
              Profile.DEFAULT,
              Duration.ofSeconds(30),
              Duration.ofHours(1),
              false);
      try (Service service = Service.start(settings, line -> {})) {
        Client client = new Client(service.port());
        assertThat(client.send(CALL).status()).isEqualTo(201);
        server.close();
        for (Call call : new Call[] {CALL, Call.pay("t", "1"), INCREMENT}) {
          Received refused = client.send(call);
          assertThat(refused.status()).isEqualTo(503);
          assertThat(refused.header("Retry-After")).isEqualTo("1");
          assertThat(refused.problem()).isEqualTo("store-unavailable");
        }
        afterwards.ask(client);
      }
    } finally {
      server.close();
    }
  }

  @Test
  void bad_44_databaseGone_is503WithRetryAfter() throws Exception {
    outage(
        Kind.POSTGRES,
        client -> {
          assertThat(client.send(Call.get("t", "/effects")).status()).isEqualTo(500);
          assertThat(client.send(CALL.withKey(null)).status()).isEqualTo(500);
        });
  }

  @Test
  void bad_44_redisGone_is503AndNothingRuns() throws Exception {
    outage(Kind.REDIS, OutageTest::nothingRan);
  }

  @Test
  void bad_44_dynamoDbGone_is503AndNothingRuns() throws Exception {
    outage(Kind.DYNAMODB, OutageTest::nothingRan);
  }

  /** The payments are elsewhere, and can be counted. */
  private static void nothingRan(Client client) throws Exception {
    assertThat(client.effects("t")).isEqualTo(new Ledger.Effects(1, 0));
    assertThat(client.send(CALL.withKey(null)).status()).isEqualTo(201);
  }
}
