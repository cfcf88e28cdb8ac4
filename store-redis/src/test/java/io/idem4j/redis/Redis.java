package io.idem4j.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClient;
import redis.embedded.RedisServer;
import redis.embedded.core.RedisServerBuilder;

/**
 * One Redis for all tests of this JVM, on loopback, started by the first that asks and ended with
 * the JVM. {@code -Didem4j.test.redis=redis://host:port} names a running one instead. It keeps
 * nothing on disk: no test here is about durability.
 */
final class Redis {
  private static final int POOL = 16;
  private static final String PASSWORD = "of-a-test";

  private static HostAndPort address;

  private Redis() {}

  /** Returns where the server listens. */
  static synchronized HostAndPort address() {
    if (address == null) {
      String named = System.getProperty("idem4j.test.redis", "");
      address = named.isEmpty() ? start(List.of()) : parse(URI.create(named));
    }
    return address;
  }

  /** Starts a further server with these settings, for tests that spoil it; ends with the JVM. */
  static HostAndPort start(List<String> settings) {
    int port = freePort();
    try {
      RedisServerBuilder builder =
          RedisServer.newRedisServer().port(port).bind("127.0.0.1").setting("save \"\"");
      builder.setting("appendonly no");
      settings.forEach(builder::setting);
      RedisServer server = builder.build();
      server.start();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
      return new HostAndPort("127.0.0.1", port);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a pooled client of the shared server. */
  static RedisClient client() {
    return client(address());
  }

  /** Returns a pooled client whose calls end, one way or the other, within seconds. */
  static RedisClient client(HostAndPort address) {
    return client(address, POOL, Duration.ofSeconds(5));
  }

  /** Returns a pooled client. */
  static RedisClient client(HostAndPort address, int connections, Duration socketTimeout) {
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    pool.setMaxTotal(connections);
    pool.setMaxIdle(connections);
    pool.setMaxWait(Duration.ofSeconds(2));
    return RedisClient.builder()
        .hostAndPort(address)
        .clientConfig(
            DefaultJedisClientConfig.builder()
                .connectionTimeoutMillis(2_000)
                .socketTimeoutMillis((int) socketTimeout.toMillis())
                .build())
        .poolConfig(pool)
        .build();
  }

  /** Runs a command that the client has no method for. */
  static void run(RedisClient client, Command command, String... words) {
    CommandArguments arguments = new CommandArguments(command);
    List.of(words).forEach(arguments::add);
    client.executeCommand(arguments);
  }

  /** Makes a user of the shared server with these rules, and the rights to all keys. */
  static void allow(String user, String... rules) {
    List<String> words = new ArrayList<>(List.of("SETUSER", user, "reset", "on", "~*"));
    words.add(">" + PASSWORD);
    words.addAll(List.of(rules));
    try (RedisClient client = client()) {
      run(client, Command.ACL, words.toArray(String[]::new));
    }
  }

  /** Returns a client of the shared server that logs in as this user. */
  static RedisClient client(String user) {
    return RedisClient.builder()
        .hostAndPort(address())
        .clientConfig(DefaultJedisClientConfig.builder().user(user).password(PASSWORD).build())
        .build();
  }

  /** Returns a port of loopback on which nothing listens. */
  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static HostAndPort parse(URI uri) {
    return new HostAndPort(uri.getHost(), uri.getPort());
  }

  private static void stop(RedisServer server) {
    try {
      server.stop();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
