package io.idem4j.redis;

import io.idem4j.spi.KeyStore;
import io.idem4j.tck.KeyStorePauses;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.WorkerStore;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisClient;

/** Paused holders on Redis. */
@StoreUnderTest("Redis")
final class PauseRedisTest extends KeyStorePauses {
  private final String prefix = "paused-" + UUID.randomUUID();
  private final RedisClient client = Redis.client();

  /** Opens a store in a worker: host, port, prefix of its keys. */
  static final class Opener implements WorkerStore {
    @Override
    public KeyStore open(List<String> arguments) {
      HostAndPort address = new HostAndPort(arguments.get(0), Integer.parseInt(arguments.get(1)));
      return build(Redis.client(address), arguments.get(2));
    }
  }

  private static KeyStore build(RedisClient client, String prefix) {
    return RedisKeyStore.builder(client).keyPrefix(prefix).build();
  }

  @AfterEach
  void end() {
    client.close();
  }

  @Override
  protected Class<? extends WorkerStore> opener() {
    return Opener.class;
  }

  @Override
  protected List<String> arguments() {
    HostAndPort address = Redis.address();
    return List.of(address.getHost(), Integer.toString(address.getPort()), prefix);
  }

  @Override
  protected KeyStore store() {
    return build(client, prefix);
  }
}
