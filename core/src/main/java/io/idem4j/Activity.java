package io.idem4j;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * Counts what is under way, refuses more once closed, and tells when nothing is left. Safe for use
 * by many threads, which mostly count in cells of their own: one counter for all would be the only
 * memory that calls of different keys write both.
 *
 * <p>Whatever begins is given its cell, and ends there, on whichever thread.
 */
final class Activity {
  /** What a cell counts from once it is closed: its count when it is closed and empty. */
  static final long CLOSED = Long.MIN_VALUE;

  /**
   * How far cells are apart, so that no two share a cache line, nor one with the array's length.
   */
  private static final int APART = 16;

  private static final int MOST_CELLS = 64;

  /** The place of how many cells may still be filled; counted from {@link #CLOSED} once closed. */
  private static final int TOTAL = APART;

  private final CompletableFuture<@Nullable Void> idle = new CompletableFuture<>();

  /** The total, and in each cell how many are under way, counted from CLOSED once it is closed. */
  private final AtomicLongArray counts;

  private final int cells;

  Activity() {
    this(Math.min(4 * Runtime.getRuntime().availableProcessors(), MOST_CELLS));
  }

  /** For tests, which need few cells. */
  Activity(int cells) {
    this.cells = cells;
    this.counts = new AtomicLongArray((cells + 2) * APART);
    counts.set(TOTAL, cells);
  }

  /** Counts a call of a user's; returns its cell. */
  int beginCall() {
    // The total first: whoever is refused must not see a later call let in by a cell still open.
    if (!isClosed()) {
      int cell = ownCell();
      // Not in the order look, count: a close between the two would miss the call.
      if (counts.getAndUpdate(cell, count -> count < 0 ? count : count + 1) >= 0) {
        return cell;
      }
    }
    throw new MisuseException("this Idempotency is closed");
  }

  /** Counts what follows from a call that was counted, and has not ended; returns its cell. */
  int begin() {
    int cell = ownCell();
    long before = counts.get(cell);
    while (!begin(cell, before)) {
      before = counts.get(cell);
    }
    return cell;
  }

  /** Counts one in a cell that was seen to count so many; false if it does not any more. */
  boolean begin(int cell, long before) {
    if (before != CLOSED) {
      return counts.compareAndSet(cell, before, before + 1);
    }
    // It left the total when it was closed, or became empty after that. The total comes first: it
    // is never less than what the cells say.
    counts.incrementAndGet(TOTAL);
    if (counts.compareAndSet(cell, before, before + 1)) {
      return true;
    }
    leaveTotal();
    return false;
  }

  void end(int cell) {
    if (counts.decrementAndGet(cell) == CLOSED) {
      leaveTotal();
    }
  }

  void close() {
    if (counts.getAndUpdate(TOTAL, count -> count < 0 ? count : CLOSED + count) < 0) {
      return;
    }
    for (int i = 0; i < cells; i++) {
      if (counts.addAndGet(cell(i), CLOSED) == CLOSED) {
        leaveTotal();
      }
    }
  }

  boolean isClosed() {
    return counts.get(TOTAL) < 0;
  }

  /** Done when it is closed and nothing is under way. */
  Future<?> idle() {
    return idle;
  }

  private void leaveTotal() {
    if (counts.decrementAndGet(TOTAL) == CLOSED) {
      idle.complete(null);
    }
  }

  /** By the thread's id, which is any number: a subclass of Thread may say what it likes. */
  private int ownCell() {
    return cell((int) Long.remainderUnsigned(Thread.currentThread().getId(), cells));
  }

  private static int cell(int index) {
    return TOTAL + (1 + index) * APART;
  }
}
