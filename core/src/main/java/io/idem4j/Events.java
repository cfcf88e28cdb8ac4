package io.idem4j;

import io.idem4j.IdempotencyListener.Event;
import java.time.Duration;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the listener, if there is one, and outlives what it throws. Safe for many threads. */
final class Events {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);

  private final @Nullable IdempotencyListener listener;

  Events(@Nullable IdempotencyListener listener) {
    this.listener = listener;
  }

  /** Says whether there is a listener: what is noted for it alone is not noted without one. */
  boolean areHeard() {
    return listener != null;
  }

  void bypassed(String operation) {
    if (listener != null) {
      tell("bypassed", () -> listener.bypassed(operation));
    }
  }

  /** Returns the sender of events about one call. */
  Subject about(IdempotencyKey key, long startNanos) {
    return about(key.operation(), key.id(), startNanos);
  }

  /** Returns the sender of events about a record. */
  Subject about(String operation, KeyId id, long startNanos) {
    return new Subject(operation, id, startNanos);
  }

  private static void tell(String event, Runnable call) {
    try {
      call.run();
    } catch (Throwable e) {
      // The message may hold anything, so the type alone is logged.
      log.warn("the listener threw {} when told: {}", e.getClass().getName(), event);
    }
  }

  /** One event of the listener. */
  interface Sink extends BiConsumer<IdempotencyListener, Event> {}

  /** What the events of one call have in common. */
  final class Subject {
    private final String operation;
    private final KeyId id;
    private final long startNanos;
    private volatile int attempt;
    private volatile long fence;
    private volatile long elapsed;

    private Subject(String operation, KeyId id, long startNanos) {
      this.operation = operation;
      this.id = id;
      this.startNanos = startNanos;
    }

    /** Takes note of a clock reading that core needed; no clock is read for the listener alone. */
    long at(long nanos) {
      if (listener != null) {
        elapsed = nanos - startNanos;
      }
      return nanos;
    }

    void holds(int attempt, long fence) {
      if (listener != null) {
        this.attempt = attempt;
        this.fence = fence;
      }
    }

    void tell(String event, Sink sink) {
      if (listener != null) {
        Event about =
            new Event(operation, id.shortDigest(), attempt, fence, Duration.ofNanos(elapsed));
        Events.tell(event, () -> sink.accept(listener, about));
      }
    }

    void storeError(KeyStoreException error) {
      log.debug(
          "operation {}, key {}: store call failed, {} {}",
          operation,
          id.shortDigest(),
          error.certainty(),
          error.reason());
      tell("storeError", (to, event) -> to.storeError(event, error));
    }

    void leaseLost(String why) {
      log.warn("operation {}, key {}: lease lost, {}", operation, id.shortDigest(), why);
      tell("leaseLost", IdempotencyListener::leaseLost);
    }
  }
}
