package io.idem4j.redis;

import io.idem4j.KeyStoreException;
import io.idem4j.MisuseException;
import io.idem4j.redis.ScriptCalls.Answer;
import io.idem4j.redis.ScriptCalls.Transport;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.BuilderFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisMovedDataException;
import redis.clients.jedis.util.JedisClusterCRC16;

/** The ways in which a command reaches a server. */
final class Transports {
  /** How often a command follows a cluster that has moved the slot. */
  private static final int REDIRECTIONS = 3;

  private Transports() {}

  /** Returns the plain way: the client decides on connection, redirections and repetitions. */
  static Transport plain(UnifiedJedis client) {
    return (command, key, sending) -> {
      CommandObject<Object> observed =
          new CommandObject<>(command, BuilderFactory.RAW_OBJECT).withPreProcessHook(sending::on);
      return new Answer(client.executeCommand(observed), Long.MAX_VALUE);
    };
  }

  /**
   * Returns the way on which replicas are waited for: the script and {@code WAIT} in one pipeline,
   * because {@code WAIT} speaks of the writes of its own connection (stores.md 3.4.15).
   *
   * @throws MisuseException if the client cannot keep two commands on one connection
   * @throws KeyStoreException if it has no connection now
   */
  static Transport acknowledged(UnifiedJedis client, Acknowledgement wanted) {
    if (client instanceof RedisClusterClient cluster) {
      return (command, key, sending) -> inCluster(cluster, wanted, command, key, sending);
    }
    requirePipeline(client);
    return (command, key, sending) -> {
      try (AbstractPipeline pipeline = client.pipelined()) {
        return send(pipeline, wanted, command);
      }
    };
  }

  private static void requirePipeline(UnifiedJedis client) {
    try (AbstractPipeline pipeline = onePipeline(client, "WAIT")) {
      pipeline.sync();
    } catch (MisuseException e) {
      throw e;
    } catch (RuntimeException e) {
      throw RedisFailure.of(e, new Sending(new byte[0])).exception("start-up", e);
    }
  }

  /**
   * Opens a pipeline to the one server of a client that is no cluster client.
   *
   * @param what what needs it, for messages
   * @throws MisuseException if the client spreads commands over several nodes or databases
   */
  static AbstractPipeline onePipeline(UnifiedJedis client, String what) {
    AbstractPipeline pipeline;
    try {
      pipeline = client.pipelined();
    } catch (IllegalStateException e) {
      throw spreading(what);
    }
    if (pipeline.getClass() == Pipeline.class) {
      return pipeline;
    }
    pipeline.close();
    throw spreading(what);
  }

  private static MisuseException spreading(String what) {
    return new MisuseException(
        "this client cannot keep a command and "
            + what
            + " on one connection; use RedisClient, RedisSentinelClient or RedisClusterClient, or no "
            + (what.equals("WAIT") ? "acknowledgement" : "scan"));
  }

  private static Answer send(
      AbstractPipeline pipeline, Acknowledgement wanted, CommandArguments command) {
    Response<Object> reply = pipeline.sendCommand(command);
    Response<Object> replicas =
        pipeline.sendCommand(
            new CommandArguments(Command.WAIT).add(wanted.replicas()).add(wanted.millis()));
    pipeline.sync();
    // The reply first: if the script failed, WAIT's answer means nothing.
    return new Answer(reply.get(), count(replicas));
  }

  /** An error of WAIT's own says nothing of the script, but that nobody acknowledged it. */
  private static long count(Response<Object> replicas) {
    try {
      return replicas.get() instanceof Long count ? count : 0;
    } catch (JedisDataException e) {
      return 0;
    }
  }

  private static Answer inCluster(
      RedisClusterClient cluster,
      Acknowledgement wanted,
      CommandArguments command,
      byte[] key,
      Sending sending) {
    for (int round = 1; ; round++) {
      try {
        return on(cluster.getConnectionFromSlot(JedisClusterCRC16.getSlot(key)), wanted, command);
      } catch (JedisConnectionException e) {
        if (round > 1 || !sending.isUnsent()) {
          throw e;
        }
        // The node is away, and another may serve its slots by now. The client looks for it by
        // itself only when it repeats commands, and it does not repeat pipelines.
        cluster.refreshClusterTopology();
      } catch (JedisMovedDataException e) {
        if (round == REDIRECTIONS) {
          throw e;
        }
        sending.refused();
        // The node that moved it knows where to; others, which a refresh may ask, may not yet.
        cluster.exists(key);
      } catch (JedisAskDataException e) {
        sending.refused();
        Connection connection = target(cluster, e, key).getResource();
        try (Pipeline pipeline = new Pipeline(connection, true)) {
          pipeline.sendCommand(new CommandArguments(Command.ASKING));
          return send(pipeline, wanted, command);
        }
      }
    }
  }

  /** Returns the connections to the node that a slot is being moved to. */
  private static ConnectionPool target(
      RedisClusterClient cluster, JedisAskDataException redirection, byte[] key) {
    String node = redirection.getTargetNode().toString();
    ConnectionPool known = cluster.getClusterNodes().get(node);
    if (known == null) {
      // A node that has joined since: the client gets to know it when it is itself sent there.
      cluster.exists(key);
      known = cluster.getClusterNodes().get(node);
    }
    if (known == null) {
      throw redirection;
    }
    return known;
  }

  private static Answer on(
      Connection connection, Acknowledgement wanted, CommandArguments command) {
    try (Pipeline pipeline = new Pipeline(connection, true)) {
      return send(pipeline, wanted, command);
    }
  }
}
