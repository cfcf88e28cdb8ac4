package io.idem4j;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Counts what is under way, refuses more once closed, and tells when nothing is left. */
final class Activity {
  private final CompletableFuture<@Nullable Void> idle = new CompletableFuture<>();
  private int underWay;
  private boolean closed;

  /** Counts a call of a user's. */
  synchronized void beginCall() {
    if (closed) {
      throw new MisuseException("this Idempotency is closed");
    }
    underWay++;
  }

  /** Counts what follows from a call that was counted. */
  synchronized void begin() {
    underWay++;
  }

  void end() {
    boolean last;
    synchronized (this) {
      last = --underWay == 0 && closed;
    }
    if (last) {
      idle.complete(null);
    }
  }

  void close() {
    boolean last;
    synchronized (this) {
      closed = true;
      last = underWay == 0;
    }
    if (last) {
      idle.complete(null);
    }
  }

  synchronized boolean isClosed() {
    return closed;
  }

  /** Done when it is closed and nothing is under way. */
  Future<?> idle() {
    return idle;
  }
}
