package io.idem4j.redis;

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

  /** Says that at most one copy was sent: the answer that came is the answer to all. */
  boolean isSingle() {
    return copies <= 1;
  }

  /**
   * Forgets the copy that a server has just answered with a definite no; copies before it, of which
   * nothing is known, stay.
   */
  void refused() {
    if (copies > 0) {
      copies--;
    }
  }
}
