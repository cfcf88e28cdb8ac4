package io.idem4j;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Counts what is under way, refuses more once closed, and tells when nothing is left. Safe for use
 * by many threads.
 */
final class Activity {
  private static final long CLOSED = Long.MIN_VALUE;

  private final CompletableFuture<@Nullable Void> idle = new CompletableFuture<>();

  /** How many are under way; counted from {@link #CLOSED} once it is closed. */
  private final AtomicLong underWay = new AtomicLong();

  /** Counts a call of a user's. */
  void beginCall() {
    // Not in the order look, count: a close between the two would miss the call.
    if (underWay.getAndUpdate(count -> count < 0 ? count : count + 1) < 0) {
      throw new MisuseException("this Idempotency is closed");
    }
  }

  /** Counts what follows from a call that was counted. */
  void begin() {
    underWay.incrementAndGet();
  }

  void end() {
    if (underWay.decrementAndGet() == CLOSED) {
      idle.complete(null);
    }
  }

  void close() {
    if (underWay.updateAndGet(count -> count < 0 ? count : CLOSED + count) == CLOSED) {
      idle.complete(null);
    }
  }

  boolean isClosed() {
    return underWay.get() < 0;
  }

  /** Done when it is closed and nothing is under way. */
  Future<?> idle() {
    return idle;
  }
}
