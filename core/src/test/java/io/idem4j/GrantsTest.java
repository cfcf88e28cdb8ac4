package io.idem4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.spi.TransactionBound;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a process uses up: randomness, threads and memory. */
class GrantsTest {
  @Test
  void peer28_grants_comeFromTheOperatingSystem() {
    Grants grants = new Grants();
    Set<Grant> drawn = new HashSet<>();
    for (int draw = 0; draw < 100_000; draw++) {
      assertThat(drawn.add(grants.get())).isTrue();
    }
  }

  /** Another process counts as well: what both write to one store must differ. */
  @Test
  void i02_grantsOfATransaction_areDrawn_whateverTheStoreOfTheOperation() {
    MemoryKeyStore shared = new MemoryKeyStore(10);
    Engine engine = Idempotency.builder(new MemoryKeyStore(10)).build().engine();
    TransactionBound transaction =
        new TransactionBound() {
          @Override
          public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
            return shared.compareAndSet(id, expected, next);
          }

          @Override
          public Optional<StoredRecord> find(KeyId id) {
            return shared.find(id);
          }
        };
    assertThat(engine.grants().get().low()).as("counted").isZero();
    Supplier<Grant> drawn = engine.boundTo(transaction).grants();
    // One drawn zero in 2^32 is possible; two are not.
    assertThat(List.of(drawn.get().low(), drawn.get().low())).isNotEqualTo(List.of(0, 0));
  }

  /** 50,000 keys: no thread, timer, room or pending write is left, and the store can be emptied. */
  @Test
  @Timeout(60)
  void i43_nothingOutlivesItsCall() throws InterruptedException {
    // The store's clock stands still, so that no pause of the machine ends a retention.
    AtomicLong clock = new AtomicLong();
    MemoryKeyStore store = new MemoryKeyStore(100_000, clock::get);
    try (Idempotency idempotency = Idempotency.builder(store).build()) {
      Operation<String> operation =
          idempotency.operation(
              "op",
              Codec.text(),
              OperationPolicy.rerun()
                  .withLease(Duration.ofMillis(10))
                  .withMaximumHold(Duration.ofMillis(10))
                  .withRetention(Duration.ofMillis(20)));
      for (int call = 0; call < 50_000; call++) {
        operation.execute(Scope.single(), "k" + call, Fingerprint.none(), context -> "x");
      }
      assertThat(idempotency.engine().rooms().size()).isZero();
      assertThat(idempotency.engine().pending().size()).isZero();
      assertThat(idempotency.close(Duration.ofSeconds(10))).isTrue();
    }
    clock.addAndGet(Duration.ofSeconds(1).toNanos());
    while (store.purge(10_000) > 0) {
      assertThat(store.size()).isNotNegative();
    }
    assertThat(store.size()).isZero();
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (threads() > 0 && System.nanoTime() - deadline < 0) {
      Thread.sleep(50);
    }
    assertThat(threads()).as("idle threads end").isZero();
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("idem4j-"))
        .count();
  }
}
