package io.idem4j.tck;

import static io.idem4j.tck.Samples.completed;
import static io.idem4j.tck.Samples.keyId;
import static io.idem4j.tck.Samples.locked;
import static io.idem4j.tck.Samples.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyStoreException;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.tck.KeyStoreSubject.CallerTransactions;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** S11: calls inside a transaction of the caller's. The invariants I36 and I37 rest here. */
interface TransactionRules {
  /** Returns what the test runs against. */
  KeyStoreSubject subject();

  @Test
  default void s11_callerRollsBack_writeStays() {
    inTransaction(CallerTransactions::rolledBack);
  }

  @Test
  default void s11_callerCommits_writeStays() {
    inTransaction(CallerTransactions::committed);
  }

  @Test
  default void s11_writeInsideACallersTransaction_isSeenByOthersAtOnce() {
    KeyRecord claim = locked(keyId(), stamp()).build();
    transactions()
        .rolledBack(
            unlessImpossible(
                () -> {
                  Expect.claimed(subject().store(), claim);
                  Expect.live(subject().secondInstance(), claim);
                }));
  }

  @Test
  default void s11_refusedWrite_doesNotHarmTheCallersTransaction() {
    KeyStore store = subject().store();
    KeyRecord live = Expect.claimed(store, completed(keyId(), stamp()).build());
    transactions()
        .committed(
            unlessImpossible(
                () -> {
                  KeyRecord next = locked(live.keyId(), stamp()).build();
                  Expect.refusedBy(live, store, Stamp.ABSENT, next);
                  Expect.refusedBy(live, store, stamp(), next);
                  Expect.live(store, live);
                  Expect.none(store, keyId());
                }));
    Expect.live(store, live);
  }

  @Test
  default void s11_failedCall_doesNotHarmTheCallersTransaction() {
    KeyStore store = subject().store();
    KeyRecord later =
        Expect.claimed(store, completed(keyId(), stamp()).format(FormatRules.LATER).build());
    transactions()
        .committed(
            () ->
                Expect.storeException(
                    () ->
                        store.compareAndSet(
                            later.keyId(),
                            later.stamp(),
                            completed(later.keyId(), stamp()).build())));
    assertThat(store.find(later.keyId())).isPresent();
  }

  private void inTransaction(BiConsumer<CallerTransactions, Runnable> end) {
    KeyStore store = subject().store();
    KeyRecord old = Expect.claimed(store, locked(keyId(), stamp()).build());
    KeyRecord done = completed(old.keyId(), old.stamp().next()).build();
    KeyRecord claim = locked(keyId(), stamp()).build();
    boolean[] possible = new boolean[1];
    end.accept(
        transactions(),
        unlessImpossible(
            () -> {
              Expect.claimed(store, claim);
              possible[0] = true;
              Expect.applied(store, old.stamp(), done);
            }));
    if (possible[0]) {
      Expect.live(store, claim);
      Expect.live(store, done);
    } else {
      Expect.none(store, claim.keyId());
      Expect.live(store, old);
    }
  }

  /**
   * A store may say by a typed error that its data source makes a call in a transaction impossible.
   */
  private static Runnable unlessImpossible(Runnable calls) {
    return () -> {
      try {
        calls.run();
      } catch (KeyStoreException e) {
        assertThat(e.reason()).isEqualTo(KeyStoreException.Reason.MISCONFIGURED);
        assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.NOT_APPLIED);
      }
    };
  }

  private CallerTransactions transactions() {
    return subject()
        .callerTransactions()
        .orElseThrow(() -> Expect.skipped("the subject has no callerTransactions()"));
  }
}
