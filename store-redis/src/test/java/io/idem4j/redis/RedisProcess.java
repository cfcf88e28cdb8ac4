package io.idem4j.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * One redis-server of a test's own, on loopback: it can be killed, stopped, let go on and started
 * again on the same port and the same files. Ends with the JVM at the latest. For use by one
 * thread.
 */
final class RedisProcess implements AutoCloseable {
  static final String HOST = "127.0.0.1";

  private static final int TIMEOUT_MILLIS = 5_000;

  private final Path binary;
  private final Path directory;
  private final int port;
  private final List<String> roles;
  private final Queue<RedisClient> clients = new ConcurrentLinkedQueue<>();
  private Process process;

  /**
   * @param settings lines of the configuration, beyond address and directory
   * @param roles arguments after the configuration file
   */
  RedisProcess(Path binary, Path directory, int port, List<String> settings, String... roles) {
    this.binary = binary;
    this.directory = directory;
    this.port = port;
    this.roles = List.of(roles);
    List<String> lines = new ArrayList<>();
    lines.add("bind " + HOST);
    lines.add("port " + port);
    lines.add("dir " + directory);
    lines.addAll(settings);
    try {
      Files.write(configuration(), lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path configuration() {
    return directory.resolve("redis.conf");
  }

  /** Starts it, after a kill on the files that are left, and waits until it answers. */
  RedisProcess start() {
    launch();
    RedisServers.await("an answer of " + this, () -> ask(jedis -> jedis.ping().equals("PONG")));
    return this;
  }

  /** Adds lines to its configuration, for its next start. */
  void configure(String... settings) {
    try {
      Files.write(configuration(), List.of(settings), StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts it and waits for nothing. */
  void launch() {
    List<String> command = new ArrayList<>();
    command.add(binary.toString());
    command.add(configuration().toString());
    command.addAll(roles);
    try {
      process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path log() {
    return directory.resolve("redis.log");
  }

  /** Kills it with SIGKILL and waits until it is gone. Does nothing if it is not running. */
  void kill() {
    if (process == null) {
      return;
    }
    process.destroyForcibly();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        throw new AssertionError(this + " did not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while " + this + " was to end", e);
    }
  }

  /** Stops it with SIGSTOP: its connections stay, and nothing is answered. */
  void pause() {
    signal("-STOP");
  }

  /** Lets it go on after {@link #pause()}. */
  void resume() {
    signal("-CONT");
  }

  private void signal(String name) {
    try {
      Process kill =
          new ProcessBuilder("kill", name, Long.toString(process.pid())).inheritIO().start();
      if (kill.waitFor() != 0) {
        throw new AssertionError("kill " + name + " of " + this + " failed");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while " + this + " was signalled", e);
    }
  }

  boolean isRunning() {
    return process != null && process.isAlive();
  }

  int port() {
    return port;
  }

  HostAndPort address() {
    return new HostAndPort(HOST, port);
  }

  /** Returns a client with a pool of eight connections. */
  RedisClient client() {
    return client(TIMEOUT_MILLIS, new ConnectionPoolConfig());
  }

  /** Returns a client whose calls end after this time. */
  RedisClient client(int timeoutMillis, ConnectionPoolConfig pool) {
    RedisClient client =
        RedisClient.builder()
            .hostAndPort(address())
            .clientConfig(DefaultJedisClientConfig.builder().timeoutMillis(timeoutMillis).build())
            .poolConfig(pool)
            .build();
    clients.add(client);
    return client;
  }

  /** Asks it something over a connection of its own. */
  <T> T ask(Function<Jedis, T> question) {
    JedisClientConfig config =
        DefaultJedisClientConfig.builder().resp2().timeoutMillis(TIMEOUT_MILLIS).build();
    try (Jedis jedis = new Jedis(HOST, port, config)) {
      return question.apply(jedis);
    }
  }

  /** Returns one value of INFO. */
  String info(String section, String name) {
    return ask(jedis -> jedis.info(section))
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip())
        .findFirst()
        .orElse("");
  }

  /** Returns what it has logged, for the message of a failure. */
  String logged() {
    try {
      return Files.readString(log());
    } catch (IOException e) {
      return "no log: " + e.getMessage();
    }
  }

  /** Says whether it answers that it is still reading its files. */
  boolean isLoading() {
    try {
      ask(jedis -> jedis.get("any"));
      return false;
    } catch (JedisDataException e) {
      return e.getMessage().startsWith("LOADING");
    }
  }

  /** Closes the clients it gave out and kills it; its files are deleted at the end of the JVM. */
  @Override
  public void close() {
    clients.forEach(RedisClient::close);
    kill();
  }

  @Override
  public String toString() {
    return "redis-server on port " + port;
  }
}
