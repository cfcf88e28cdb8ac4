package io.idem4j.jdbc;

import io.idem4j.KeyId;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A guess at which keys have a live record: those that were refused last, as many as there is room
 * for. It only chooses between two ways to the same answer, so that it may be wrong, and forget.
 * Safe for use by many threads.
 */
final class RefusedKeys {
  /** A key has one place, and the last one to come keeps it. */
  static final int PLACES = 1 << 10;

  private final AtomicReferenceArray<@Nullable KeyId> places = new AtomicReferenceArray<>(PLACES);

  boolean contains(KeyId id) {
    return id.equals(places.get(place(id)));
  }

  void add(KeyId id) {
    // Not written again by each replay of a hot key: all its callers read this place.
    if (!contains(id)) {
      places.set(place(id), id);
    }
  }

  void remove(KeyId id) {
    KeyId kept = places.get(place(id));
    if (id.equals(kept)) {
      places.compareAndSet(place(id), kept, null);
    }
  }

  private static int place(KeyId id) {
    int hash = id.hashCode();
    return (hash ^ hash >>> 16) & (PLACES - 1);
  }
}
