package io.idem4j;

import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.Stamp;

/**
 * Brings a held key to rest, so that another party may replace its record: no renewal follows, and
 * none is left of which nobody knows whether it was applied.
 */
final class Suspension {
  private Suspension() {}

  /**
   * Suspends the renewals, and waits up to the store deadline until the last one is settled.
   *
   * @return the stamp that the record bears, unless the lease was lost
   * @throws KeyStoreException if the store did not settle it; the renewals go on
   * @throws MisuseException if the lease is suspended already, or over
   */
  static Stamp of(HeldKey held) {
    Engine engine = held.engine();
    var underWay = held.suspend();
    boolean atRest = false;
    try (InterruptGuard guard = new InterruptGuard()) {
      long begin = engine.timing().nanoTime();
      long deadline = held.request().policy().storeDeadline().toNanos();
      if (guard.await(engine.timing(), underWay, deadline)) {
        Backoff backoff = new Backoff(engine, guard);
        do {
          StoreCalls.Write write = held.unsettled();
          if (write == null) {
            atRest = true;
            return held.current();
          }
          // The same write again: applied at most once, whichever of its sends it was (S8).
          held.settled(write, write.send());
          guard.absorb();
        } while (held.unsettled() == null || backoff.pause(begin + deadline));
      }
    } finally {
      if (!atRest) {
        held.resume();
      }
    }
    throw KeyStoreException.notApplied(
        Reason.UNAVAILABLE,
        held.request().describe()
            + ": the store did not say what became of a renewal; nothing was prepared",
        null);
  }
}
