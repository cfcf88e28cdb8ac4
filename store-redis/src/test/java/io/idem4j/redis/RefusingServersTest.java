package io.idem4j.redis;

import static io.idem4j.redis.Hashes.apply;
import static io.idem4j.redis.Hashes.assertNotApplied;
import static io.idem4j.redis.Hashes.claim;
import static io.idem4j.redis.Hashes.done;
import static io.idem4j.redis.Hashes.duplicate;
import static io.idem4j.redis.Hashes.refuse;
import static io.idem4j.redis.Hashes.renewed;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * stores.md 3.4.8 and 3.4.14 on real servers that refuse: nothing is written, the error says so,
 * and what is stored can still be read from a primary.
 */
@StoreUnderTest("Redis")
@Timeout(60)
final class RefusingServersTest {
  /** A server whose settings these tests change. */
  private static HostAndPort own;

  private RedisClient client;
  private RedisKeyStore store;
  private KeyRecord done;
  private KeyRecord running;

  @BeforeAll
  static void start() {
    own = Redis.start(List.of());
  }

  @BeforeEach
  void open() {
    client = Redis.client(own);
    store = RedisKeyStore.builder(client).build();
    done = done(store);
    running = claim();
    apply(store, Stamp.ABSENT, running);
  }

  @AfterEach
  void close() {
    client.configSet("maxmemory", "0");
    client.configSet("min-replicas-to-write", "0");
    client.configSet("save", "");
    client.close();
  }

  private void assertEveryWriteFails(Reason reason) {
    KeyRecord claim = claim();
    assertNotApplied(reason, () -> store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim));
    KeyRecord renewed = renewed(running);
    assertNotApplied(reason, () -> store.compareAndSet(running.keyId(), running.stamp(), renewed));
    assertThat(client.exists(RedisSubject.key(claim.keyId()))).isFalse();
  }

  private void assertReadsAndRefusalsGoOn() {
    assertThat(store.find(running.keyId()).orElseThrow().stamp()).isEqualTo(running.stamp());
    assertThat(refuse(store, Stamp.ABSENT, duplicate(done)).stamp()).isEqualTo(done.stamp());
    assertThat(refuse(store, done.stamp(), duplicate(running)).stamp()).isEqualTo(running.stamp());
  }

  @Test
  void stores_3_4_8_fullServer_isADefiniteNo_andReplaysGoOn() {
    client.configSet("maxmemory", "1");
    assertEveryWriteFails(Reason.FULL);
    assertReadsAndRefusalsGoOn();
    // The second copy, by text, is refused: the first is known to have been refused as well.
    client.scriptFlush();
    assertEveryWriteFails(Reason.FULL);
    client.configSet("maxmemory", "0");
    apply(store, running.stamp(), renewed(running));
  }

  @Test
  void stores_3_4_14_tooFewReplicas_isADefiniteNo_andReplaysGoOn() {
    client.configSet("min-replicas-to-write", "1");
    assertEveryWriteFails(Reason.UNAVAILABLE);
    assertReadsAndRefusalsGoOn();
  }

  @Test
  void stores_3_4_14_snapshotFails_isADefiniteNo_andReplaysGoOn(@TempDir Path directory)
      throws Exception {
    // A directory in the snapshot's place, because root may write to any file.
    Files.createDirectory(directory.resolve("taken.rdb"));
    client.configSet("dir", directory.toString());
    client.configSet("dbfilename", "taken.rdb");
    client.configSet("save", "1000 1000000");
    Redis.run(client, Command.BGSAVE);
    await("rdb_last_bgsave_status:err");
    assertEveryWriteFails(Reason.UNAVAILABLE);
    assertReadsAndRefusalsGoOn();
    client.configSet("dbfilename", "free.rdb");
    Redis.run(client, Command.BGSAVE);
    await("rdb_last_bgsave_status:ok");
    client.configSet("dir", "/");
  }

  private void await(String line) throws InterruptedException {
    while (client.info("persistence").lines().noneMatch(line::equals)) {
      Thread.sleep(10);
    }
  }

  @Test
  void stores_3_4_14_longScriptOfSomebodyElse_isADefiniteNo() throws InterruptedException {
    client.configSet("lua-time-limit", "5");
    Thread endless =
        new Thread(
            () -> {
              try (RedisClient other = Redis.client(own)) {
                other.eval("while true do end");
              } catch (JedisDataException e) {
                // killed, as planned
              }
            });
    endless.start();
    KeyRecord next = renewed(running);
    RuntimeException seen = null;
    // Until the time limit has passed, the server answers nobody.
    while (seen == null) {
      try {
        store.find(running.keyId());
        Thread.sleep(5);
      } catch (KeyStoreException e) {
        seen = e;
      }
    }
    assertNotApplied(
        Reason.UNAVAILABLE, () -> store.compareAndSet(next.keyId(), running.stamp(), next));
    client.scriptKill();
    endless.join();
    apply(store, running.stamp(), next);
  }

  @Test
  void s01_replica_isNoAuthority() throws InterruptedException {
    HostAndPort replica = Redis.start(List.of("replicaof 127.0.0.1 " + own.getPort()));
    try (RedisClient reader = Redis.client(replica)) {
      while (!reader.exists(RedisSubject.key(running.keyId()))) {
        Thread.sleep(10);
      }
      assertNotApplied(Reason.READ_ONLY, () -> RedisKeyStore.builder(reader).build());
      // A store that was made when this was the primary.
      Redis.run(reader, Command.REPLICAOF, "NO", "ONE");
      RedisKeyStore demoted = RedisKeyStore.builder(reader).build();
      assertThat(demoted.find(running.keyId())).isPresent();
      Redis.run(reader, Command.REPLICAOF, "127.0.0.1", "" + own.getPort());
      KeyRecord claim = claim();
      for (KeyRecord each : List.of(claim, duplicate(running), duplicate(done))) {
        assertNotApplied(
            Reason.READ_ONLY, () -> demoted.compareAndSet(each.keyId(), Stamp.ABSENT, each));
        assertNotApplied(
            Reason.READ_ONLY, () -> demoted.compareAndSet(each.keyId(), Samples.stamp(), each));
        assertNotApplied(Reason.READ_ONLY, () -> demoted.find(each.keyId()));
      }
      reader.configSet("replica-serve-stale-data", "no");
      Redis.run(reader, Command.REPLICAOF, "127.0.0.1", "" + Redis.freePort());
      assertNotApplied(Reason.UNAVAILABLE, () -> demoted.find(running.keyId()));
    }
  }
}
