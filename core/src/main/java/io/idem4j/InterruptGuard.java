package io.idem4j;

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
    long end = timing.nanoTime() + nanos;
    var never = new java.util.concurrent.CompletableFuture<Void>();
    for (long left = nanos; left > 0; left = end - timing.nanoTime()) {
      try {
        timing.await(never, left);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }

  @Override
  public void close() {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
