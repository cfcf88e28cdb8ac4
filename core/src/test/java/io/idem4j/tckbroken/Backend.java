package io.idem4j.tckbroken;

import io.idem4j.spi.Stamp;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What the instances of a {@link BytesKeyStore} share: a server in miniature, with its own clock.
 */
final class Backend {
  /** What the server holds of a key; one write, and equal to no other. */
  @SuppressWarnings("ArrayRecordComponent")
  record Cell(Stamp stamp, long leaseEndMillis, long retentionEndMillis, byte[] bytes) {}

  /** The server does not answer. */
  static final class Down extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** A transaction of the caller's, bound to its thread. */
  static final class Transaction {
    final Deque<Runnable> undo = new ArrayDeque<>();
    boolean aborted;
  }

  static final ThreadLocal<Transaction> TRANSACTION = new ThreadLocal<>();

  final ReentrantLock lock = new ReentrantLock();
  final AtomicLong clockMillis = new AtomicLong(1_700_000_000_000L);
  private final ConcurrentSkipListMap<String, Cell> cells = new ConcurrentSkipListMap<>();
  private final boolean reachable;

  Backend(boolean reachable) {
    this.reachable = reachable;
  }

  ConcurrentSkipListMap<String, Cell> cells() {
    if (!reachable) {
      throw new Down();
    }
    return cells;
  }
}
