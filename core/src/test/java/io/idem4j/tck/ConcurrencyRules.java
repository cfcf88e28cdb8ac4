package io.idem4j.tck;

import static io.idem4j.tck.Samples.completed;
import static io.idem4j.tck.Samples.keyId;
import static io.idem4j.tck.Samples.locked;
import static io.idem4j.tck.Samples.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.KeyId;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** S1 and S9: many threads and two instances. */
interface ConcurrencyRules {
  /** How many threads work at the same time. */
  int THREADS = 8;

  /** Returns what the test runs against. */
  KeyStoreSubject subject();

  @Test
  default void s01_raceForANewKey_hasExactlyOneWinner() {
    try (Together together = new Together(THREADS)) {
      for (int round = 0; round < subject().rounds() * 5; round++) {
        KeyId id = keyId();
        race(together, Stamp.ABSENT, claims(id));
      }
    }
  }

  @Test
  default void s01_raceOnOneStamp_hasExactlyOneWinner() {
    try (Together together = new Together(THREADS)) {
      KeyRecord last = Expect.claimed(subject().store(), locked(keyId(), stamp()).build());
      for (int round = 0; round < subject().rounds() * 5; round++) {
        last = race(together, last.stamp(), claims(last.keyId()));
      }
    }
  }

  @Test
  default void s01_raceForAnExpiredRecord_hasExactlyOneWinner() {
    try (Together together = new Together(THREADS)) {
      KeyId id = keyId();
      for (int round = 0; round < subject().rounds() * 5; round++) {
        KeyRecord over =
            Expect.claimed(subject().store(), locked(id, stamp()).retention(Duration.ZERO).build());
        // Everybody has seen that the record is over; only one may act on it.
        KeyRecord winner = race(together, Stamp.ABSENT, claims(over.keyId()));
        Expect.applied(
            subject().store(),
            winner.stamp(),
            completed(id, winner.stamp().next()).retention(Duration.ZERO).build());
      }
    }
  }

  @Test
  default void s01_historyOfManyThreads_isLinearizable() {
    int rounds = Math.max(3, subject().rounds() / 5);
    for (int round = 0; round < rounds; round++) {
      History history = History.record(subject(), 6, 3, 40, System.nanoTime());
      assertThat(history.violations()).as(history.toString()).isEmpty();
    }
  }

  @Test
  default void s09_manyWritersOfOneKey_loseNoUpdate() {
    KeyRecord first = Expect.claimed(subject().store(), locked(keyId(), stamp()).fence(0).build());
    int each = subject().rounds();
    try (Together together = new Together(THREADS)) {
      together.run(
          thread -> {
            for (int i = 0; i < each; i++) {
              increment(instance(thread), first.keyId());
            }
            return null;
          });
    }
    StoredRecord last = subject().store().find(first.keyId()).orElseThrow();
    assertThat(last.record().fence()).isEqualTo((long) THREADS * each);
  }

  @Test
  default void s09_manyKeysAtOnce_doNotDisturbEachOther() {
    try (Together together = new Together(THREADS)) {
      together.run(
          thread -> {
            KeyStore store = instance(thread);
            for (int i = 0; i < subject().rounds() * 3; i++) {
              KeyRecord claim = locked(keyId(), stamp()).build();
              applied(store, Stamp.ABSENT, claim);
              KeyRecord done = completed(claim.keyId(), claim.stamp().next()).build();
              applied(store, claim.stamp(), done);
              Expect.live(instance(thread + 1), done);
            }
            return null;
          });
    }
  }

  private List<KeyRecord> claims(KeyId id) {
    return IntStream.range(0, THREADS)
        .mapToObj(i -> locked(id, stamp()).attempt(i).build())
        .toList();
  }

  /** Lets every thread write its own record over the same stamp; returns the winner. */
  private KeyRecord race(Together together, Stamp expected, List<KeyRecord> records) {
    List<CasResult> results =
        together.run(thread -> Expect.decided(instance(thread), expected, records.get(thread)));
    List<KeyRecord> winners =
        IntStream.range(0, THREADS)
            .filter(i -> results.get(i) instanceof CasResult.Applied)
            .mapToObj(records::get)
            .toList();
    assertThat(winners).as("winners of one race").hasSize(1);
    KeyRecord winner = winners.get(0);
    for (CasResult result : results) {
      // A loser may have looked before the winner wrote. What it did see is the winner's.
      if (result instanceof CasResult.Refused refused) {
        refused.live().ifPresent(live -> Expect.same(live, winner));
      }
    }
    Expect.live(subject().store(), winner);
    Expect.live(subject().secondInstance(), winner);
    return winner;
  }

  private static void applied(KeyStore store, Stamp expected, KeyRecord next) {
    assertThat(Expect.decided(store, expected, next)).isInstanceOf(CasResult.Applied.class);
  }

  private static void increment(KeyStore store, KeyId id) {
    StoredRecord live = store.find(id).orElseThrow();
    while (true) {
      KeyRecord next =
          live.record().toBuilder()
              .stamp(stamp())
              .fence(live.record().fence() + 1)
              .lease(Samples.LEASE)
              .retention(Samples.RETENTION)
              .build();
      CasResult result = Expect.decided(store, live.stamp(), next);
      if (result instanceof CasResult.Applied) {
        return;
      }
      live = ((CasResult.Refused) result).live().orElseThrow();
    }
  }

  private KeyStore instance(int thread) {
    return thread % 2 == 0 ? subject().store() : subject().secondInstance();
  }
}
