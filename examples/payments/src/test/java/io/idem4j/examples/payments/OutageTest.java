package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class OutageTest {
  @Test
  void bad44_databaseGone_is503WithRetryAfter() throws Exception {
    EmbeddedPostgres postgres = EmbeddedPostgres.start();
    try {
      String store = "postgres:" + postgres.getJdbcUrl("postgres", "postgres");
      Settings settings = Settings.of(0, store, Duration.ofSeconds(30), Duration.ofHours(1), false);
      try (Service service = Service.start(settings, line -> {})) {
        Client client = new Client(service.port());
        Call call = Call.pay("t", "1");
        assertThat(client.send(call).status()).isEqualTo(201);
        postgres.close();
        Received refused = client.send(call);
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.header("Retry-After")).isEqualTo("1");
        assertThat(refused.problem()).isEqualTo("store-unavailable");
        assertThat(client.send(Call.get("t", "/effects")).status()).isEqualTo(500);
        assertThat(client.send(call.withKey(null)).status()).isEqualTo(500);
      }
    } finally {
      postgres.close();
    }
  }
}
