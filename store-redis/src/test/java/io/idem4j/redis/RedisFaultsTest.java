package io.idem4j.redis;

import io.idem4j.spi.KeyStore;
import io.idem4j.tck.FaultSubject;
import io.idem4j.tck.KeyStoreFaults;
import io.idem4j.tck.StoreUnderTest;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.BeforeEach;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisClient;

/** Redis behind Jedis and its pool as they come, but for a short socket timeout. */
@StoreUnderTest("Redis")
final class RedisFaultsTest extends KeyStoreFaults {
  private static final int SOCKET_TIMEOUT_MILLIS = 250;

  /** Of its own: how many exchanges a scan takes hangs on how many keys there are. */
  private static final int DATABASE = 7;

  /** Keys of earlier tests would expire between the count of a scan's exchanges and its faults. */
  @BeforeEach
  void beginWithoutKeys() {
    try (RedisClient client = client()) {
      client.flushDB();
    }
  }

  private static RedisClient client() {
    return RedisClient.builder()
        .hostAndPort(new HostAndPort(Redis.address().getHost(), Redis.address().getPort()))
        .clientConfig(DefaultJedisClientConfig.builder().database(DATABASE).build())
        .build();
  }

  @Override
  protected FaultSubject newSubject() {
    return new Subject();
  }

  private static final class Subject implements FaultSubject {
    private final RedisClient client = client();
    private final KeyStore direct = RedisKeyStore.builder(client).build();

    @Override
    public InetSocketAddress server() {
      return new InetSocketAddress(Redis.address().getHost(), Redis.address().getPort());
    }

    @Override
    public Proxied open(int port, int connections) {
      ConnectionPoolConfig pool = new ConnectionPoolConfig();
      pool.setMaxTotal(connections);
      RedisClient proxied =
          RedisClient.builder()
              .hostAndPort(new HostAndPort("localhost", port))
              .clientConfig(
                  DefaultJedisClientConfig.builder()
                      .socketTimeoutMillis(SOCKET_TIMEOUT_MILLIS)
                      .database(DATABASE)
                      .build())
              .poolConfig(pool)
              .build();
      return new Proxied(RedisKeyStore.builder(proxied).build(), proxied::close);
    }

    @Override
    public KeyStore direct() {
      return direct;
    }

    @Override
    public void close() {
      client.close();
    }
  }
}
