package io.idem4j.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.tck.StoreUnderTest;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.RedisSentinelClient;

/**
 * A primary, its replica and a sentinel that makes the replica the primary when the first is
 * killed; the store works through Jedis's sentinel client, which follows.
 *
 * <p>What the replica had is still there after that. What it had not yet is lost: {@code
 * RedisReplicationServerFaultsTest} shows that, with the servers in hand.
 */
@StoreUnderTest("Redis")
class RedisSentinelServerFaultsTest {
  private final Callers callers = new Callers();
  private RedisProcess primary;
  private RedisProcess replica;
  private RedisProcess sentinel;
  private RedisSentinelClient client;

  @BeforeEach
  void startServers() {
    primary = RedisServers.standalone();
    replica = RedisServers.replicaOf(primary);
    sentinel = RedisServers.sentinelOf(primary);
    // Only a replica that it knows can be promoted.
    RedisServers.await(
        "a sentinel that knows the replica",
        () ->
            sentinel.info("sentinel", "master0").contains("status=ok,")
                && sentinel.info("sentinel", "master0").contains("slaves=1"));
    client = client();
  }

  private RedisSentinelClient client() {
    return RedisSentinelClient.builder()
        .masterName("primary")
        .sentinels(Set.of(sentinel.address()))
        .clientConfig(DefaultJedisClientConfig.builder().timeoutMillis(2_000).build())
        .build();
  }

  @AfterEach
  void endServers() {
    client.close();
    sentinel.close();
    replica.close();
    primary.close();
  }

  private Operation<String> process() {
    return callers.through(RedisKeyStore.builder(client).build());
  }

  private void failOver() {
    primary.kill();
    // Asked of who answers it: the client tells a new master before it has connections to it.
    RedisServers.await(
        "a client that was led to the replica",
        () -> client.info("server").contains("tcp_port:" + replica.port()));
    RedisServers.await(
        "a promoted replica", () -> replica.info("replication", "role").equals("master"));
  }

  @Test
  void failover_whileAReplicatedLockIsHeld_holderRecordsItsAnswerOnTheNewPrimary() {
    Operation<String> process = process();
    Outcome<String> outcome =
        callers.call(
            process,
            "order",
            () -> {
              awaitReplicated();
              failOver();
              assertThat(callers.call(process(), "order")).isInstanceOf(Outcome.InFlight.class);
            });
    assertThat(outcome).isEqualTo(new Outcome.Executed<>("effect 1 of order", true));
    assertThat(callers.call(process(), "order").orElseThrow()).isEqualTo("effect 1 of order");
    callers.requireNothingWrong(RedisKeyStore.builder(replica.client()).build());
  }

  private void awaitReplicated() {
    RedisServers.await(
        "a replica that has all",
        () ->
            replica
                .info("replication", "slave_repl_offset")
                .equals(primary.info("replication", "master_repl_offset")));
  }
}
