package io.idem4j;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * Sets the thread's interrupt flag aside for a while and puts it back at the end: a write whose
 * outcome must be learned is not given up half-way, and no interrupt is swallowed. For one thread.
 */
final class InterruptGuard implements AutoCloseable {
  private boolean interrupted = Thread.interrupted();

  /** Takes note of an interrupt that came since. */
  void absorb() {
    interrupted |= Thread.interrupted();
  }

  /** Waits for the whole time, whoever interrupts. */
  void pause(Timing timing, long nanos) {
    await(timing, new CompletableFuture<Void>(), nanos);
  }

  /** Waits for the signal or the whole time, whoever interrupts; says whether it is done. */
  boolean await(Timing timing, Future<?> signal, long nanos) {
    long end = timing.nanoTime() + nanos;
    for (long left = nanos; left > 0 && !signal.isDone(); left = end - timing.nanoTime()) {
      try {
        timing.await(signal, left);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    return signal.isDone();
  }

  @Override
  public void close() {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
