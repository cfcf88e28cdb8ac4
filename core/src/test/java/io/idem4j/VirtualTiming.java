package io.idem4j;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.Future;

/**
 * Time that passes only when somebody waits or a test says so. Timers that fall due run on the
 * thread that let the time pass. For one thread.
 */
final class VirtualTiming implements Timing {
  private record Task(long due, long order, Runnable body) {}

  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparingLong(Task::due).thenComparingLong(Task::order));
  private long now = 1_000_000_000L;
  private long wallOffset;
  private long order;

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public long currentTimeMillis() {
    return 1_700_000_000_000L + wallOffset + now / 1_000_000;
  }

  /** Moves the wall clock alone. */
  void jump(Duration by) {
    wallOffset += by.toMillis();
  }

  void advance(Duration by) {
    runUntil(now + by.toNanos(), null);
  }

  int scheduled() {
    return tasks.size();
  }

  @Override
  public boolean await(Future<?> signal, long nanos) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    runUntil(now + Math.max(nanos, 0), signal);
    return signal.isDone();
  }

  @Override
  public Timer schedule(long delayNanos, Runnable body) {
    Task task = new Task(now + delayNanos, order++, body);
    tasks.add(task);
    return () -> tasks.remove(task);
  }

  private void runUntil(long end, Future<?> signal) {
    while (signal == null || !signal.isDone()) {
      Task next = tasks.peek();
      if (next == null || next.due() - end > 0) {
        now = Math.max(now, end);
        return;
      }
      tasks.remove(next);
      now = Math.max(now, next.due());
      next.body().run();
    }
  }
}
