package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.args.Rawable;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * The names of all records, a batch at a time: {@code SCAN} of one server, or of each primary of a
 * cluster in turn. Safe for use by many threads.
 *
 * <p>{@code SCAN} promises each key that is there from its beginning to its end, as long as it is
 * one process that is asked. So a cursor is never given to another: where a server was restarted or
 * a replica took over, its scan begins anew. And a cluster is done when all its slots are, whoever
 * serves them by then.
 */
final class Keyspace {
  /** How many keys a batch looks at, theirs included who share the database. */
  static final int EXAMINED = 256;

  /** How often one call follows a cluster that changes. */
  private static final int ROUNDS = 4;

  private static final Pattern DIGITS = Pattern.compile("[0-9a-f]{64}");

  private static final Pattern RUN_ID = Pattern.compile("(?m)^run_id:([0-9a-f]{1,64})\\s*$");

  /**
   * What one call found.
   *
   * @param ids keys that are named like records; none twice
   * @param next where to go on
   */
  record Batch(List<KeyId> ids, ScanPlace next) {}

  /** What a server answered: who it is, which slots it serves, and what it has there. */
  private record Answer(String server, BitSet served, String cursor, List<KeyId> ids) {}

  private final UnifiedJedis client;
  private final String keyPrefix;

  Keyspace(UnifiedJedis client, String keyPrefix) {
    this.client = client;
    this.keyPrefix = keyPrefix;
  }

  /** Returns the name of a record's key. */
  byte[] key(KeyId id) {
    return (keyPrefix + HexFormat.of().formatHex(id.bytes())).getBytes(US_ASCII);
  }

  /** Returns a name that no record has. */
  byte[] probe() {
    return (keyPrefix + "probe").getBytes(US_ASCII);
  }

  /** Says whether there are several servers to ask. */
  boolean isCluster() {
    return client instanceof RedisClusterClient;
  }

  /**
   * Opens a pipeline to the server that has a key.
   *
   * @throws io.idem4j.MisuseException if the client cannot tell which server it speaks to
   */
  AbstractPipeline open(KeyId id) {
    return client instanceof RedisClusterClient cluster
        ? new Pipeline(cluster.getConnectionFromSlot(slot(id)), true)
        : Transports.onePipeline(client, "scan");
  }

  /**
   * Returns the batch at a place that is not the end; whatever is waiting there is left aside.
   *
   * @param sending tells what a failure proves
   */
  Batch next(ScanPlace place, Sending sending) {
    return client instanceof RedisClusterClient cluster
        ? inCluster(cluster, place, sending)
        : onServer(place, sending);
  }

  private Batch onServer(ScanPlace place, Sending sending) {
    Answer answer = ask(Transports.onePipeline(client, "scan"), place.cursor(), sending, false);
    if (!answer.server().equals(place.server()) && !place.cursor().equals(ScanPlace.ZERO)) {
      answer = ask(Transports.onePipeline(client, "scan"), ScanPlace.ZERO, sending, false);
    }
    String cursor = answer.cursor().equals(ScanPlace.ZERO) ? ScanPlace.END : answer.cursor();
    return new Batch(
        answer.ids(),
        new ScanPlace(answer.server(), cursor, new BitSet(), new BitSet(), List.of()));
  }

  private Batch inCluster(RedisClusterClient cluster, ScanPlace place, Sending sending) {
    ScanPlace at = place;
    for (int round = 0; round < ROUNDS; round++) {
      int slot = at.slots().isEmpty() ? at.covered().nextClearBit(0) : at.slots().nextSetBit(0);
      Answer answer;
      try {
        answer =
            ask(
                new Pipeline(cluster.getConnectionFromSlot(slot), true),
                at.cursor(),
                sending,
                true);
      } catch (JedisConnectionException e) {
        if (round > 0 || !sending.isUnsent()) {
          throw e;
        }
        cluster.refreshClusterTopology();
        continue;
      }
      if (!answer.served().get(slot)) {
        // The client's map is old: the slot was moved, or a replica has taken over.
        cluster.refreshClusterTopology();
        continue;
      }
      if (answer.server().equals(at.server())) {
        return batch(at, answer);
      }
      boolean isFirst = at.cursor().equals(ScanPlace.ZERO);
      BitSet slots = (BitSet) answer.served().clone();
      slots.andNot(at.covered());
      at = new ScanPlace(answer.server(), ScanPlace.ZERO, slots, at.covered(), List.of());
      if (isFirst) {
        return batch(at, answer);
      }
    }
    throw KeyStoreException.notApplied(
        Reason.UNAVAILABLE, "a scan failed: the cluster is moving its slots; try again", null);
  }

  private Batch batch(ScanPlace at, Answer answer) {
    List<KeyId> ids = new ArrayList<>(answer.ids());
    // Keys of other slots are those of nodes before, or are on their way from nodes to come.
    ids.removeIf(id -> !at.slots().get(slot(id)));
    if (!answer.cursor().equals(ScanPlace.ZERO)) {
      return new Batch(
          ids,
          new ScanPlace(answer.server(), answer.cursor(), at.slots(), at.covered(), List.of()));
    }
    BitSet covered = (BitSet) answer.served().clone();
    covered.and(at.slots());
    covered.or(at.covered());
    String cursor = covered.cardinality() == ScanPlace.SLOTS ? ScanPlace.END : ScanPlace.ZERO;
    return new Batch(ids, new ScanPlace("", cursor, new BitSet(), covered, List.of()));
  }

  /** Asks one server, and closes the pipeline. */
  private Answer ask(
      AbstractPipeline opened, String cursor, Sending sending, boolean isClusterNode) {
    try (AbstractPipeline pipeline = opened) {
      // Its echo shows that no reply is one to another call (stores.md 3.4.4).
      Response<Object> echo =
          pipeline.sendCommand(new CommandArguments(Command.PING).add((Rawable) sending));
      Response<Object> info =
          pipeline.sendCommand(new CommandArguments(Command.INFO).add("server"));
      @Nullable Response<Object> node = isClusterNode ? cluster(pipeline, "MYID") : null;
      @Nullable Response<Object> slots = isClusterNode ? cluster(pipeline, "SLOTS") : null;
      Response<Object> scan =
          pipeline.sendCommand(
              new CommandArguments(Command.SCAN)
                  .add(cursor)
                  .add("MATCH")
                  .add(keyPrefix + "?".repeat(2 * KeyId.LENGTH))
                  .add("COUNT")
                  .add(EXAMINED));
      pipeline.sync();
      if (!(echo.get() instanceof byte[] text) || !Arrays.equals(text, sending.tag())) {
        throw ScriptCalls.mixedUp("a scan");
      }
      String nodeId = node == null ? "" : text(node.get());
      Answer answer =
          answer(
              nodeId + "." + runId(info),
              slots == null ? new BitSet() : served(nodeId, slots.get()),
              scan.get());
      sending.refused(); // what follows is judged by its own answer
      return answer;
    }
  }

  private static Response<Object> cluster(AbstractPipeline pipeline, String what) {
    return pipeline.sendCommand(new CommandArguments(Command.CLUSTER).add(what));
  }

  /** Not every user may ask for it; then a restart in the middle of a scan goes unnoticed. */
  private static String runId(Response<Object> info) {
    try {
      Matcher found = RUN_ID.matcher(text(info.get()));
      return found.find() ? found.group(1) : "";
    } catch (JedisDataException e) {
      return "";
    }
  }

  /** Returns the slots of which a node says that it is their primary. */
  private static BitSet served(String nodeId, Object reply) {
    BitSet served = new BitSet();
    for (Object each : list(reply)) {
      List<?> range = list(each);
      if (text(list(range.get(2)).get(2)).equals(nodeId)) {
        served.set(number(range.get(0)), number(range.get(1)) + 1);
      }
    }
    return served;
  }

  private Answer answer(String server, BitSet served, Object reply) {
    List<?> parts = list(reply);
    Set<KeyId> ids = new LinkedHashSet<>();
    for (Object each : list(parts.get(1))) {
      id(text(each)).ifPresent(ids::add);
    }
    return new Answer(server, served, text(parts.get(0)), List.copyOf(ids));
  }

  private Optional<KeyId> id(String key) {
    String digits = key.startsWith(keyPrefix) ? key.substring(keyPrefix.length()) : "";
    return DIGITS.matcher(digits).matches()
        ? Optional.of(KeyId.of(HexFormat.of().parseHex(digits)))
        : Optional.empty();
  }

  private int slot(KeyId id) {
    return JedisClusterCRC16.getSlot(key(id));
  }

  private static String text(Object reply) {
    return reply instanceof byte[] bytes ? new String(bytes, ISO_8859_1) : "";
  }

  private static int number(Object reply) {
    return reply instanceof Long number ? Math.toIntExact(number) : -1;
  }

  private static List<?> list(Object reply) {
    return reply instanceof List<?> list ? list : List.of();
  }
}
