package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.examples.payments.Ledger.Effects;
import io.idem4j.memory.MemoryKeyStore;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RetentionTest {
  @Test
  void bad_13_keyReusedAfterRetention_meetsItsOldEffect() throws Exception {
    AtomicLong clock = new AtomicLong();
    Backend backend =
        new Backend(new MemoryKeyStore(100, clock::get), new MemoryLedger(), () -> {});
    Settings settings =
        Settings.of(0, "memory", Duration.ofSeconds(30), Duration.ofHours(1), false);
    try (Service service = Service.start(settings, backend, line -> {})) {
      Client client = new Client(service.port());
      Call pay = Call.pay("t", "3");
      Call increment = Call.increment("t", "till", 5);
      Received paid = client.send(pay);
      Received added = client.send(increment);

      clock.addAndGet(Duration.ofHours(2).toNanos());
      Received again = client.send(pay);
      assertThat(again.isReplay()).isFalse();
      assertThat(again.repeats(paid)).isTrue();
      Received addedAgain = client.send(increment);
      assertThat(addedAgain.isReplay()).isFalse();
      assertThat(addedAgain.repeats(added)).isTrue();

      clock.addAndGet(Duration.ofHours(2).toNanos());
      Received other = client.send(pay.withBody("{\"amount\":99,\"currency\":\"EUR\"}"));
      assertThat(other.status()).isEqualTo(422);
      assertThat(other.problem()).isEqualTo("key-reused");
      Received more = client.send(increment.withBody("{\"incrementBy\":6}"));
      assertThat(more.status()).isEqualTo(422);

      // The refused ones bound nothing: the first requests are still welcome.
      assertThat(client.send(pay).repeats(paid)).isTrue();
      assertThat(client.send(increment).repeats(added)).isTrue();
      assertThat(client.send(pay).isReplay()).isTrue();
      assertThat(client.effects("t")).isEqualTo(new Effects(1, 1));
    }
  }
}
