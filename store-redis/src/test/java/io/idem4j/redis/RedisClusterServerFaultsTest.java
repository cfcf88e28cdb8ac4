package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.StoreUnderTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * A cluster of three nodes without replicas, whose slots move and whose nodes are killed with
 * SIGKILL. Each node has an append-only file, so nothing acknowledged is lost by that; a replica
 * that is promoted in a cluster loses as much as any other ({@code
 * RedisReplicationServerFaultsTest}).
 *
 * <p>TRYAGAIN cannot occur: it answers commands with several keys, and a script here has one.
 */
@StoreUnderTest("Redis Cluster")
class RedisClusterServerFaultsTest {
  private static final int THREADS = 6;
  private static final int POOL = 8;
  private static final int MOVED_SLOTS = 12;

  private static final Duration WAIT = Duration.ofMillis(50);
  private static final Duration PATIENT = Duration.ofMillis(1_500);

  private static RedisClusterServers cluster;

  @BeforeAll
  static void startCluster() {
    // What a process wrote to its file survives the process, synchronised or not.
    cluster = RedisClusterServers.start("appendonly yes", "appendfsync no");
  }

  @BeforeEach
  void startDeadNodes() {
    cluster.nodes().stream().filter(node -> !node.isRunning()).forEach(RedisProcess::start);
    cluster.awaitWhole();
  }

  @AfterEach
  void closeClients() {
    cluster.closeClients();
  }

  @AfterAll
  static void endCluster() {
    cluster.close();
  }

  private static RedisKeyStore store(UnifiedJedis client) {
    return RedisKeyStore.builder(client).build();
  }

  private static RedisKeyStore acknowledged(UnifiedJedis client, Duration timeout) {
    return RedisKeyStore.builder(client).acknowledgedBy(1, timeout).build();
  }

  private static int slotOf(KeyId id) {
    return JedisClusterCRC16.getSlot(RedisSubject.key(id));
  }

  private static String valueInSlots(int from, int to, int number) {
    return IntStream.iterate(0, i -> i + 1)
        .mapToObj(i -> "order " + number + "." + i)
        .filter(
            value -> {
              int slot = slotOf(Callers.key(value).id());
              return from <= slot && slot < to;
            })
        .findFirst()
        .orElseThrow();
  }

  @Test
  void slotsMoved_backAndForthUnderLoad_failNoCall() {
    Callers callers = new Callers(number -> valueInSlots(0, MOVED_SLOTS, number));
    List<RedisProcess> nodes = cluster.nodes();
    callers.callWhile(
        List.of(callers.through(store(cluster.client())), callers.through(store(cluster.client()))),
        THREADS,
        () -> {
          callers.awaitAnswers(20);
          move(callers, nodes.get(0), nodes.get(1));
          move(callers, nodes.get(1), nodes.get(0));
        });
    assertThat(callers.errors()).isEmpty();
    assertThat(redirections("ASK")).as("ASK answers").isPositive();
    assertThat(redirections("MOVED")).as("MOVED answers").isPositive();
    callers.requireNothingWrong(store(cluster.client()));
  }

  @Test
  void stores_3_4_15_slotsMoved_underLoad_acknowledgedWritesFailNoCall() {
    List<RedisProcess> nodes = cluster.nodes();
    List<RedisProcess> replicas =
        nodes.subList(0, 2).stream().map(cluster::startReplicaOf).toList();
    // Other keys than those of the test without acknowledgement.
    Callers callers = new Callers(number -> valueInSlots(0, MOVED_SLOTS, 1_000 + number));
    int asked = redirections("ASK");
    callers.callWhile(
        List.of(
            callers.through(acknowledged(cluster.client(), PATIENT)),
            callers.through(acknowledged(cluster.client(), PATIENT))),
        THREADS,
        () -> {
          callers.awaitAnswers(20);
          move(callers, nodes.get(0), nodes.get(1));
          move(callers, nodes.get(1), nodes.get(0));
        });
    assertThat(callers.errors()).isEmpty();
    assertThat(redirections("ASK")).as("ASK answers").isGreaterThan(asked);
    callers.requireNothingWrong(store(cluster.client()));
    replicas.forEach(RedisProcess::close);
  }

  @Test
  void stores_3_4_15_slotMovesToANodeThatHasJoinedSince_acknowledgedWritesFollow() {
    KeyStore store = acknowledged(cluster.client(), WAIT);
    RedisProcess from = cluster.nodes().get(0);
    RedisProcess joined = cluster.startEmptyNode(from);
    KeyRecord claim = claimsOf(from, 1).get(0);
    int slot = slotOf(claim.keyId());
    cluster.beginMove(slot, from, joined);
    try {
      // It has no replica, so nothing it applies is acknowledged.
      Hashes.assertUnknown(() -> write(store, claim));
      assertThat(store.find(claim.keyId()).orElseThrow().stamp()).isEqualTo(claim.stamp());
    } finally {
      from.ask(jedis -> jedis.clusterSetSlotStable(slot));
      joined.close();
    }
  }

  @Test
  void stores_3_4_7_replicaPromoted_acknowledgedWritesFollow() {
    try (RedisClusterServers own = RedisClusterServers.start()) {
      RedisProcess dead = own.nodes().get(0);
      RedisProcess replica = own.startReplicaOf(dead);
      KeyStore store = acknowledged(own.client(), WAIT);
      List<KeyRecord> claims = claimsOf(own, dead, 2 * POOL);
      dead.kill();
      own.promote(replica);
      // Each connection that there was is found to be lost by one call.
      claims.subList(0, POOL).forEach(each -> Hashes.failing(() -> write(store, each)));
      // It has no replica of its own, so nothing it applies is acknowledged.
      for (KeyRecord each : claims.subList(POOL, claims.size())) {
        Hashes.assertUnknown(() -> write(store, each));
      }
      replica.close();
    }
  }

  @Test
  void stores_3_4_3_loginRefusedAfterALostReply_provesNothingOfTheLostCopy() {
    Map<HostAndPort, ScriptedServer> relays =
        cluster.nodes().stream()
            .map(RedisProcess::address)
            .collect(Collectors.toMap(Function.identity(), ScriptedServer::relay));
    KeyStore store =
        store(
            cluster.client(
                (HostAndPort node) ->
                    relays.containsKey(node) ? relays.get(node).address() : node));
    AtomicInteger replies = new AtomicInteger();
    byte[] refusal = "-WRONGPASS changed meanwhile\r\n".getBytes(US_ASCII);
    relays
        .values()
        .forEach(each -> each.filter(reply -> replies.incrementAndGet() == 1 ? null : refusal));
    KeyRecord claim = Hashes.claim();
    Hashes.assertUnknown(() -> write(store, claim));
    assertThat(store(cluster.client()).find(claim.keyId())).as("the lost copy").isPresent();
    relays.values().forEach(ScriptedServer::close);
  }

  /** Moves the slots record by record, with calls in between. */
  private void move(Callers callers, RedisProcess from, RedisProcess to) {
    for (int slot = 0; slot < MOVED_SLOTS; slot++) {
      cluster.beginMove(slot, from, to);
    }
    callers.awaitAnswers(10);
    for (int slot = 0; slot < MOVED_SLOTS; slot++) {
      while (cluster.moveSome(slot, from, to, 10) > 0) {
        callers.awaitAnswers(2);
      }
      cluster.endMove(slot, from, to);
    }
    callers.awaitAnswers(20);
  }

  private int redirections(String code) {
    return cluster.nodes().stream()
        .map(node -> node.info("errorstats", "errorstat_" + code))
        .filter(count -> !count.isEmpty())
        .mapToInt(count -> Integer.parseInt(count.substring("count=".length())))
        .sum();
  }

  @Test
  void nodeKilled_itsKeysFailTyped_othersGoOn_andAllAreBackAfterItsRestart() {
    Callers callers = new Callers();
    RedisProcess dead = cluster.nodes().get(0);
    String lost = valueInSlots(0, 5_000, 1);
    String other = valueInSlots(0, 5_000, 2);
    String served = valueInSlots(6_000, 16_384, 3);
    Operation<String> process = callers.through(store(cluster.client()));
    KeyStore single = callers.recorder().around(store(cluster.clientWithoutRetries(2_000)));
    assertThat(callers.call(process, lost)).isInstanceOf(Outcome.Executed.class);

    dead.kill();
    // Each connection that there was is found to be lost by one call, whose fate is unknown.
    for (KeyRecord claim : claimsOf(dead, POOL)) {
      Hashes.failing(() -> write(single, claim));
    }
    KeyRecord unsent = claimsOf(dead, 1).get(0);
    Hashes.assertNotApplied(Reason.UNAVAILABLE, () -> write(single, unsent));
    Hashes.failing(() -> callers.call(process, other));
    assertThat(callers.effects(other)).isZero();
    assertThat(callers.call(process, served)).isInstanceOf(Outcome.Executed.class);

    dead.start();
    cluster.awaitWhole();
    assertThat(callers.call(process, lost)).isInstanceOf(Outcome.Replayed.class);
    assertThat(callers.call(process, other)).isInstanceOf(Outcome.Executed.class);
    callers.requireNothingWrong(store(cluster.client()));
  }

  @Test
  void nodesKilled_underLoad_clientsDefaultRetriesRepeatNoEffect() {
    Callers callers = new Callers();
    callers.callWhile(
        List.of(callers.through(store(cluster.client())), callers.through(store(cluster.client()))),
        THREADS,
        () -> {
          for (RedisProcess node : cluster.nodes()) {
            callers.awaitAnswers(100);
            node.kill();
            node.start();
          }
          cluster.awaitWhole();
          callers.awaitAnswers(100);
        });
    callers.requireNothingWrong(store(cluster.client()));
  }

  @Test
  void stores_3_4_14_clusterDown_isADefiniteNo() {
    KeyStore store = store(cluster.clientWithoutRetries(2_000));
    RedisProcess asked = cluster.nodes().get(1);
    asked.ask(jedis -> jedis.configSet("cluster-require-full-coverage", "yes"));
    cluster.nodes().get(0).kill();
    RedisServers.await(
        "a cluster that is down",
        () -> asked.ask(jedis -> jedis.clusterInfo()).contains("cluster_state:fail"));
    try {
      for (KeyRecord claim : claimsOf(asked, 3)) {
        Hashes.assertNotApplied(Reason.UNAVAILABLE, () -> write(store, claim));
      }
    } finally {
      asked.ask(jedis -> jedis.configSet("cluster-require-full-coverage", "no"));
    }
  }

  @Test
  void stores_3_4_15_replicaFrozen_poolsOfEight_noWriteAndNoRepetitionCounts() {
    RedisProcess primary = cluster.nodes().get(0);
    RedisProcess replica = cluster.startReplicaOf(primary);
    RedisClusterClient client = cluster.client(RedisReplicationServerFaultsTest.fifo());
    KeyStore store = acknowledged(client, WAIT);
    RedisReplicationServerFaultsTest.fill(
        client.getClusterNodes().get(primary.address().toString()));
    RedisReplicationServerFaultsTest.requireOnlyAcknowledgedWritesCount(
        store, () -> claimsOf(primary, 1).get(0), replica);
    replica.close();
  }

  private static CasResult write(KeyStore store, KeyRecord claim) {
    return store.compareAndSet(claim.keyId(), Stamp.ABSENT, claim);
  }

  private List<KeyRecord> claimsOf(RedisProcess node, int number) {
    return claimsOf(cluster, node, number);
  }

  private static List<KeyRecord> claimsOf(
      RedisClusterServers servers, RedisProcess node, int number) {
    List<KeyRecord> claims = new ArrayList<>();
    while (claims.size() < number) {
      KeyRecord claim = Hashes.claim();
      if (servers.serves(node, slotOf(claim.keyId()))) {
        claims.add(claim);
      }
    }
    return claims;
  }
}
