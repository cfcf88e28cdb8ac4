package io.idem4j.http;

import io.idem4j.KeyId;
import io.idem4j.Scope;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Counts the requests with keys that are under way, by scope and by key. What nobody uses is gone.
 * Safe for use by many threads.
 */
final class Quotas {
  private final ConcurrentHashMap<Object, Integer> underWay = new ConcurrentHashMap<>();

  /** One more would be too many. */
  static final class ExceededException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean ofScope;

    ExceededException(boolean ofScope) {
      super("quota", null, false, false);
      this.ofScope = ofScope;
    }

    boolean ofScope() {
      return ofScope;
    }
  }

  /** The place of one request; given back once, however often it is closed. */
  static final class Seat implements AutoCloseable {
    private final AtomicBoolean isTaken = new AtomicBoolean(true);
    private final Runnable release;

    private Seat(Runnable release) {
      this.release = release;
    }

    @Override
    public void close() {
      if (isTaken.getAndSet(false)) {
        release.run();
      }
    }
  }

  /** The place of a request that is not counted. */
  static final Seat NO_SEAT = new Seat(() -> {});

  /** The scope counts apart from keys, whatever its equality. */
  private record OfScope(Scope scope) {}

  Seat enter(Scope scope, KeyId key, HttpPolicy.Settings limits) throws ExceededException {
    boolean limitsScope = limits.maximumPerScope < Integer.MAX_VALUE;
    boolean limitsKey = limits.maximumPerKey < Integer.MAX_VALUE;
    if (!limitsScope && !limitsKey) {
      return NO_SEAT;
    }
    OfScope ofScope = new OfScope(scope);
    if (!take(ofScope, limits.maximumPerScope)) {
      throw new ExceededException(true);
    }
    if (!take(key, limits.maximumPerKey)) {
      giveBack(ofScope);
      throw new ExceededException(false);
    }
    return new Seat(
        () -> {
          giveBack(key);
          giveBack(ofScope);
        });
  }

  private boolean take(Object what, int most) {
    int[] before = {0};
    underWay.compute(
        what,
        (key, count) -> {
          before[0] = count == null ? 0 : count;
          return before[0] < most ? Integer.valueOf(before[0] + 1) : count;
        });
    return before[0] < most;
  }

  private void giveBack(Object what) {
    underWay.computeIfPresent(what, (key, count) -> count == 1 ? null : count - 1);
  }

  /** For tests: how much is counted. */
  Optional<Integer> size() {
    return underWay.isEmpty() ? Optional.empty() : Optional.of(underWay.size());
  }
}
