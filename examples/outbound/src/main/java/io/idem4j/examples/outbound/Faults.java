package io.idem4j.examples.outbound;

import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Chooses the fault of each request. Safe for use by many threads. */
@FunctionalInterface
interface Faults {
  /**
   * Returns the next one.
   *
   * @param isWrite whether the request may take effect
   */
  Fault next(boolean isWrite);

  static Faults none() {
    return isWrite -> Fault.NONE;
  }

  /** Returns these for the writes, in this order, and none for what follows or reads. */
  static Faults script(Fault... faults) {
    Queue<Fault> left = new ConcurrentLinkedQueue<>(List.of(faults));
    return isWrite -> {
      Fault next = isWrite ? left.poll() : null;
      return next == null ? Fault.NONE : next;
    };
  }

  /** Returns one of these for every other request, reads included, as the seed has it. */
  static Faults random(long seed, Fault... faults) {
    Random random = new Random(seed);
    return isWrite -> random.nextBoolean() ? faults[random.nextInt(faults.length)] : Fault.NONE;
  }
}
