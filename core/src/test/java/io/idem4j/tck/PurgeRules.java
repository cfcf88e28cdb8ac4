package io.idem4j.tck;

import static io.idem4j.tck.Samples.completed;
import static io.idem4j.tck.Samples.keyId;
import static io.idem4j.tck.Samples.locked;
import static io.idem4j.tck.Samples.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyId;
import io.idem4j.MisuseException;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.RecordPurger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** {@link RecordPurger}, for stores that are one. The invariant I33 rests here. */
interface PurgeRules {
  /** Returns what the test runs against. */
  KeyStoreSubject subject();

  @Test
  default void purge_takesWhatIsPastItsRetention_andNothingElse() {
    RecordPurger store = purger();
    purgeAll(store);
    List<KeyRecord> kept = new ArrayList<>();
    for (KeyState state : KeyState.values()) {
      if (state != KeyState.NEW) {
        kept.add(
            Expect.claimed(
                store, completed(keyId(), stamp()).state(state).lease(Duration.ZERO).build()));
        over(store);
      }
    }
    KeyRecord brief = locked(keyId(), stamp()).retention(StampRules.SHORT).build();
    Expect.claimed(store, brief);
    subject().elapse(StampRules.SHORT);
    assertThat(store.purge(1000)).as("purged").isEqualTo(6);
    assertThat(store.purge(1000)).as("purged again").isZero();
    kept.forEach(record -> Expect.live(store, record));
    Expect.none(store, brief.keyId());
    Expect.live(store, Expect.claimed(store, locked(brief.keyId(), stamp()).build()));
  }

  @Test
  default void purge_respectsItsLimit() {
    RecordPurger store = purger();
    purgeAll(store);
    for (int i = 0; i < 7; i++) {
      over(store);
    }
    assertThat(store.purge(3)).isEqualTo(3);
    assertThat(store.purge(3)).isEqualTo(3);
    assertThat(store.purge(3)).isEqualTo(1);
    assertThat(store.purge(3)).isZero();
    assertThatThrownBy(() -> store.purge(0)).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> store.purge(-1)).isInstanceOf(MisuseException.class);
  }

  @Test
  default void purge_laterFormat_stays() {
    RecordPurger store = purger();
    purgeAll(store);
    Expect.claimed(
        store,
        completed(keyId(), stamp()).format(FormatRules.LATER).retention(Duration.ZERO).build());
    over(store);
    // What stays may be first in any order, and does not use up the limit.
    assertThat(store.purge(1)).as("purged, of one known and one later format").isEqualTo(1);
    assertThat(store.purge(1000)).as("purged again").isZero();
  }

  @Test
  default void purge_besideClaims_neverTakesAFreshRecord() {
    RecordPurger store = purger();
    int workers = 3;
    AtomicInteger running = new AtomicInteger(workers);
    try (Together together = new Together(workers + 1)) {
      together.run(
          thread -> {
            if (thread == 0) {
              while (running.get() > 0) {
                store.purge(50);
              }
              return null;
            }
            try {
              KeyStore mine = thread == 1 ? subject().secondInstance() : store;
              List<KeyId> keys = List.of(keyId(), keyId(), keyId(), keyId());
              for (int i = 0; i < subject().rounds() * 10; i++) {
                KeyId id = keys.get(i % keys.size());
                KeyRecord claim = Expect.claimed(mine, locked(id, stamp()).build());
                // A purger that judged this key before the claim may strike now.
                LockSupport.parkNanos(50_000);
                Expect.live(mine, claim);
                KeyRecord end =
                    completed(id, claim.stamp().next()).retention(Duration.ZERO).build();
                Expect.applied(mine, claim.stamp(), end);
              }
            } finally {
              running.decrementAndGet();
            }
            return null;
          });
    }
    purgeAll(store);
  }

  private RecordPurger purger() {
    if (subject().store() instanceof RecordPurger purger) {
      return purger;
    }
    throw Expect.skipped("the store is no RecordPurger");
  }

  private static KeyRecord over(KeyStore store) {
    return Expect.claimed(store, locked(keyId(), stamp()).retention(Duration.ZERO).build());
  }

  private static void purgeAll(RecordPurger store) {
    int calls = 0;
    while (store.purge(1000) == 1000) {
      assertThat(++calls).as("purges until none was left").isLessThan(100_000);
    }
  }
}
