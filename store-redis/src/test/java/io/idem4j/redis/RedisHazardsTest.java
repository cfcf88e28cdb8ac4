package io.idem4j.redis;

import static io.idem4j.redis.Hashes.apply;
import static io.idem4j.redis.Hashes.assertNotApplied;
import static io.idem4j.redis.Hashes.claim;
import static io.idem4j.redis.Hashes.completed;
import static io.idem4j.redis.Hashes.contents;
import static io.idem4j.redis.Hashes.done;
import static io.idem4j.redis.Hashes.duplicate;
import static io.idem4j.redis.Hashes.refuse;
import static io.idem4j.redis.Hashes.released;
import static io.idem4j.redis.Hashes.renewed;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Together;
import io.idem4j.tck.Told;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.RedisClient;

/**
 * stores.md 3.4, the hazards that one healthy server shows. Those of the wire, 2 to 4, are in
 * {@link ConnectionsTest}, 14 is in {@link RedisFailureTest} and {@link RefusingServersTest}, and
 * what needs replicas, 7 and 15, in {@code RedisReplicationServerFaultsTest}; 15 on one server is
 * in {@link AcknowledgementTest}.
 */
@StoreUnderTest("Redis")
@Timeout(60)
final class RedisHazardsTest {
  private static RedisClient client;
  private static RedisKeyStore store;

  @BeforeAll
  static void open() {
    client = Redis.client();
    store = RedisKeyStore.builder(client).build();
  }

  @AfterAll
  static void close() {
    client.close();
  }

  @Test
  void stores_3_4_1_sixteenClientsClaimOneKey_oneIsGranted() {
    int racers = 16;
    List<RedisClient> clients =
        Stream.generate(() -> Redis.client(Redis.address(), 1, Duration.ofSeconds(5)))
            .limit(racers)
            .toList();
    List<RedisKeyStore> stores =
        clients.stream().map(each -> RedisKeyStore.builder(each).build()).toList();
    try (Together together = new Together(racers)) {
      for (int round = 0; round < 50; round++) {
        KeyRecord first = claim();
        List<CasResult> results =
            together.run(
                racer -> {
                  KeyRecord mine = duplicate(first);
                  return stores.get(racer).compareAndSet(mine.keyId(), Stamp.ABSENT, mine);
                });
        assertThat(results).filteredOn(CasResult.APPLIED::equals).hasSize(1);
        Stamp winner = store.find(first.keyId()).orElseThrow().stamp();
        assertThat(results)
            .filteredOn(CasResult.Refused.class::isInstance)
            .hasSize(racers - 1)
            .allSatisfy(
                each ->
                    assertThat(((CasResult.Refused) each).live().orElseThrow().stamp())
                        .isEqualTo(winner));
      }
    } finally {
      clients.forEach(RedisClient::close);
    }
  }

  @Test
  void stores_3_4_5_keyGoneAndClaimedAgain_theOldHolderIsRefused() {
    KeyRecord zombie = claim();
    apply(store, Stamp.ABSENT, zombie);
    client.del(RedisSubject.key(zombie.keyId()));
    assertThat(store.compareAndSet(zombie.keyId(), zombie.stamp(), completed(zombie)))
        .isEqualTo(CasResult.NONE_LIVE);
    KeyRecord successor = duplicate(zombie);
    apply(store, Stamp.ABSENT, successor);
    assertThat(refuse(store, zombie.stamp(), completed(zombie)).stamp())
        .isEqualTo(successor.stamp());
  }

  @Test
  void stores_3_4_6_endsAreTheServersClockAndWhatWasAskedFor() {
    KeyRecord claim = claim();
    long before = serverMillis();
    apply(store, Stamp.ABSENT, claim);
    long after = serverMillis();
    Map<String, String> contents = contents(client, claim.keyId());
    assertThat(Long.parseLong(contents.get("lease_until_ms")) - claim.lease().toMillis())
        .isBetween(before, after);
    assertThat(Long.parseLong(contents.get("retain_until_ms")) - claim.retention().toMillis())
        .isBetween(before, after);
  }

  @Test
  void s05_fractionsOfAMillisecond_areRoundedUp() {
    KeyRecord claim =
        claim().toBuilder()
            .lease(Duration.ofSeconds(10))
            .retention(Duration.ofSeconds(20).plusNanos(1))
            .build();
    apply(store, Stamp.ABSENT, claim);
    Map<String, String> contents = contents(client, claim.keyId());
    assertThat(
            Long.parseLong(contents.get("retain_until_ms"))
                - Long.parseLong(contents.get("lease_until_ms")))
        .isEqualTo(10_001);
  }

  private static long serverMillis() {
    Object time = client.eval("local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000");
    return (Long) time;
  }

  @Test
  void stores_3_4_9_keyOfAnotherType_isATypedErrorAndStays() {
    KeyRecord claim = claim();
    byte[] key = RedisSubject.key(claim.keyId());
    client.rpush(key, new byte[] {1}, new byte[] {2});
    assertNotApplied(
        Reason.UNREADABLE, () -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
    assertNotApplied(Reason.UNREADABLE, () -> store.find(claim.keyId()));
    assertThat(client.lrange(key, 0, -1)).containsExactly(new byte[] {1}, new byte[] {2});
    assertThat(client.pttl(key)).as("its expiry").isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(longs = {(1L << 53) - 1, (1L << 53) + 1, Long.MAX_VALUE - 1, Long.MAX_VALUE})
  void stores_3_4_10_fenceBeyondDoubles_comesBackAsItWas(long fence) {
    KeyRecord claim =
        Samples.locked(Samples.keyId(), Samples.stamp()).fence(fence).attempt(7).build();
    apply(store, Stamp.ABSENT, claim);
    assertThat(store.find(claim.keyId()).orElseThrow().record().fence()).isEqualTo(fence);
    assertThat(refuse(store, Stamp.ABSENT, duplicate(claim)).record().fence()).isEqualTo(fence);
    KeyRecord renewed = renewed(claim);
    apply(store, claim.stamp(), renewed);
    assertThat(store.find(claim.keyId()).orElseThrow().record().fence()).isEqualTo(fence);
  }

  @Test
  void stores_3_4_10_longestRetention_isStoredAsAWholeNumber() {
    KeyRecord claim =
        Samples.locked(Samples.keyId(), Samples.stamp())
            .lease(KeyRecord.MAXIMUM_DURATION)
            .retention(KeyRecord.MAXIMUM_DURATION)
            .build();
    apply(store, Stamp.ABSENT, claim);
    assertThat(contents(client, claim.keyId()).get("retain_until_ms")).matches("[0-9]{13}");
    assertThat(store.find(claim.keyId()).orElseThrow().retentionLeft())
        .isGreaterThan(KeyRecord.MAXIMUM_DURATION.minusDays(1));
    apply(store, claim.stamp(), completed(claim));
  }

  @Test
  void stores_3_4_11_scriptsFlushed_writeAndReadAsBefore() {
    KeyRecord byName = claim();
    apply(store, Stamp.ABSENT, byName);
    client.scriptFlush();
    KeyRecord byText = byName.toBuilder().keyId(Samples.keyId()).build();
    apply(store, Stamp.ABSENT, byText);
    client.scriptFlush();
    assertThat(store.find(byText.keyId()).orElseThrow().record().fence()).isEqualTo(byName.fence());
    client.scriptFlush();
    assertThat(refuse(store, Stamp.ABSENT, duplicate(byText)).stamp()).isEqualTo(byText.stamp());
    // Both ways store the same bytes: all but the ends, and but the key id in head and slots.
    Map<String, String> first = contents(client, byName.keyId());
    KeyRecord again = byName.toBuilder().stamp(byName.stamp().next()).build();
    apply(store, byName.stamp(), again);
    Map<String, String> second = contents(client, byName.keyId());
    client.scriptFlush();
    client.del(RedisSubject.key(byName.keyId()));
    apply(store, Stamp.ABSENT, again);
    Map<String, String> third = contents(client, byName.keyId());
    for (Map<String, String> each : List.of(first, second, third)) {
      assertThat(each.keySet().removeAll(List.of("lease_until_ms", "retain_until_ms", "ends_sum")))
          .isTrue();
    }
    assertThat(third).isEqualTo(second).isNotEqualTo(first);
  }

  @Test
  void stores_3_4_11_scriptsFlushedAllTheTime_noCallFails() {
    AtomicBoolean flushing = new AtomicBoolean(true);
    Thread flusher =
        new Thread(
            () -> {
              while (flushing.get()) {
                client.scriptFlush();
              }
            });
    flusher.start();
    try (Together together = new Together(4)) {
      together.run(
          thread -> {
            for (int i = 0; i < 100; i++) {
              KeyRecord done = done(store);
              assertThat(refuse(store, Stamp.ABSENT, duplicate(done)).stamp())
                  .isEqualTo(done.stamp());
              assertThat(store.find(done.keyId())).isPresent();
            }
            return null;
          });
    } finally {
      flushing.set(false);
    }
  }

  @Test
  void stores_3_4_12_everyTransitionSetsTheExpiry() {
    Duration grace = Duration.ofMinutes(20);
    RedisKeyStore graceful = RedisKeyStore.builder(client).grace(grace).build();
    KeyRecord claim = claim();
    List<KeyRecord> writes = new ArrayList<>(List.of(claim));
    KeyRecord renewed = renewed(claim);
    KeyRecord checkpointed =
        renewed.toBuilder()
            .stamp(renewed.stamp().next())
            .slots(Slots.of(null, Samples.bytes(100)))
            .build();
    KeyRecord released = released(checkpointed);
    writes.addAll(List.of(renewed, checkpointed, released));
    KeyRecord taken = duplicate(claim);
    writes.addAll(List.of(taken, completed(taken)));
    byte[] key = RedisSubject.key(claim.keyId());
    Stamp expected = Stamp.ABSENT;
    for (KeyRecord each : writes) {
      apply(graceful, expected, each);
      // Every retention here is an hour, and no test takes ten minutes.
      assertThat(client.pttl(key))
          .as("expiry after %s", each)
          .isBetween(
              each.retention().plus(grace).minusMinutes(10).toMillis(),
              each.retention().plus(grace).toMillis());
      client.persist(key);
      // The same call again, as a client or core repeats it, finds its own stamp.
      assertThat(refuse(graceful, expected, each).stamp()).isEqualTo(each.stamp());
      assertThat(client.pttl(key))
          .as("expiry after %s was repeated", each)
          .isBetween(
              each.retention().plus(grace).minusMinutes(10).toMillis(),
              each.retention().plus(grace).toMillis());
      expected = each.stamp();
    }
  }

  @Test
  void stores_3_4_12_refusalsAndReads_leaveTheExpiryAlone() {
    KeyRecord done = done(store);
    byte[] key = RedisSubject.key(done.keyId());
    client.persist(key);
    refuse(store, Stamp.ABSENT, duplicate(done));
    refuse(store, Samples.stamp(), duplicate(done));
    store.find(done.keyId());
    assertThat(client.pttl(key)).isEqualTo(-1);
  }

  @Test
  void retentionZero_theKeyIsGoneAtOnce() {
    KeyRecord claim = claim();
    apply(store, Stamp.ABSENT, claim);
    KeyRecord forgotten = completed(claim).toBuilder().retention(Duration.ZERO).build();
    apply(store, claim.stamp(), forgotten);
    assertThat(client.exists(RedisSubject.key(claim.keyId()))).isFalse();
  }

  /** S6: the field decides, not the server's deletion, which never comes here. */
  @Test
  void s06_retentionZero_whereKeysCannotExpire_isAbsentAtOnce() {
    Redis.allow("keeper", "+@all");
    try (RedisClient keeping = Redis.client("keeper")) {
      RedisKeyStore keeper = RedisKeyStore.builder(keeping).build();
      Redis.allow("keeper", "+@all", "-pexpireat");
      Told.onStandardError(
          () -> {
            for (int i = 0; i < 100; i++) {
              KeyRecord over = claim().toBuilder().retention(Duration.ZERO).build();
              apply(keeper, Stamp.ABSENT, over);
              assertThat(store.find(over.keyId())).isEmpty();
              assertThat(client.exists(RedisSubject.key(over.keyId()))).isTrue();
            }
          });
    }
  }

  @Test
  void stores_3_4_13_oldRelease_leavesTheSuccessor() throws InterruptedException {
    KeyRecord old =
        Samples.locked(Samples.keyId(), Samples.stamp()).retention(Duration.ofMillis(20)).build();
    apply(store, Stamp.ABSENT, old);
    Thread.sleep(25);
    KeyRecord successor = duplicate(old);
    apply(store, Stamp.ABSENT, successor);
    assertThat(refuse(store, old.stamp(), released(old)).stamp()).isEqualTo(successor.stamp());
    assertThat(store.find(old.keyId()).orElseThrow().stamp()).isEqualTo(successor.stamp());
  }

  @Test
  void claimOverAnExpiredRecord_leavesNothingOfIt() throws InterruptedException {
    KeyRecord old =
        Samples.completed(Samples.keyId(), Samples.stamp())
            .reference("old")
            .retention(Duration.ofMillis(20))
            .build();
    apply(store, Stamp.ABSENT, old);
    Thread.sleep(25);
    assertThat(client.exists(RedisSubject.key(old.keyId()))).as("kept for its grace").isTrue();
    apply(store, Stamp.ABSENT, duplicate(old).toBuilder().slots(Slots.UNCHANGED).build());
    KeyRecord live = store.find(old.keyId()).orElseThrow().record();
    assertThat(live.slots()).isEqualTo(Slots.EMPTY);
    assertThat(live.reference()).isNotEqualTo(old.reference());
  }

  @Test
  void heartbeat_sendsAndReplacesNoSlots() {
    KeyRecord claim =
        Samples.locked(Samples.keyId(), Samples.stamp())
            .slots(Slots.of(null, Samples.bytes(1000)))
            .build();
    apply(store, Stamp.ABSENT, claim);
    Map<String, String> before = contents(client, claim.keyId());
    apply(store, claim.stamp(), renewed(claim));
    Map<String, String> after = contents(client, claim.keyId());
    assertThat(after.get("slots")).isEqualTo(before.get("slots"));
    assertThat(after.get("slots_sum")).isEqualTo(before.get("slots_sum"));
    assertThat(after.get("head")).isNotEqualTo(before.get("head"));
  }
}
