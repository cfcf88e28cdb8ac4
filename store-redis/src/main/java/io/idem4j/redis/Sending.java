package io.idem4j.redis;

import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.args.Rawable;

/**
 * The last argument of a command, which counts how often the client has written it towards a
 * server. Redis executes a command only once it has the last argument, so what this counts is what
 * the failure of a call proves (S7): nothing was sent, or one copy was, or the client repeated the
 * command by itself and an answer speaks only for the last copy (stores.md 3.4.3).
 *
 * <p>Made for one call, on the thread of that call.
 */
final class Sending implements Rawable {
  private final byte[] tag;
  private int copies;
  private boolean lost;
  private @Nullable Connection connection;

  Sending(byte[] tag) {
    this.tag = tag;
  }

  @Override
  public byte[] getRaw() {
    copies++;
    return tag;
  }

  /** Returns the text that the script echoes. The array is not copied. */
  byte[] tag() {
    return tag;
  }

  /** Says that no copy can have reached a server. */
  boolean isUnsent() {
    return copies == 0;
  }

  /** Takes note of the connection that the next copy is written to. */
  void on(Connection next) {
    connection = next;
  }

  /**
   * Says that an error which a server answered speaks for all that was sent: one copy was, and its
   * connection is whole. A client that lost a connection and repeats the command throws such errors
   * too when the login on the next connection is refused; that says nothing of the copy.
   */
  boolean isAnswered() {
    return copies == 1 && !lost && (connection == null || !connection.isBroken());
  }

  /** Says that there are copies of an earlier attempt, of which nothing will ever be known. */
  boolean isLost() {
    return lost;
  }

  /**
   * Forgets the copy that a server has just answered with a definite no; copies before it, of which
   * nothing is known, stay.
   */
  void refused() {
    if (copies > 0) {
      copies--;
    }
    lost |= copies > 0;
  }
}
