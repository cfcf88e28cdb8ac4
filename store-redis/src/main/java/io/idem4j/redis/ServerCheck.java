package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.UnifiedJedis;

/**
 * What the servers say of themselves at start-up: too old a version is refused, and settings under
 * which records are lost are logged as warnings. {@code INFO} tells it all; services that switch
 * {@code CONFIG} off have it too.
 */
final class ServerCheck {
  /** From 5.0 on, a script may read the clock and then write. */
  private static final int OLDEST_MAJOR = 5;

  private static final Pattern VERSION = Pattern.compile("([0-9]{1,4})\\..*");

  private static final Logger LOG = LoggerFactory.getLogger(RedisKeyStore.class);

  private ServerCheck() {}

  /**
   * Asks the server, or each node of a cluster: a replica may be promoted.
   *
   * @throws KeyStoreException if a version is too old
   */
  static void run(UnifiedJedis client) {
    Set<String> warnings = new TreeSet<>();
    for (String info : ask(client)) {
      Map<String, String> facts = parse(info);
      requireVersion(facts.getOrDefault("redis_version", ""));
      addWarnings(warnings, facts);
    }
    warnings.forEach(LOG::warn);
  }

  private static List<String> ask(UnifiedJedis client) {
    List<String> answers = new ArrayList<>();
    CommandArguments info = new CommandArguments(Command.INFO);
    try {
      if (client instanceof RedisClusterClient cluster) {
        for (ConnectionPool node : cluster.getClusterNodes().values()) {
          addAnswer(answers, node, info);
        }
      } else {
        answers.add(text(client.executeCommand(info)));
      }
    } catch (RuntimeException e) {
      notAsked(e);
    }
    return answers;
  }

  private static void addAnswer(List<String> answers, ConnectionPool node, CommandArguments info) {
    try (Connection connection = node.getResource()) {
      answers.add(text(connection.executeCommand(info)));
    } catch (RuntimeException e) {
      notAsked(e); // a node that is down is no reason not to look at the others
    }
  }

  private static void notAsked(RuntimeException e) {
    if (RedisFailure.isInterrupt(e)) {
      Thread.currentThread().interrupt(); // S12: the client has cleared the flag
    }
    LOG.info(
        "INFO was not answered ({}): neither eviction policy nor persistence of Redis were checked",
        e.getClass().getSimpleName());
  }

  private static String text(Object reply) {
    return reply instanceof byte[] bytes ? new String(bytes, UTF_8) : "";
  }

  private static Map<String, String> parse(String info) {
    Map<String, String> facts = new HashMap<>();
    info.lines()
        .filter(line -> line.indexOf(':') > 0)
        .forEach(
            line -> {
              int colon = line.indexOf(':');
              facts.put(line.substring(0, colon), line.substring(colon + 1).strip());
            });
    return facts;
  }

  private static void requireVersion(String version) {
    Matcher parts = VERSION.matcher(version);
    if (parts.matches() && Integer.parseInt(parts.group(1)) < OLDEST_MAJOR) {
      throw KeyStoreException.notApplied(
          Reason.MISCONFIGURED, "this store needs Redis " + OLDEST_MAJOR + " or later", null);
    }
  }

  private static void addWarnings(Set<String> warnings, Map<String, String> facts) {
    String policy = facts.getOrDefault("maxmemory_policy", "noeviction");
    if (!policy.equals("noeviction")) {
      warnings.add(
          "Redis may evict records: a server's maxmemory-policy is not noeviction. When its memory"
              + " is full, keys that are still locked or answered are forgotten and their operations"
              + " run again. Keep records on a server with maxmemory-policy noeviction");
    }
    if (facts.getOrDefault("aof_enabled", "1").equals("0")) {
      warnings.add(
          "Redis may forget records: a server has no append-only file, so what was written since"
              + " its last snapshot is lost when it stops. Set appendonly yes, unless losing keys is"
              + " acceptable");
    }
  }
}
