package io.idem4j.redis;

import static java.util.Map.entry;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/**
 * What the failure of a script call proves (S7, I15, stores.md 3.4.14): a table of the codes that
 * Redis begins its errors with, and UNKNOWN for all that is not in it.
 *
 * <p>Codes from inside a script count as much as others: the scripts write once, and nothing after
 * that write can fail.
 */
enum RedisFailure {
  /** Starting, failing over, resharding, or busy with another script; nothing was written. */
  UNAVAILABLE(
      Reason.UNAVAILABLE, "the server starts, fails over or is busy, and refused it; try again"),

  /** Snapshots fail or replicas are missing, and the server is told to stop writes then. */
  GUARDED(
      Reason.UNAVAILABLE,
      "the server refuses writes, because it cannot save snapshots or lacks replicas; look at its"
          + " log"),

  /** Maximum memory, and nothing that may be evicted; nothing was written. */
  FULL(Reason.FULL, "the server is at its maximum memory; give it more"),

  /** A replica answered; nothing was written. */
  READ_ONLY(Reason.READ_ONLY, "a replica answered; lead the client to the primary"),

  /** Credentials or access rules; nothing was written. */
  MISCONFIGURED(
      Reason.MISCONFIGURED,
      "the server does not let this user do it; see the store's Javadoc for what it needs"),

  /** The key is no hash, so it was not this store that wrote it; nothing was written. */
  WRONG_TYPE(
      Reason.UNREADABLE,
      "something else is stored under the record's key; remove it, or give the store a prefix of"
          + " its own"),

  /** No connection could be had; nothing was sent. */
  NO_CONNECTION(
      Reason.UNAVAILABLE, "no usable connection could be had from the client; nothing was sent"),

  /** Nobody knows. */
  UNKNOWN(Reason.NO_ANSWER, "nobody knows whether the server applied it");

  private static final Map<String, RedisFailure> BY_CODE =
      Map.ofEntries(
          entry("NOSCRIPT", UNAVAILABLE), // flushed again between two attempts
          entry("LOADING", UNAVAILABLE),
          entry("MASTERDOWN", UNAVAILABLE),
          entry("CLUSTERDOWN", UNAVAILABLE),
          entry("TRYAGAIN", UNAVAILABLE),
          entry("MOVED", UNAVAILABLE),
          entry("ASK", UNAVAILABLE),
          entry("BUSY", UNAVAILABLE),
          entry("MISCONF", GUARDED),
          entry("NOREPLICAS", GUARDED),
          entry("OOM", FULL),
          entry("READONLY", READ_ONLY),
          entry("NOAUTH", MISCONFIGURED),
          entry("WRONGPASS", MISCONFIGURED),
          entry("NOPERM", MISCONFIGURED),
          entry("WRONGTYPE", WRONG_TYPE));

  /** Redis below 7 wraps what a command inside a script answered; from 7 on it comes bare. */
  private static final Pattern INSIDE_SCRIPT =
      Pattern.compile(
          "ERR Error running script \\(call to f_[0-9a-f]{40}\\): (?:@user_script: ?\\d+: )+-?"
              + "([A-Z]+) .*",
          Pattern.DOTALL);

  /** Redis up to 7.0 has no code for an access rule that a command inside a script meets. */
  private static final Pattern NO_PERMISSION_INSIDE_SCRIPT =
      Pattern.compile(
          "ERR (?:Error running script \\(call to f_[0-9a-f]{40}\\): (?:@user_script: ?\\d+: )+)?"
              + "The user executing the script can't .*",
          Pattern.DOTALL);

  private static final int DEEPEST = 10;

  private final Reason reason;
  private final String advice;

  RedisFailure(Reason reason, String advice) {
    this.reason = reason;
    this.advice = advice;
  }

  /** Returns what a thrown exception proves of a call of which this was sent. */
  static RedisFailure of(RuntimeException thrown, Sending sending) {
    if (sending.isUnsent()) {
      RedisFailure atLogin = ofError(find(thrown, JedisDataException.class));
      return atLogin == UNKNOWN ? NO_CONNECTION : atLogin;
    }
    if (!sending.isLost()
        && thrown instanceof JedisClusterOperationException
        && thrown.getCause() instanceof JedisRedirectionException) {
      // The cluster client keeps the first connection failure as cause, whatever comes after it. So
      // there was none, and each copy was answered by a redirection.
      return UNAVAILABLE;
    }
    return sending.isAnswered() && thrown instanceof JedisDataException error
        ? ofError(error)
        : UNKNOWN;
  }

  /** Returns what an error that a server answered proves of the command that it answers. */
  static RedisFailure ofError(@Nullable JedisDataException error) {
    return error == null || error.getMessage() == null ? UNKNOWN : ofText(error.getMessage());
  }

  static RedisFailure ofText(String error) {
    int blank = error.indexOf(' ');
    RedisFailure plain = BY_CODE.get(blank < 0 ? error : error.substring(0, blank));
    if (plain != null) {
      return plain;
    }
    Matcher inside = INSIDE_SCRIPT.matcher(error);
    if (inside.matches()) {
      return BY_CODE.getOrDefault(inside.group(1), UNKNOWN);
    }
    return NO_PERMISSION_INSIDE_SCRIPT.matcher(error).matches() ? MISCONFIGURED : UNKNOWN;
  }

  /** Returns the exception that tells this of an action, free of what server and client say. */
  KeyStoreException exception(String action, RuntimeException cause) {
    String message = action + " failed: " + advice;
    return this == UNKNOWN
        ? KeyStoreException.unknown(message, withheld(cause))
        : KeyStoreException.notApplied(reason, message, withheld(cause));
  }

  /** Says whether a wait was interrupted; whoever threw this has cleared the thread's flag. */
  static boolean isInterrupt(RuntimeException thrown) {
    return find(thrown, InterruptedException.class) != null;
  }

  /**
   * Returns a stand-in for what a client threw: same place, no text. Redis quotes arguments in some
   * of its errors, and clients quote addresses.
   */
  static JedisException withheld(Throwable thrown) {
    StringBuilder classes = new StringBuilder("message withheld: ");
    classes.append(thrown.getClass().getName());
    Throwable cause = thrown.getCause();
    for (int depth = 0; cause != null && depth < DEEPEST; depth++) {
      classes.append(", caused by ").append(cause.getClass().getName());
      cause = cause.getCause();
    }
    JedisException standIn = new JedisException(classes.toString());
    standIn.setStackTrace(thrown.getStackTrace());
    return standIn;
  }

  private static <T extends Throwable> @Nullable T find(Throwable thrown, Class<T> type) {
    Throwable each = thrown;
    for (int depth = 0; each != null && depth < DEEPEST; depth++) {
      if (type.isInstance(each)) {
        return type.cast(each);
      }
      each = each.getCause();
    }
    return null;
  }
}
