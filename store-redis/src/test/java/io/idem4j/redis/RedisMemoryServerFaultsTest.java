package io.idem4j.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyStoreException.Reason;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Told;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;

/**
 * One server at the limit of its memory (stores.md 3.4.8).
 *
 * <p>With {@code allkeys-lru} it evicts records, held locks among them: that is a limitation, told
 * in the README and at {@link RedisKeyStore}, warned of at start-up, and shown here by the history
 * checker. With {@code noeviction} it refuses instead, and what is there stays.
 */
@StoreUnderTest("Redis")
class RedisMemoryServerFaultsTest {
  private static final String PREFIX = "idem4j-memory:";
  private static final String FILLER = "x".repeat(10_000);
  private static final int MOST_FILLERS = 20_000;

  private final Callers callers = new Callers();
  private RedisProcess server;

  @AfterEach
  void end() {
    if (server != null) {
      server.close();
    }
  }

  private Operation<String> process() {
    return callers.through(RedisKeyStore.builder(server.client()).keyPrefix(PREFIX).build());
  }

  @Test
  void stores_3_4_8_allkeysLru_underPressure_evictsAHeldLockAndItIsGrantedTwice() {
    server = RedisServers.standalone("maxmemory 5mb", "maxmemory-policy allkeys-lru");
    Operation<String> first = process();
    Operation<String> second = process();

    Outcome<String> outcome =
        callers.call(
            first,
            "order",
            () -> {
              server.ask(RedisMemoryServerFaultsTest::fillUntilEvicted);
              assertThat(callers.call(second, "order")).isInstanceOf(Outcome.Executed.class);
            });

    assertThat(callers.effects("order")).isEqualTo(2);
    assertThat(outcome).isInstanceOf(Outcome.Replayed.class);
    callers.requireDoubleGrantShown();
  }

  private static int fillUntilEvicted(Jedis jedis) {
    assertThat(isKept(jedis)).isTrue();
    int fillers = 0;
    while (isKept(jedis)) {
      assertThat(fillers).as("fillers without an eviction of the lock").isLessThan(MOST_FILLERS);
      for (int i = 0; i < 100; i++) {
        jedis.set("filler " + fillers++, FILLER);
      }
    }
    return fillers;
  }

  /** Whether a record is there; a scan does not count as a use of it. */
  private static boolean isKept(Jedis jedis) {
    ScanParams all = new ScanParams().match(PREFIX + "*").count(100_000);
    return !jedis.scan(ScanParams.SCAN_POINTER_START, all).getResult().isEmpty();
  }

  @Test
  void stores_3_4_8_noeviction_underPressure_refusesNewClaimsAndKeepsTheLock() {
    server = RedisServers.standalone("maxmemory 5mb", "maxmemory-policy noeviction");
    Operation<String> first = process();
    Operation<String> second = process();

    Outcome<String> outcome =
        callers.call(
            first,
            "order",
            () -> {
              server.ask(RedisMemoryServerFaultsTest::fillUntilFull);
              Hashes.assertNotApplied(Reason.FULL, () -> callers.call(second, "other order"));
              assertThat(callers.call(second, "order")).isInstanceOf(Outcome.InFlight.class);
              server.ask(jedis -> jedis.configSet("maxmemory", "0"));
            });

    assertThat(outcome).isEqualTo(new Outcome.Executed<>("effect 1 of order", true));
    assertThat(callers.call(second, "order")).isInstanceOf(Outcome.Replayed.class);
    callers.requireNothingWrong(RedisKeyStore.builder(server.client()).keyPrefix(PREFIX).build());
  }

  private static int fillUntilFull(Jedis jedis) {
    for (int fillers = 0; fillers < MOST_FILLERS; fillers++) {
      try {
        jedis.set("filler " + fillers, FILLER);
      } catch (JedisDataException e) {
        assertThat(e).hasMessageStartingWith("OOM");
        // And more than full, so that no small write fits by chance.
        jedis.configSet("maxmemory", "4mb");
        return fillers;
      }
    }
    throw new AssertionError("the server was never full");
  }

  @Test
  void stores_3_4_8_startUp_warnsOfAPolicyThatEvictsLocksAndOfNoOther() {
    server = RedisServers.standalone("maxmemory 5mb", "maxmemory-policy allkeys-lru");
    assertThat(Told.onStandardError(this::process)).contains("WARN").contains("evict");
    server.ask(jedis -> jedis.configSet("maxmemory-policy", "noeviction"));
    assertThat(Told.onStandardError(this::process)).doesNotContain("evict");
  }
}
