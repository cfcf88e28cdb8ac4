package io.idem4j.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.HostAndPortMapper;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.args.ClusterFailoverOption;
import redis.clients.jedis.params.MigrateParams;

/**
 * Three redis-servers as a cluster without replicas: each serves a third of the slots. Slots of a
 * node that is away are refused; the others go on.
 */
final class RedisClusterServers implements AutoCloseable {
  private static final int SLOTS = 16_384;
  private static final int NODES = 3;

  private static RedisClusterServers shared;

  private final List<RedisProcess> nodes;
  private final Queue<RedisClusterClient> clients = new ConcurrentLinkedQueue<>();

  private RedisClusterServers(List<RedisProcess> nodes) {
    this.nodes = nodes;
  }

  /** Returns the cluster of this JVM for tests that leave it as it is. */
  static synchronized RedisClusterServers shared() {
    if (shared == null) {
      shared = start();
    }
    return shared;
  }

  /** Starts a cluster and waits until all of its nodes serve. */
  static RedisClusterServers start(String... settings) {
    RedisClusterServers cluster =
        new RedisClusterServers(
            IntStream.range(0, NODES).mapToObj(node -> startNode(settings)).toList());
    cluster.join();
    return cluster;
  }

  private static RedisProcess startNode(String... settings) {
    List<String> lines = new ArrayList<>(List.of(settings));
    lines.add("cluster-enabled yes");
    lines.add("cluster-node-timeout 1000");
    lines.add("cluster-require-full-coverage no");
    lines.add("cluster-announce-ip " + RedisProcess.HOST);
    return RedisServers.standalone(lines.toArray(String[]::new));
  }

  /** Starts a replica of a node, which is never promoted, and waits until it has its data. */
  RedisProcess startReplicaOf(RedisProcess node) {
    RedisProcess replica = startNode("cluster-replica-no-failover yes");
    replica.ask(jedis -> jedis.clusterMeet(RedisProcess.HOST, node.port()));
    String id = id(node);
    RedisServers.await(
        "a replica that knows its primary",
        () -> replica.ask(jedis -> jedis.clusterNodes()).contains(id));
    replica.ask(jedis -> jedis.clusterReplicate(id));
    RedisServers.await("a synchronised replica", () -> RedisServers.isOnline(node, replica));
    awaitKnown(id(replica) + " [^ ]+ slave.*");
    return replica;
  }

  /** Gives a replica the slots of its primary, which is dead, and waits until all others know. */
  void promote(RedisProcess replica) {
    replica.ask(jedis -> jedis.clusterFailover(ClusterFailoverOption.TAKEOVER));
    awaitKnown(id(replica) + " [^ ]+ master.*");
  }

  /** Waits until each running node lists another one, in a line of this form. */
  private void awaitKnown(String line) {
    for (RedisProcess node : nodes) {
      if (node.isRunning()) {
        RedisServers.await(
            node + " to know " + line,
            () -> node.ask(jedis -> jedis.clusterNodes()).lines().anyMatch(l -> l.matches(line)));
      }
    }
  }

  /** Starts a node that serves no slot, and waits until all others know it. */
  RedisProcess startEmptyNode(RedisProcess known) {
    RedisProcess node = startNode();
    node.ask(jedis -> jedis.clusterMeet(RedisProcess.HOST, known.port()));
    awaitKnown(id(node) + " [^ ]+ master.*");
    RedisServers.await(
        "a node that serves", () -> node.ask(jedis -> jedis.clusterInfo()).contains("state:ok"));
    return node;
  }

  private void join() {
    for (int i = 0; i < NODES; i++) {
      int[] slots = IntStream.range(SLOTS * i / NODES, SLOTS * (i + 1) / NODES).toArray();
      int epoch = i + 1;
      nodes.get(i).ask(jedis -> jedis.clusterAddSlots(slots) + jedis.clusterSetConfigEpoch(epoch));
    }
    for (RedisProcess node : nodes.subList(1, NODES)) {
      nodes.get(0).ask(jedis -> jedis.clusterMeet(RedisProcess.HOST, node.port()));
    }
    awaitWhole();
  }

  /** Waits until each node sees all slots served. */
  void awaitWhole() {
    for (RedisProcess node : nodes) {
      RedisServers.await(
          "a whole cluster at " + node,
          () -> {
            String info = node.ask(jedis -> jedis.clusterInfo());
            return info.contains("cluster_state:ok") && info.contains("cluster_slots_ok:" + SLOTS);
          });
    }
  }

  List<RedisProcess> nodes() {
    return nodes;
  }

  /** Returns a client with its default number of attempts and timeouts. */
  RedisClusterClient client() {
    return kept(RedisClusterClient.builder().nodes(addresses()).build());
  }

  /** Returns a client with these pools. */
  RedisClusterClient client(ConnectionPoolConfig pool) {
    return kept(RedisClusterClient.builder().nodes(addresses()).poolConfig(pool).build());
  }

  /** Returns a client that tries each command once. */
  RedisClusterClient clientWithoutRetries(int timeoutMillis) {
    return kept(
        RedisClusterClient.builder()
            .nodes(addresses())
            .clientConfig(DefaultJedisClientConfig.builder().timeoutMillis(timeoutMillis).build())
            .maxAttempts(1)
            .build());
  }

  /** Returns a client with its default number of attempts, led to other addresses. */
  RedisClusterClient client(HostAndPortMapper mapper) {
    return kept(
        RedisClusterClient.builder()
            .nodes(addresses())
            .clientConfig(DefaultJedisClientConfig.builder().hostAndPortMapper(mapper).build())
            .build());
  }

  private RedisClusterClient kept(RedisClusterClient client) {
    clients.add(client);
    return client;
  }

  private Set<HostAndPort> addresses() {
    return nodes.stream().map(RedisProcess::address).collect(Collectors.toSet());
  }

  /** Says whether this node serves the slot, as it was given out at first. */
  boolean serves(RedisProcess node, int slot) {
    int i = nodes.indexOf(node);
    return SLOTS * i / NODES <= slot && slot < SLOTS * (i + 1) / NODES;
  }

  /** Begins to move a slot: from now on absent keys are asked of the node that it goes to. */
  void beginMove(int slot, RedisProcess from, RedisProcess to) {
    to.ask(jedis -> jedis.clusterSetSlotImporting(slot, id(from)));
    from.ask(jedis -> jedis.clusterSetSlotMigrating(slot, id(to)));
  }

  /** Moves at most {@code limit} records of a slot; returns how many. */
  int moveSome(int slot, RedisProcess from, RedisProcess to, int limit) {
    return from.ask(
        jedis -> {
          List<byte[]> keys = jedis.clusterGetKeysInSlotBinary(slot, limit);
          if (!keys.isEmpty()) {
            byte[][] some = keys.toArray(byte[][]::new);
            jedis.migrate(RedisProcess.HOST, to.port(), 5_000, new MigrateParams(), some);
          }
          return keys.size();
        });
  }

  /** Ends the move of a slot whose records are all moved. */
  void endMove(int slot, RedisProcess from, RedisProcess to) {
    String id = id(to);
    to.ask(jedis -> jedis.clusterSetSlotNode(slot, id));
    from.ask(jedis -> jedis.clusterSetSlotNode(slot, id));
  }

  private static String id(RedisProcess node) {
    return node.ask(jedis -> jedis.clusterMyId());
  }

  /** Closes the clients that it gave out so far. */
  void closeClients() {
    for (RedisClusterClient each = clients.poll(); each != null; each = clients.poll()) {
      each.close();
    }
  }

  /** Closes the clients and kills the nodes. */
  @Override
  public void close() {
    closeClients();
    nodes.forEach(RedisProcess::close);
  }
}
