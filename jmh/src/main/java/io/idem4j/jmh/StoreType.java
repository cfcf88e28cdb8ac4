package io.idem4j.jmh;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.dynamodb.DynamoDbFloor;
import io.idem4j.dynamodb.DynamoDbKeyStore;
import io.idem4j.jdbc.JdbcFloor;
import io.idem4j.jdbc.JdbcKeyStore;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.redis.RedisFloor;
import io.idem4j.redis.RedisKeyStore;
import io.idem4j.spi.KeyStore;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.ConnectionFactory;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.JedisSocketFactory;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.providers.PooledConnectionProvider;
import redis.clients.jedis.resps.ScanResult;
import redis.clients.jedis.util.JedisURIHelper;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/**
 * The stores of this project. Memory and H2 need nothing; where the server of another one is, the
 * system property {@code idem4j.jmh.NAME} says, which {@link Benchmarks} sets where it started one.
 */
public enum StoreType implements StoreProvider {
  /** In this process. */
  MEMORY("") {
    @Override
    public OpenedStore open() {
      return new Opened(
          new MemoryKeyStore(MAXIMUM_RECORDS), new MemoryFloor(), "", copies -> false, () -> {});
    }
  },

  /** In this process's memory, behind a pool. */
  H2("") {
    @Override
    public OpenedStore open() throws SQLException {
      return jdbc("jdbc:h2:mem:benchmark;DB_CLOSE_DELAY=-1", null);
    }
  },

  /** A JDBC URL. */
  POSTGRESQL("postgres") {
    @Override
    public OpenedStore open() throws SQLException {
      return jdbc(counted(address()), null);
    }
  },

  /** A JDBC URL. */
  MARIADB("mariadb") {
    @Override
    public OpenedStore open() throws SQLException {
      return jdbc(counted(address()), "TRANSACTION_READ_COMMITTED");
    }
  },

  /** A {@code redis://} address. */
  REDIS("redis") {
    @Override
    public OpenedStore open() {
      RedisClient client = redis(URI.create(address()));
      String prefix = "benchmark-" + System.nanoTime() + ":";
      return new Opened(
          RedisKeyStore.builder(client).keyPrefix(prefix).build(),
          new RedisFloor(client, prefix + "floor:"),
          client,
          copies -> copyHash(client, prefix, copies),
          () -> {
            removeKeys(client, prefix);
            client.close();
          });
    }
  },

  /** The address of an endpoint that takes any credentials. */
  DYNAMODB("dynamodb") {
    @Override
    public OpenedStore open() {
      DynamoDbClient client =
          DynamoDbClient.builder()
              .endpointOverride(URI.create(address()))
              .region(Region.EU_CENTRAL_1)
              .credentialsProvider(
                  StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any")))
              .httpClient(UrlConnectionHttpClient.create())
              .overrideConfiguration(it -> it.addExecutionInterceptor(new CountedRequests()))
              .build();
      String table = "benchmark" + System.nanoTime();
      KeyStore store = DynamoDbKeyStore.builder(client).table(table).createTableIfMissing().build();
      return new Opened(
          store,
          new DynamoDbFloor(client, table),
          client,
          copies -> false,
          () -> {
            client.deleteTable(request -> request.tableName(table));
            client.close();
          });
    }
  };

  /** Where a server is: {@code -Didem4j.jmh.postgresql=jdbc:postgresql://…}. */
  static final String ADDRESS = "idem4j.jmh.";

  private static final int MAXIMUM_RECORDS = 20_000_000;

  /** Enough for all threads of a benchmark that is not about the pool. */
  private static final int CONNECTIONS = 16;

  private final String serverName;

  StoreType(String serverName) {
    this.serverName = serverName;
  }

  /** Returns the name of the server that {@link StartedServer} starts; empty if none is needed. */
  String serverName() {
    return serverName;
  }

  @Override
  public String storeName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Opens a store by its name: one of these, or one that is on the class path.
   *
   * @throws NoSuchElementException if there is none of this name; the message names all there are
   */
  static OpenedStore open(String name) throws Exception {
    return all()
        .filter(it -> it.storeName().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new NoSuchElementException(
                    "no store %s; there are %s"
                        .formatted(name, all().map(StoreProvider::storeName).toList())))
        .open();
  }

  /**
   * Says whether a store is opened anew for each iteration: a call in memory is so fast that else
   * the heap, filled by earlier ones, would be what is measured.
   */
  static boolean isOpenedAnew(String name) {
    return name.equals(MEMORY.storeName());
  }

  private static Stream<StoreProvider> all() {
    return Stream.concat(
        Arrays.stream(values()),
        ServiceLoader.load(StoreProvider.class).stream().map(ServiceLoader.Provider::get));
  }

  String address() {
    String property = ADDRESS + storeName();
    String address = System.getProperty(property);
    if (address == null) {
      throw new NoSuchElementException(
          "where is the server? Name it: -jvmArgsAppend -D" + property + "=…");
    }
    return address;
  }

  static OpenedStore jdbc(String url, @Nullable String isolation) throws SQLException {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(CONNECTIONS);
    if (isolation != null) {
      config.setTransactionIsolation(isolation);
    }
    HikariDataSource connections = new HikariDataSource(config);
    DataSource pool = new CountedPool(connections);
    String table = "benchmark_" + System.nanoTime();
    String floor = table + "_floor";
    KeyStore store = JdbcKeyStore.builder(pool).table(table).createTableIfMissing().build();
    JdbcKeyStore.builder(pool).table(floor).createTableIfMissing().build();
    return new Opened(
        store,
        new JdbcFloor(pool, floor),
        pool,
        copies -> {
          Copies.ofRow(connections, table, copies);
          return true;
        },
        () -> drop(connections, table, floor));
  }

  /** Drivers make a socket factory of a class that is on the class path. */
  private static String counted(String url) {
    return url
        + (url.contains("?") ? "&" : "?")
        + "socketFactory="
        + CountedSockets.class.getName();
  }

  /** As {@link RedisClient#create(URI)} would, but for the sockets. */
  private static RedisClient redis(URI address) {
    JedisClientConfig config =
        DefaultJedisClientConfig.builder()
            .user(JedisURIHelper.getUser(address))
            .password(JedisURIHelper.getPassword(address))
            .database(JedisURIHelper.getDBIndex(address))
            .protocol(JedisURIHelper.getRedisProtocol(address))
            .build();
    HostAndPort server = JedisURIHelper.getHostAndPort(address);
    JedisSocketFactory sockets =
        () -> {
          try {
            Socket socket = new CountedSockets().createSocket();
            socket.setTcpNoDelay(true);
            socket.connect(
                new InetSocketAddress(server.getHost(), server.getPort()),
                config.getConnectionTimeoutMillis());
            socket.setSoTimeout(config.getSocketTimeoutMillis());
            return socket;
          } catch (IOException e) {
            throw new JedisConnectionException("no connection", e);
          }
        };
    return RedisClient.builder()
        .hostAndPort(server)
        .clientConfig(config)
        .connectionProvider(
            new PooledConnectionProvider(
                new ConnectionFactory(sockets, config), new ConnectionPoolConfig()))
        .build();
  }

  private static boolean copyHash(UnifiedJedis client, String prefix, int copies)
      throws InterruptedException {
    String any = client.scan(ScanParams.SCAN_POINTER_START, matching(prefix)).getResult().get(0);
    Copies.ofHash(client, any, prefix + "copy-", copies);
    return true;
  }

  /** What is not the benchmark's stays. */
  private static void removeKeys(UnifiedJedis client, String prefix) {
    String cursor = ScanParams.SCAN_POINTER_START;
    do {
      ScanResult<String> page = client.scan(cursor, matching(prefix));
      if (!page.getResult().isEmpty()) {
        client.unlink(page.getResult().toArray(String[]::new));
      }
      cursor = page.getCursor();
    } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
  }

  private static ScanParams matching(String prefix) {
    return new ScanParams().match(prefix + "*").count(10_000);
  }

  private static void drop(HikariDataSource pool, String... tables) {
    try (pool;
        Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      for (String table : tables) {
        statement.execute("DROP TABLE " + table);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the tables are left behind", e);
    }
  }

  /** Adds copies of a record, or says that it cannot. */
  private interface Copying {
    boolean add(int copies) throws Exception;
  }

  private record Opened(
      KeyStore store, Contender byHand, Object resource, Copying copying, Runnable closing)
      implements OpenedStore {
    @Override
    public boolean addCopies(int copies) throws Exception {
      return copying.add(copies);
    }

    @Override
    public <T> Optional<T> resource(Class<T> type) {
      return type.isInstance(resource) ? Optional.of(type.cast(resource)) : Optional.empty();
    }

    @Override
    public Optional<Contender> floor() {
      return Optional.of(byHand);
    }

    @Override
    public void close() {
      // JMH ends a trial within its last iteration.
      Counts.aside(closing::run);
    }
  }
}
