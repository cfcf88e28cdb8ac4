package io.idem4j;

import io.idem4j.spi.KeyStore;
import org.jspecify.annotations.Nullable;

/**
 * The records whose operations the current thread is running, innermost first: a call for one of
 * them would wait for itself (I41).
 */
record Nesting(KeyStore store, KeyId id, @Nullable Nesting outer) {
  private static final ThreadLocal<@Nullable Nesting> innermost = new ThreadLocal<>();

  /** The current thread runs the operation of this record from here on, until it leaves. */
  static Nesting enter(KeyStore store, KeyId id) {
    Nesting entered = new Nesting(store, id, innermost.get());
    innermost.set(entered);
    return entered;
  }

  void leave() {
    // Not removed where there is no outer one: the next call of this thread would make it anew.
    innermost.set(outer);
  }

  /** Says whether the current thread runs the operation of this record. */
  static boolean isInside(KeyStore store, KeyId id) {
    for (Nesting each = innermost.get(); each != null; each = each.outer()) {
      if (each.store() == store && each.id().equals(id)) {
        return true;
      }
    }
    return false;
  }
}
