package io.idem4j.redis;

import static io.idem4j.redis.Hashes.apply;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.RecordScanner.Page;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.Samples;
import io.idem4j.tck.StoreUnderTest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.util.JedisClusterCRC16;

/** A scan of a cluster that changes between its pages. */
@StoreUnderTest("Redis Cluster")
final class ClusterScanTest {
  private static RedisClusterServers cluster;

  @BeforeAll
  static void start() {
    cluster = RedisClusterServers.start("appendonly yes", "appendfsync no");
  }

  @AfterAll
  static void end() {
    cluster.closeClients();
    cluster.close();
  }

  private static int slot(KeyId id) {
    return JedisClusterCRC16.getSlot(RedisSubject.key(id));
  }

  /** Writes a record in doubt that is in a slot of this node. */
  private static KeyId doubt(RedisKeyStore store, RedisProcess node) {
    KeyId id =
        Stream.generate(Samples::keyId)
            .filter(each -> cluster.serves(node, slot(each)))
            .findFirst()
            .orElseThrow();
    KeyRecord doubt = Samples.locked(id, Samples.stamp()).state(KeyState.FAILED_IN_DOUBT).build();
    apply(store, Stamp.ABSENT, doubt);
    return id;
  }

  private static List<KeyId> rest(RedisKeyStore store, Optional<String> from) {
    List<KeyId> found = new ArrayList<>();
    Optional<String> next = from;
    do {
      Page page = store.scan(Kind.IN_DOUBT, 100, next);
      page.records().forEach(each -> found.add(each.keyId()));
      next = page.next();
    } while (next.isPresent());
    return found;
  }

  private static void move(int slot, RedisProcess from, RedisProcess to) {
    cluster.beginMove(slot, from, to);
    while (cluster.moveSome(slot, from, to, 100) > 0) {
      // until none is left
    }
    cluster.endMove(slot, from, to);
  }

  private static void assertScanOfAMove(RedisProcess from, RedisProcess to, int repeats) {
    try (RedisClusterClient client = cluster.client()) {
      RedisKeyStore store = RedisKeyStore.builder(client).build();
      KeyId moving = doubt(store, from);
      KeyId staying = doubt(store, to);
      Page first = store.scan(Kind.IN_DOUBT, 100, Optional.empty());
      ScanPlace place = ScanPlace.parse(Kind.IN_DOUBT, first.next().orElseThrow());
      assertThat(place.covered().get(0)).as("the first node is done").isTrue();
      List<KeyId> found = new ArrayList<>();
      first.records().forEach(each -> found.add(each.keyId()));
      move(slot(moving), from, to);
      try {
        found.addAll(rest(store, first.next()));
        assertThat(found).contains(moving, staying);
        assertThat(found.stream().filter(moving::equals).count()).isLessThanOrEqualTo(repeats);
      } finally {
        move(slot(moving), to, from);
        for (KeyId id : List.of(moving, staying)) {
          client.del(RedisSubject.key(id));
        }
      }
    }
  }

  /** From a node that is still to come to one that is done: found, though its node is not asked. */
  @Test
  void slotMovedToANodeThatIsDone_isFound() {
    assertScanOfAMove(cluster.nodes().get(2), cluster.nodes().get(0), 1);
  }

  /** From a node that is done to one that is to come: not given out again. */
  @Test
  void slotMovedFromANodeThatIsDone_isNotRepeated() {
    assertScanOfAMove(cluster.nodes().get(0), cluster.nodes().get(2), 1);
  }

  @Test
  void allNodes_areScanned_whateverTheClientKnows() {
    try (RedisClusterClient client = cluster.client()) {
      RedisKeyStore store = RedisKeyStore.builder(client).build();
      List<KeyId> written = cluster.nodes().stream().map(node -> doubt(store, node)).toList();
      assertThat(rest(store, Optional.empty())).containsExactlyInAnyOrderElementsOf(written);
      written.forEach(id -> client.del(RedisSubject.key(id)));
    }
  }

  @Test
  void nodeRestartedBetweenPages_isScannedFromTheBeginning() {
    RedisProcess node = cluster.nodes().get(0);
    try (RedisClusterClient client = cluster.client()) {
      RedisKeyStore store = RedisKeyStore.builder(client).build();
      List<KeyId> written = new ArrayList<>();
      for (int i = 0; i < 3 * Keyspace.EXAMINED; i++) {
        written.add(doubt(store, node));
      }
      Page first = store.scan(Kind.IN_DOUBT, 1_000, Optional.empty());
      node.kill();
      node.start();
      cluster.awaitWhole();
      // Another instance, which has no connection to the process that is gone.
      RedisKeyStore other = RedisKeyStore.builder(cluster.client()).build();
      assertThat(rest(other, first.next())).containsAll(written);
    } finally {
      cluster.nodes().forEach(each -> each.ask(jedis -> jedis.flushAll()));
    }
  }
}
