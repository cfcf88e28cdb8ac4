package io.idem4j;

/**
 * Writes a checkpoint: first what is unresolved of the same lease, then the checkpoint itself, up
 * to the store deadline. What is open then is carried by the writes that follow. One use.
 */
final class Checkpointing {
  /** What became of it. */
  enum Saved {
    /** The record holds it. */
    STORED,
    /** Not known; later writes carry it. */
    OPEN,
    /** The key is another's, its record is gone, or its holder has ended. */
    LOST,
    /** It does not fit the store. */
    TOO_LARGE
  }

  private final HeldKey held;

  Checkpointing(HeldKey held) {
    this.held = held;
  }

  Saved save(byte[] checkpoint) {
    Engine engine = held.engine();
    held.checkpoint().want(checkpoint);
    long end = engine.timing().nanoTime() + held.request().policy().storeDeadline().toNanos();
    try (InterruptGuard guard = new InterruptGuard()) {
      Backoff backoff = new Backoff(engine, guard);
      Saved saved;
      do {
        if (held.renewNow()) {
          // Answered, and it was not the checkpoint: that one follows at once.
          held.renewNow();
        }
        guard.absorb();
        saved = saved();
      } while (saved == Saved.OPEN && backoff.pause(end));
      return saved;
    }
  }

  private Saved saved() {
    if (held.checkpoint().isTooLarge()) {
      return Saved.TOO_LARGE;
    } else if (held.checkpoint().isStored()) {
      return Saved.STORED;
    }
    return held.isSettledOrLost() ? Saved.LOST : Saved.OPEN;
  }
}
