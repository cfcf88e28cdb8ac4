package io.idem4j;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The thread that runs an operation, while it does: an interrupt never reaches a thread whose
 * operation has ended. Safe for use by many threads.
 */
class RunningThread {
  /** For all operations that are never interrupted: takes note of none. */
  static final RunningThread UNWATCHED =
      new RunningThread() {
        @Override
        void begin() {}

        @Override
        void end() {}

        @Override
        void interrupt() {}
      };

  // Its own, not the held key's: an interrupt closes the channel on which the thread waits, however
  // long that takes, and the timers of all keys need the held key's.
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Thread thread;
  private boolean interrupted;

  /** The calling thread runs the operation from here on. */
  void begin() {
    lock.lock();
    try {
      thread = Thread.currentThread();
    } finally {
      lock.unlock();
    }
  }

  /** The operation has ended: an interrupt of ours that it did not take is taken back. */
  void end() {
    lock.lock();
    try {
      thread = null;
      if (interrupted) {
        interrupted = false;
        Thread.interrupted();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Interrupts the operation, if it runs; an interrupt that was there before stays another's. */
  void interrupt() {
    lock.lock();
    try {
      if (thread != null && !thread.isInterrupted()) {
        interrupted = true;
        thread.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }
}
