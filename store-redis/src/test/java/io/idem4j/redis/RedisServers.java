package io.idem4j.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import redis.clients.jedis.exceptions.JedisException;
import redis.embedded.core.ExecutableProvider;

/**
 * Starts the redis-servers that tests do harm to: primaries, replicas, sentinels and nodes of a
 * cluster, each a process with a directory of its own. Nothing is left after the JVM's end.
 */
final class RedisServers {
  /** A node of a cluster also listens on its port plus this. */
  private static final int BUS_OFFSET = 10_000;

  private static final long PATIENCE_NANOS = 20_000_000_000L;
  private static final Queue<RedisProcess> STARTED = new ConcurrentLinkedQueue<>();

  private static Path home;
  private static Path binary;

  private RedisServers() {}

  /** Starts a server that keeps nothing on disk, unless the settings say so. */
  static RedisProcess standalone(String... settings) {
    return started(List.of(settings));
  }

  /** Starts a replica of a server and waits until it has its data. */
  static RedisProcess replicaOf(RedisProcess primary, String... settings) {
    List<String> lines = new ArrayList<>(List.of(settings));
    lines.add("replicaof " + RedisProcess.HOST + " " + primary.port());
    RedisProcess replica = started(lines);
    await("a synchronised replica", () -> isOnline(primary, replica));
    return replica;
  }

  /** Whether the replica is given, and acknowledges, what is written now. */
  static boolean isOnline(RedisProcess primary, RedisProcess replica) {
    return replica.info("replication", "master_link_status").equals("up")
        && primary.ask(
            jedis -> {
              // WAIT speaks of the writes of its own connection, so there has to be one.
              jedis.publish("nobody", "hears");
              return jedis.waitReplicas(1, 1_000) == 1;
            });
  }

  /** Starts a sentinel that alone decides about this primary, under the name {@code primary}. */
  static RedisProcess sentinelOf(RedisProcess primary) {
    List<String> lines =
        List.of(
            "sentinel monitor primary " + RedisProcess.HOST + " " + primary.port() + " 1",
            "sentinel down-after-milliseconds primary 500",
            "sentinel failover-timeout primary 3000");
    return start(lines, "--sentinel");
  }

  private static RedisProcess started(List<String> settings) {
    List<String> lines = new ArrayList<>();
    lines.add("save \"\"");
    lines.addAll(settings);
    return start(lines);
  }

  private static RedisProcess start(List<String> lines, String... roles) {
    try {
      Path directory = Files.createTempDirectory(home(), "server");
      RedisProcess made = new RedisProcess(binary(), directory, freePort(), lines, roles);
      STARTED.add(made);
      return made.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static synchronized Path home() throws IOException {
    if (home == null) {
      home = Files.createTempDirectory("idem4j-redis");
      Runtime.getRuntime().addShutdownHook(new Thread(RedisServers::end));
    }
    return home;
  }

  private static synchronized Path binary() throws IOException {
    if (binary == null) {
      binary = ExecutableProvider.newJarResourceProvider(home().toFile()).get().toPath();
    }
    return binary;
  }

  private static void end() {
    STARTED.forEach(RedisProcess::kill);
    try (Stream<Path> files = Files.walk(home)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns a port that is free, as is that of the cluster bus. Below those that the system gives
   * to outgoing connections, so that it is free again for a server that was killed.
   */
  private static int freePort() {
    for (int i = 0; i < 1_000; i++) {
      int port = ThreadLocalRandom.current().nextInt(11_000, 22_000);
      if (isFree(port) && isFree(port + BUS_OFFSET)) {
        return port;
      }
    }
    throw new AssertionError("no free port");
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Waits until something holds; a server that does not answer is asked again. */
  static void await(String what, BooleanSupplier condition) {
    long start = System.nanoTime();
    JedisException last = null;
    while (System.nanoTime() - start < PATIENCE_NANOS) {
      try {
        if (condition.getAsBoolean()) {
          return;
        }
      } catch (JedisException e) {
        last = e;
      }
      sleep(5);
    }
    throw new AssertionError("waited in vain for " + what, last);
  }

  static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}
