package io.idem4j;

import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoint of a held key: what its record holds, and what it is to hold. As long as the two
 * differ, every write of the holder carries it. Safe for use by many threads.
 */
final class CheckpointSlot {
  private final ReentrantLock lock = new ReentrantLock();

  // Compared by identity: each checkpoint is an array of its own.
  private byte @Nullable [] stored;
  private byte @Nullable [] wanted;
  private boolean tooLarge;

  CheckpointSlot(byte @Nullable [] stored) {
    this.stored = stored;
    this.wanted = stored;
  }

  /** The one lock of a held key and its parts: none of them holds it while anything is called. */
  ReentrantLock lock() {
    return lock;
  }

  byte @Nullable [] wanted() {
    lock.lock();
    try {
      return wanted;
    } finally {
      lock.unlock();
    }
  }

  void want(byte[] checkpoint) {
    lock.lock();
    try {
      wanted = checkpoint;
    } finally {
      lock.unlock();
    }
  }

  /** Says whether the record is known to hold what was wanted last. */
  boolean isStored() {
    lock.lock();
    try {
      return stored == wanted;
    } finally {
      lock.unlock();
    }
  }

  /** The slots of the next write, if it keeps the checkpoint. */
  Slots slots() {
    lock.lock();
    try {
      return stored == wanted ? Slots.UNCHANGED : Slots.of(null, wanted);
    } finally {
      lock.unlock();
    }
  }

  /** The store applied this write. */
  void applied(KeyRecord written) {
    lock.lock();
    try {
      if (!written.slots().isUnchanged()) {
        stored = written.slots().checkpoint();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * The store says that what is wanted does not fit, now or ever: whatever came later is larger.
   */
  void refuse() {
    lock.lock();
    try {
      tooLarge = true;
      wanted = stored;
    } finally {
      lock.unlock();
    }
  }

  boolean isTooLarge() {
    lock.lock();
    try {
      return tooLarge;
    } finally {
      lock.unlock();
    }
  }
}
