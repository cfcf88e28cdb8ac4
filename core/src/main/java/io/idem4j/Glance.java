package io.idem4j;

import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.StoredRecord;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A look at a store that is cheap to read, before anything is made ready for a claim: most calls of
 * such a store end with it.
 */
@SuppressWarnings("NullableOptional") // null: nobody has looked; empty: nothing is there
final class Glance {
  private Glance() {}

  /**
   * Returns what is live, or null where a claim has to look by itself: a read may fail, take long
   * or take an interrupt for itself (I24), a listener is to be told how long all this took, or the
   * read failed, which is for the claim to insist on and to tell of.
   */
  static @Nullable Optional<StoredRecord> at(Engine engine, KeyId id) {
    if (!(engine.store() instanceof MemoryKeyStore) || engine.events().areHeard()) {
      return null;
    }
    try {
      Optional<StoredRecord> live = engine.store().find(id);
      return live.isPresent() && !live.get().keyId().equals(id) ? null : live;
    } catch (Throwable e) {
      return null;
    }
  }

  /** Returns the record that answers the request, or null if there is none in sight. */
  static @Nullable KeyRecord answer(
      @Nullable Optional<StoredRecord> seen, KeyMachine.Request request) {
    return seen != null && seen.isPresent() && KeyMachine.isAnswered(request, seen.get().record())
        ? seen.get().record()
        : null;
  }
}
