package io.idem4j;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A task that is done once, by whoever takes it first: an executor may run what it has refused, and
 * what is to happen instead must not happen beside it. Safe for use by many threads.
 */
final class Once implements Runnable {
  private final AtomicBoolean taken = new AtomicBoolean();
  private final Runnable task;

  Once(Runnable task) {
    this.task = task;
  }

  /** Says whether nobody has taken it yet; nobody else will then. */
  boolean take() {
    return taken.compareAndSet(false, true);
  }

  @Override
  public void run() {
    if (take()) {
      task.run();
    }
  }
}
