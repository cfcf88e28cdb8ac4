package io.idem4j.tck;

import static io.idem4j.tck.Samples.keyId;
import static io.idem4j.tck.Samples.locked;
import static io.idem4j.tck.Samples.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** S12: threads that are interrupted. A store may ignore an interrupt, but never hide one. */
interface InterruptRules {
  /** Returns what the test runs against. */
  KeyStoreSubject subject();

  @Test
  default void s12_interruptedBeforeAWrite_answerIsTrueAndTheFlagStays() {
    KeyRecord claim = locked(keyId(), stamp()).build();
    Thread.currentThread().interrupt();
    Certainty failed = null;
    try {
      Expect.applied(subject().store(), Stamp.ABSENT, claim);
    } catch (KeyStoreException e) {
      failed = e.certainty();
    } finally {
      assertThat(Thread.interrupted()).as("the interrupt flag after the call").isTrue();
    }
    settled(claim, Stamp.ABSENT, failed);
    stillWorks();
  }

  @Test
  default void s12_interruptedBeforeARead_answerIsTrueAndTheFlagStays() {
    KeyRecord claim = Expect.claimed(subject().store(), locked(keyId(), stamp()).build());
    Thread.currentThread().interrupt();
    try {
      Expect.live(subject().store(), claim);
    } catch (KeyStoreException e) {
      assertThat(e.certainty()).isNotNull();
    } finally {
      assertThat(Thread.interrupted()).as("the interrupt flag after the call").isTrue();
    }
    Expect.live(subject().store(), claim);
    stillWorks();
  }

  @Test
  default void s12_interruptedDuringWrites_noneIsLostOrHalfDone() {
    try (Together together = new Together(2)) {
      for (int round = 0; round < subject().rounds() * 2; round++) {
        KeyRecord claim = Expect.claimed(subject().store(), locked(keyId(), stamp()).build());
        KeyRecord next =
            locked(claim.keyId(), claim.stamp().next()).attempt(2).reference("next").build();
        Thread[] writer = new Thread[1];
        int parity = round;
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        Certainty[] failed = new Certainty[1];
        together.run(
            thread -> {
              if (thread == 1) {
                begun.await();
                // Short for stores in memory, longer for those behind a network.
                int most = parity % 2 == 0 ? 50_000 : 2_000_000;
                LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(most));
                writer[0].interrupt();
                interrupted.countDown();
                return null;
              }
              writer[0] = Thread.currentThread();
              begun.countDown();
              boolean flag = false;
              try {
                Expect.applied(subject().store(), claim.stamp(), next);
              } catch (KeyStoreException e) {
                failed[0] = e.certainty();
              } finally {
                // The interrupt has been made once this returns, whether it came during the call or
                // now; only a store that swallowed it leaves no trace.
                flag = await(interrupted);
                flag |= Thread.interrupted();
              }
              assertThat(flag).as("the interrupt flag after the call").isTrue();
              return null;
            });
        settled(next, claim.stamp(), failed[0]);
      }
    }
    stillWorks();
  }

  /** Waits for the latch and says whether this thread was interrupted while it did. */
  private static boolean await(CountDownLatch latch) {
    boolean flag = false;
    while (true) {
      try {
        latch.await();
        return flag;
      } catch (InterruptedException e) {
        flag = true;
      }
    }
  }

  private void settled(KeyRecord written, Stamp expected, Certainty failed) {
    KeyStore store = subject().store();
    if (failed == Certainty.NOT_APPLIED) {
      Expect.applied(store, expected, written);
    } else if (failed == Certainty.UNKNOWN) {
      Expect.decided(store, expected, written);
    }
    Expect.live(store, written);
    Expect.live(subject().secondInstance(), written);
  }

  private void stillWorks() {
    // More calls than a small pool has connections: a broken one would be met.
    for (int i = 0; i < 12; i++) {
      KeyRecord record = Expect.claimed(subject().store(), locked(keyId(), stamp()).build());
      Expect.live(subject().store(), record);
    }
  }
}
