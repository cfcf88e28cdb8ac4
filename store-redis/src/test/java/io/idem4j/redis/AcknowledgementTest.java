package io.idem4j.redis;

import static io.idem4j.redis.Hashes.apply;
import static io.idem4j.redis.Hashes.assertNotApplied;
import static io.idem4j.redis.Hashes.assertUnknown;
import static io.idem4j.redis.Hashes.claim;
import static io.idem4j.redis.Hashes.contents;
import static io.idem4j.redis.Hashes.done;
import static io.idem4j.redis.Hashes.duplicate;
import static io.idem4j.redis.Hashes.refuse;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.Told;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.UnifiedJedis;

/** stores.md 3.4.15 on one server; frozen replicas are in the replication tests. */
@StoreUnderTest("Redis")
@Timeout(60)
final class AcknowledgementTest {
  private static final Duration SOON = Duration.ofMillis(50);

  private final RedisClient client = Redis.client();
  private final RedisKeyStore plain = RedisKeyStore.builder(client).build();

  @AfterEach
  void close() {
    client.close();
  }

  private RedisKeyStore acknowledged(RedisClient client) {
    return RedisKeyStore.builder(client).acknowledgedBy(1, SOON).build();
  }

  @Test
  void stores_3_4_15_noReplica_appliedWritesAreUnknown_andTheRepetitionToo() {
    RedisKeyStore store = acknowledged(client);
    KeyRecord claim = claim();
    assertUnknown(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
    assertThat(plain.find(claim.keyId()).orElseThrow().stamp()).isEqualTo(claim.stamp());
    assertUnknown(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
  }

  @Test
  void noReplica_whatIsNotMineIsAnsweredAllTheSame() {
    RedisKeyStore store = acknowledged(client);
    KeyRecord done = done(plain);
    assertThat(refuse(store, Stamp.ABSENT, duplicate(done)).stamp()).isEqualTo(done.stamp());
    assertThat(store.find(done.keyId())).isPresent();
    KeyRecord nobody = claim();
    assertThat(store.compareAndSet(nobody.keyId(), Samples.stamp(), nobody))
        .isEqualTo(CasResult.NONE_LIVE);
  }

  @Test
  void oneReplica_writesAreAppliedAndStoredAsWithoutAcknowledgement() throws InterruptedException {
    HostAndPort primary = Redis.start(List.of("repl-diskless-sync no"));
    HostAndPort replica = Redis.start(List.of("replicaof 127.0.0.1 " + primary.getPort()));
    try (RedisClient writer = Redis.client(primary);
        RedisClient reader = Redis.client(replica)) {
      while (reader.info("replication").lines().noneMatch("master_link_status:up"::equals)) {
        Thread.sleep(10);
      }
      RedisKeyStore store =
          RedisKeyStore.builder(writer).acknowledgedBy(1, Duration.ofSeconds(3)).build();
      KeyRecord done = done(store);
      assertThat(refuse(store, Stamp.ABSENT, duplicate(done)).stamp()).isEqualTo(done.stamp());
      assertThat(contents(reader, done.keyId())).isEqualTo(contents(writer, done.keyId()));
      writer.scriptFlush();
      KeyRecord claim = claim();
      apply(store, Stamp.ABSENT, claim);
      assertThat(refuse(store, Stamp.ABSENT, claim).stamp()).isEqualTo(claim.stamp());
    }
  }

  @Test
  void waitRefused_isUnknown_becauseTheScriptWasApplied() {
    String user = "no-wait";
    Redis.allow(user, "+@all", "-wait");
    try (RedisClient limited = Redis.client(user)) {
      RedisKeyStore store = acknowledged(limited);
      KeyRecord claim = claim();
      assertUnknown(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
      assertThat(plain.find(claim.keyId())).isPresent();
    }
  }

  @Test
  void noReplicaAtStartUp_isWarnedOf() {
    assertThat(Told.onStandardError(() -> acknowledged(client)))
        .contains("0 replicas acknowledged a first write, and 1 are asked for");
  }

  @Test
  void clientWithoutPipelines_isRefused() {
    try (Connection connection = new Connection(Redis.address())) {
      UnifiedJedis single = new SingleConnection(connection);
      RedisKeyStore.builder(single).build();
      assertThatThrownBy(() -> RedisKeyStore.builder(single).acknowledgedBy(1, SOON).build())
          .isInstanceOf(MisuseException.class)
          .hasMessageContaining("one connection");
    }
  }

  private static final class SingleConnection extends UnifiedJedis {
    @SuppressWarnings("deprecation") // no other client refuses pipelines
    SingleConnection(Connection connection) {
      super(connection);
    }
  }

  @Test
  void noServer_isADefiniteNo() {
    HostAndPort nowhere = new HostAndPort("127.0.0.1", Redis.freePort());
    try (RedisClient lost = Redis.client(nowhere)) {
      assertNotApplied(Reason.UNAVAILABLE, () -> acknowledged(lost));
    }
    RedisClient closed = Redis.client();
    closed.close();
    assertNotApplied(Reason.UNAVAILABLE, () -> acknowledged(closed));
    assertNotApplied(Reason.UNAVAILABLE, () -> RedisKeyStore.builder(closed).build());
  }

  @Test
  void serverGone_isADefiniteNoOrUnknown_asItIsKnown() {
    try (ScriptedServer server = ScriptedServer.relay(Redis.address());
        RedisClient lost = Redis.client(server.address(), 1, Duration.ofSeconds(1))) {
      RedisKeyStore store = acknowledged(lost);
      KeyRecord claim = claim();
      server.filter(reply -> null);
      assertUnknown(() -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
      assertThat(plain.find(claim.keyId())).isPresent();
      server.stop();
      assertNotApplied(
          Reason.UNAVAILABLE, () -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
    }
  }

  @Test
  void acknowledgement_outOfRange_isRefused() {
    RedisKeyStore.Builder builder = RedisKeyStore.builder(client);
    assertThatThrownBy(() -> builder.acknowledgedBy(0, SOON)).isInstanceOf(MisuseException.class);
    for (Duration each : List.of(Duration.ZERO, Duration.ofNanos(1), Duration.ofMillis(5_001))) {
      assertThatThrownBy(() -> builder.acknowledgedBy(1, each)).isInstanceOf(MisuseException.class);
    }
  }
}
