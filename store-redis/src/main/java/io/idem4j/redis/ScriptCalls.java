package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.idem4j.KeyStoreException;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.args.Rawable;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/**
 * Runs a script by its SHA-1, and by its text on a server that has not seen it, or has forgotten it
 * (stores.md 3.4.11). Tells what a failure proves. Safe for use by many threads.
 */
final class ScriptCalls {
  /** Sends one script command and returns the raw reply, or throws what the client throws. */
  interface Transport {
    /**
     * Sends a command.
     *
     * @param command the command; its last argument is {@code sending}
     * @param key the one key that it touches
     * @param sending tells what a failure proves
     */
    Answer send(CommandArguments command, byte[] key, Sending sending);
  }

  /**
   * What came back.
   *
   * @param raw the reply to the script
   * @param replicas how many replicas acknowledged it; as many as anybody could ask for, where
   *     nobody asked
   */
  record Answer(Object raw, long replicas) {}

  /**
   * What a script said.
   *
   * @param reply its reply
   * @param replicas see {@link Answer}
   */
  record Result(ScriptReply reply, long replicas) {}

  private final Transport transport;

  /** Tags tell apart all calls that may share a connection, also those of another instance. */
  private final AtomicLong tags = new AtomicLong(ThreadLocalRandom.current().nextLong());

  ScriptCalls(Transport transport) {
    this.transport = transport;
  }

  /**
   * Runs a script on one key.
   *
   * @param action what is done, for messages
   * @throws KeyStoreException if no answer came, or an error
   */
  Result call(String action, Script script, byte[] key, List<byte[]> arguments) {
    Sending sending = sending();
    Answer answer;
    try {
      answer = send(script, key, arguments, sending);
    } catch (RuntimeException e) {
      throw failed(action, e, sending);
    }
    ScriptReply reply = ScriptReply.of(answer.raw(), sending.tag());
    if (reply == null) {
      throw mixedUp(action);
    }
    return new Result(reply, answer.replicas());
  }

  /** Returns what is to become the last argument of one command. */
  Sending sending() {
    return new Sending(Long.toHexString(tags.incrementAndGet()).getBytes(US_ASCII));
  }

  /** Returns what a thrown exception means. */
  static KeyStoreException failed(String action, RuntimeException thrown, Sending sending) {
    if (RedisFailure.isInterrupt(thrown)) {
      // S12: a wait of the client's was cut short, which cleared the flag.
      Thread.currentThread().interrupt();
    }
    return RedisFailure.of(thrown, sending).exception(action, thrown);
  }

  /** Returns the exception for a reply to another call. */
  static KeyStoreException mixedUp(String action) {
    return KeyStoreException.unknown(
        action + " met a reply to something else; close the client, its connections are mixed up",
        null);
  }

  /** Returns the command that runs a script which the server has seen. */
  static CommandArguments bySha(
      Script script, byte[] key, List<byte[]> arguments, Sending sending) {
    return command(Command.EVALSHA, script.sha(), key, arguments, sending);
  }

  private Answer send(Script script, byte[] key, List<byte[]> arguments, Sending sending) {
    try {
      return transport.send(bySha(script, key, arguments, sending), key, sending);
    } catch (JedisNoScriptException e) {
      sending.refused();
      return transport.send(
          command(Command.EVAL, script.text(), key, arguments, sending), key, sending);
    }
  }

  private static CommandArguments command(
      Command name, String script, byte[] key, List<byte[]> arguments, Sending sending) {
    CommandArguments command = new CommandArguments(name).add(script).add(1).key(key);
    arguments.forEach(command::add);
    return command.add((Rawable) sending);
  }
}
