package io.idem4j.redis;

import static io.idem4j.redis.Hashes.apply;
import static io.idem4j.redis.Hashes.claim;
import static io.idem4j.redis.Hashes.completed;
import static io.idem4j.redis.Hashes.done;
import static io.idem4j.redis.Hashes.duplicate;
import static io.idem4j.redis.Hashes.refuse;
import static io.idem4j.redis.Hashes.renewed;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClient;

/**
 * architecture.md §4: what a call costs, by the server's own counters. A client sends script
 * commands; what else is counted, the scripts have called inside the server.
 */
@StoreUnderTest("Redis")
final class RoundTripsTest {
  /** What the scripts may call. */
  private static final Set<String> INSIDE =
      Set.of("hdel", "time", "hmget", "exists", "hset", "pexpireat");

  /** A server that nobody else talks to. */
  private static HostAndPort own;

  private RedisClient client;
  private RedisKeyStore store;

  @BeforeEach
  void open() {
    if (own == null) {
      own = Redis.start(List.of());
    }
    client = Redis.client(own);
    store = RedisKeyStore.builder(client).build();
    done(store);
    store.find(Samples.keyId());
    takeCalls();
  }

  @AfterEach
  void close() {
    client.close();
  }

  /** Returns how often each command was called since the last time, but for those of this test. */
  private Map<String, Long> takeCalls() {
    Map<String, Long> calls = new TreeMap<>();
    client
        .info("commandstats")
        .lines()
        .filter(line -> line.startsWith("cmdstat_"))
        .forEach(
            line ->
                calls.put(
                    line.substring("cmdstat_".length(), line.indexOf(':')),
                    Long.valueOf(line.replaceFirst(".*:calls=([0-9]+),.*", "$1"))));
    Redis.run(client, Command.CONFIG, "RESETSTAT");
    calls.keySet().removeAll(Set.of("info", "config"));
    calls.keySet().removeIf(name -> name.startsWith("config|"));
    return calls;
  }

  private void assertRoundTrips(long expected) {
    Map<String, Long> calls = takeCalls();
    calls.keySet().removeAll(INSIDE);
    assertThat(calls).isEqualTo(Map.of("evalsha", expected));
  }

  @Test
  void firstCall_isTwo() {
    done(store);
    assertRoundTrips(2);
  }

  @Test
  void replayAndRefusal_areOne() {
    KeyRecord done = done(store);
    KeyRecord running = claim();
    apply(store, Stamp.ABSENT, running);
    takeCalls();
    refuse(store, Stamp.ABSENT, duplicate(done));
    assertRoundTrips(1);
    refuse(store, Stamp.ABSENT, duplicate(running));
    assertRoundTrips(1);
    store.find(done.keyId());
    assertRoundTrips(1);
  }

  @Test
  void takeover_addsOne() {
    KeyRecord lapsed =
        Samples.locked(Samples.keyId(), Samples.stamp()).lease(Duration.ZERO).build();
    apply(store, Stamp.ABSENT, lapsed);
    takeCalls();
    KeyRecord taken = duplicate(lapsed);
    refuse(store, Stamp.ABSENT, taken);
    apply(store, lapsed.stamp(), taken);
    apply(store, taken.stamp(), completed(taken));
    assertRoundTrips(3);
  }

  @Test
  void renewal_isOne_andARefusedWriteOne() {
    KeyRecord claim = claim();
    apply(store, Stamp.ABSENT, claim);
    takeCalls();
    apply(store, claim.stamp(), renewed(claim));
    assertRoundTrips(1);
    refuse(store, claim.stamp(), duplicate(claim));
    assertRoundTrips(1);
  }

  @Test
  void stores_3_4_11_unknownScript_addsOneOnce() {
    client.scriptFlush();
    takeCalls();
    KeyRecord claim = claim();
    apply(store, Stamp.ABSENT, claim);
    Map<String, Long> calls = takeCalls();
    calls.keySet().removeAll(INSIDE);
    assertThat(calls).isEqualTo(Map.of("evalsha", 1L, "eval", 1L));
    apply(store, claim.stamp(), renewed(claim));
    assertRoundTrips(1);
  }

  @Test
  void replaysRefusalsAndReads_writeNothing() {
    KeyRecord done = done(store);
    long before = changes();
    for (int i = 0; i < 100; i++) {
      refuse(store, Stamp.ABSENT, duplicate(done));
      refuse(store, Samples.stamp(), duplicate(done));
      store.find(done.keyId());
      store.find(Samples.keyId());
    }
    assertThat(changes()).as("changes since the last save").isEqualTo(before);
    KeyRecord claim = claim();
    apply(store, Stamp.ABSENT, claim);
    assertThat(changes()).as("changes since the last save").isGreaterThan(before);
  }

  private long changes() {
    return client
        .info("persistence")
        .lines()
        .filter(line -> line.startsWith("rdb_changes_since_last_save:"))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1)))
        .findFirst()
        .orElseThrow();
  }
}
