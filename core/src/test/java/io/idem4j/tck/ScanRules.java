package io.idem4j.tck;

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
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.RecordScanner.Kind;
import io.idem4j.spi.RecordScanner.Page;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** {@link RecordScanner}, for stores that are one. */
interface ScanRules {
  /** Returns what the test runs against. */
  KeyStoreSubject subject();

  @Test
  default void scan_abandoned_areLockedRecordsWhoseLeaseIsOver() {
    RecordScanner store = scanner();
    KeyRecord lapsed = Expect.claimed(store, locked(keyId(), stamp()).lease(Duration.ZERO).build());
    KeyRecord brief =
        Expect.claimed(store, locked(keyId(), stamp()).lease(StampRules.SHORT).build());
    List<KeyRecord> others = new ArrayList<>();
    others.add(Expect.claimed(store, locked(keyId(), stamp()).build()));
    others.add(
        Expect.claimed(
            store, locked(keyId(), stamp()).lease(Duration.ZERO).retention(Duration.ZERO).build()));
    for (KeyState state : KeyState.values()) {
      if (state != KeyState.NEW && state != KeyState.LOCKED) {
        others.add(
            Expect.claimed(
                store, locked(keyId(), stamp()).state(state).lease(Duration.ZERO).build()));
      }
    }
    subject().elapse(StampRules.SHORT);
    Map<KeyId, StoredRecord> found = scan(store, Kind.ABANDONED, 100);
    Expect.same(found.get(lapsed.keyId()), lapsed);
    Expect.same(found.get(brief.keyId()), brief);
    assertThat(found.get(brief.keyId()).leaseLeft()).isLessThanOrEqualTo(Duration.ZERO);
    others.forEach(other -> assertThat(found).doesNotContainKey(other.keyId()));
    end(store, List.of(lapsed, brief));
  }

  @Test
  default void scan_inDoubt_areTheRecordsInDoubt() {
    RecordScanner store = scanner();
    KeyRecord due = doubt(store, Duration.ZERO);
    KeyRecord later = doubt(store, Samples.LEASE);
    KeyRecord other = Expect.claimed(store, locked(keyId(), stamp()).lease(Duration.ZERO).build());
    KeyRecord over =
        Expect.claimed(
            store,
            locked(keyId(), stamp())
                .state(KeyState.FAILED_IN_DOUBT)
                .retention(Duration.ZERO)
                .build());
    Map<KeyId, StoredRecord> found = scan(store, Kind.IN_DOUBT, 100);
    Expect.same(found.get(due.keyId()), due);
    Expect.same(found.get(later.keyId()), later);
    assertThat(found).doesNotContainKeys(other.keyId(), over.keyId());
    end(store, List.of(due, later, other));
  }

  @Test
  default void scan_pages_areCompleteAndWithoutRepeats() {
    RecordScanner store = scanner();
    List<KeyRecord> written =
        IntStream.range(0, 11).mapToObj(i -> doubt(store, Duration.ZERO)).toList();
    for (int limit : new int[] {1, 2, 3, 11, 12}) {
      Map<KeyId, StoredRecord> found = scan(store, Kind.IN_DOUBT, limit);
      written.forEach(record -> Expect.same(found.get(record.keyId()), record));
    }
    end(store, written);
  }

  @Test
  default void scan_besideWrites_seesEachRecordThatStays() {
    RecordScanner store = scanner();
    List<KeyRecord> written =
        IntStream.range(0, 20).mapToObj(i -> doubt(store, Duration.ZERO)).toList();
    AtomicBoolean scanning = new AtomicBoolean(true);
    try (Together together = new Together(2)) {
      together.run(
          thread -> {
            if (thread == 1) {
              while (scanning.get()) {
                end(
                    subject().secondInstance(),
                    List.of(doubt(subject().secondInstance(), Samples.LEASE)));
              }
              return null;
            }
            try {
              for (int i = 0; i < 5; i++) {
                Map<KeyId, StoredRecord> found = scan(store, Kind.IN_DOUBT, 3);
                written.forEach(record -> Expect.same(found.get(record.keyId()), record));
              }
            } finally {
              scanning.set(false);
            }
            return null;
          });
    }
    end(store, written);
  }

  @Test
  default void scan_badArguments_areMisuse() {
    RecordScanner store = scanner();
    assertThatThrownBy(() -> store.scan(Kind.IN_DOUBT, 0, Optional.empty()))
        .isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> store.scan(Kind.ABANDONED, 1, Optional.of("' or no place at all")))
        .isInstanceOf(MisuseException.class);
  }

  private RecordScanner scanner() {
    if (subject().store() instanceof RecordScanner scanner) {
      return scanner;
    }
    throw Expect.skipped("the store is no RecordScanner");
  }

  private static KeyRecord doubt(KeyStore store, Duration lease) {
    return Expect.claimed(
        store,
        locked(keyId(), stamp())
            .state(KeyState.FAILED_IN_DOUBT)
            .lease(lease)
            .reference("in doubt")
            .build());
  }

  private static Map<KeyId, StoredRecord> scan(RecordScanner store, Kind kind, int limit) {
    int pages = 0;
    Map<KeyId, StoredRecord> found = new HashMap<>();
    Optional<String> next = Optional.empty();
    do {
      Page page = store.scan(kind, limit, next);
      assertThat(page.records()).as("a page").hasSizeLessThanOrEqualTo(limit);
      for (StoredRecord each : page.records()) {
        assertThat(found.put(each.keyId(), each)).as("a record of an earlier page").isNull();
      }
      // A store may give out a page that holds none of what is wanted, but not for ever.
      assertThat(++pages).as("pages").isLessThan(100_000);
      next = page.next();
    } while (next.isPresent());
    return found;
  }

  /** Ends records, so that the scans of other tests stay short. */
  private static void end(KeyStore store, List<KeyRecord> records) {
    for (KeyRecord record : records) {
      Expect.applied(
          store, record.stamp(), locked(record.keyId(), stamp()).retention(Duration.ZERO).build());
    }
  }
}
