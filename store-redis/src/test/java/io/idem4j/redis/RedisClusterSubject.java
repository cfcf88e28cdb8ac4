package io.idem4j.redis;

import io.idem4j.spi.KeyStore;
import io.idem4j.tck.KeyStoreSubject;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisClusterClient;

/**
 * The cluster for the contract suite, through clients with their default retries: three servers of
 * this JVM, or running ones named by {@code -Didem4j.test.redisCluster=host:port,…}. One serves all
 * tests.
 */
final class RedisClusterSubject implements KeyStoreSubject {
  private static final int MAXIMUM_SLOT = 1 << 20;

  private static RedisClusterSubject made;

  private final RedisClusterClient client = client();
  private final RedisKeyStore store = build(client);
  private final RedisKeyStore second = build(client());

  private RedisClusterSubject() {}

  static synchronized RedisClusterSubject get() {
    if (made == null) {
      made = new RedisClusterSubject();
    }
    return made;
  }

  private static RedisClusterClient client() {
    String named = System.getProperty("idem4j.test.redisCluster", "");
    if (named.isEmpty()) {
      return RedisClusterServers.shared().client();
    }
    Set<HostAndPort> nodes =
        Arrays.stream(named.split(",")).map(HostAndPort::from).collect(Collectors.toSet());
    return RedisClusterClient.builder().nodes(nodes).build();
  }

  private static RedisKeyStore build(RedisClusterClient client) {
    return RedisKeyStore.builder(client).maximumSlot(MAXIMUM_SLOT).build();
  }

  @Override
  public KeyStore store() {
    return store;
  }

  @Override
  public KeyStore secondInstance() {
    return second;
  }

  @Override
  public OptionalInt maximumSlot() {
    return OptionalInt.of(MAXIMUM_SLOT);
  }

  @Override
  public Optional<KeyStore> unreachable() {
    RedisClusterServers gone = RedisClusterServers.start();
    // One attempt is enough: that of a call to a dead node takes seconds by default.
    KeyStore lost = build(gone.clientWithoutRetries(1_000));
    gone.nodes().forEach(RedisProcess::kill);
    return Optional.of(lost);
  }

  @Override
  public List<Damage> damages() {
    return new RedisSubject(client).damages();
  }
}
