package io.idem4j.tck;

import io.idem4j.tck.FaultProxy.Strike;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;

/**
 * Plans random faults at random moments, and lets through late what they held back, until it is
 * closed. Decides by its seed what it does, though not when.
 */
final class FaultChaos implements AutoCloseable {
  private static final NetworkFault[] FAULTS = NetworkFault.values();

  /** One fault for so many exchanges, at least. */
  private static final int MOST_EXCHANGES = 20;

  /** Whoever is slower than that goes on without faults. */
  private static final long LONGEST_RUN_NANOS = 5_000_000_000L;

  /** A time after which most drivers under test have given up. */
  private static final int LONGEST_DELAY_MILLIS = 400;

  private record Late(long due, Strike strike) {}

  private final FaultProxy proxy;
  private final SplittableRandom random;
  private final Deque<Late> held = new ArrayDeque<>();
  private final Thread thread;
  private volatile boolean ends;
  private int struck;

  FaultChaos(FaultProxy proxy, long seed) {
    this.proxy = proxy;
    this.random = new SplittableRandom(seed);
    this.thread = FaultLink.daemon("chaos", this::run);
    thread.start();
  }

  private void run() {
    long end = System.nanoTime() + LONGEST_RUN_NANOS;
    while (!ends && System.nanoTime() - end < 0) {
      NetworkFault fault = FAULTS[random.nextInt(FAULTS.length)];
      Strike strike = proxy.plan(fault, 1 + random.nextInt(MOST_EXCHANGES));
      long due = random.nextInt(LONGEST_DELAY_MILLIS) * 1_000_000L;
      while (!ends && !strike.hasStruck() && System.nanoTime() - end < 0) {
        FaultLane.pause();
        deliver(System.nanoTime());
      }
      struck += strike.hasStruck() ? 1 : 0;
      held.add(new Late(System.nanoTime() + due, strike));
    }
    proxy.takeBack();
    deliver(Long.MAX_VALUE);
  }

  private void deliver(long now) {
    held.removeIf(
        late -> {
          boolean due = now == Long.MAX_VALUE || now - late.due() >= 0;
          if (due) {
            late.strike().deliver();
          }
          return due;
        });
  }

  /** Ends the faults; returns how many there were. */
  int end() {
    ends = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted during a test", e);
    }
    return struck;
  }

  @Override
  public void close() {
    end();
  }
}
