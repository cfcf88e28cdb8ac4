package io.idem4j.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.Samples;
import io.idem4j.tck.Together;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the memory store promises beyond the contract: its bound, and its room. */
final class MemoryKeyStoreBoundTest {
  private final AtomicLong clock = new AtomicLong();
  private final AtomicInteger readings = new AtomicInteger();
  private Runnable event = () -> {};

  @Test
  void bound_ofZero_isMisuse() {
    assertThatThrownBy(() -> new MemoryKeyStore(0)).isInstanceOf(MisuseException.class);
    assertThatThrownBy(() -> new MemoryKeyStore(-1)).isInstanceOf(MisuseException.class);
  }

  @Test
  void claim_atTheBound_isRefusedAndNothingLiveIsEvicted() {
    MemoryKeyStore store = new MemoryKeyStore(10, clock::get);
    List<KeyRecord> live = IntStream.range(0, 10).mapToObj(i -> claim(store)).toList();
    for (int i = 0; i < 5; i++) {
      KeyRecord next = Samples.locked(Samples.keyId(), Samples.stamp()).build();
      assertThat(full(store, next)).isTrue();
      assertThat(store.find(next.keyId())).isEmpty();
    }
    assertThat(store.size()).isEqualTo(10);
    live.forEach(record -> assertThat(store.find(record.keyId())).isPresent());
  }

  @Test
  void heldKeys_atTheBound_goOn() {
    MemoryKeyStore store = new MemoryKeyStore(1, clock::get);
    KeyRecord held = claim(store);
    KeyRecord done = Samples.completed(held.keyId(), held.stamp().next()).build();
    assertThat(store.compareAndSet(held.keyId(), held.stamp(), done)).isEqualTo(CasResult.APPLIED);
    assertThat(store.compareAndSet(held.keyId(), Stamp.ABSENT, held))
        .isInstanceOf(CasResult.Refused.class);
  }

  @Test
  void expiredKey_atTheBound_isClaimedInPlace() {
    MemoryKeyStore store = new MemoryKeyStore(1, clock::get);
    KeyRecord first = claim(store);
    clock.addAndGet(Samples.RETENTION.toNanos());
    KeyRecord again = Samples.locked(first.keyId(), Samples.stamp()).build();
    assertThat(store.compareAndSet(first.keyId(), Stamp.ABSENT, again))
        .isEqualTo(CasResult.APPLIED);
    assertThat(store.size()).isEqualTo(1);
  }

  @Test
  void room_ofExpiredRecords_isReused() {
    MemoryKeyStore store = new MemoryKeyStore(1000, clock::get);
    for (int round = 0; round < 5; round++) {
      for (int i = 0; i < 1000; i++) {
        claim(store);
      }
      assertThat(full(store, Samples.locked(Samples.keyId(), Samples.stamp()).build())).isTrue();
      clock.addAndGet(Samples.RETENTION.toNanos());
    }
    claim(store);
    assertThat(store.size()).isLessThanOrEqualTo(1000);
  }

  @Test
  void bound_underManyThreads_isExact() {
    int threads = 8;
    int bound = 1000;
    MemoryKeyStore store = new MemoryKeyStore(bound, clock::get);
    try (Together together = new Together(threads)) {
      for (int round = 0; round < 5; round++) {
        List<Integer> claimed =
            together.run(
                thread -> {
                  int applied = 0;
                  for (int i = 0; i < bound / 4; i++) {
                    KeyRecord next = Samples.locked(Samples.keyId(), Samples.stamp()).build();
                    applied += full(store, next) ? 0 : 1;
                  }
                  return applied;
                });
        assertThat(claimed.stream().mapToInt(Integer::intValue).sum()).isEqualTo(bound);
        assertThat(store.size()).isEqualTo(bound);
        clock.addAndGet(Samples.RETENTION.toNanos());
        assertThat(store.purge(bound + 1)).isEqualTo(bound);
        assertThat(store.size()).isZero();
      }
    }
  }

  @Test
  void bound_besidePurges_refusesNothingThatFits() {
    // Each thread holds at most one key, so that there is always room for all.
    int threads = 4;
    MemoryKeyStore store = new MemoryKeyStore(threads + 1, clock::get);
    AtomicInteger refused = new AtomicInteger();
    AtomicInteger running = new AtomicInteger(threads - 1);
    try (Together together = new Together(threads)) {
      together.run(
          thread -> {
            if (thread == 0) {
              while (running.get() > 0) {
                store.purge(3);
              }
              return null;
            }
            for (int i = 0; i < 5000; i++) {
              KeyId id = Samples.keyId();
              KeyRecord next = Samples.locked(id, Samples.stamp()).retention(Duration.ZERO).build();
              refused.addAndGet(full(store, next) ? 1 : 0);
              // Gone at once by its retention: a claim that needs its room finds it.
              clock.addAndGet(Duration.ofSeconds(2).toNanos());
            }
            running.decrementAndGet();
            return null;
          });
    }
    // A sweep may miss what is claimed and over behind its back, but no more than that.
    assertThat(refused.get()).isLessThan(10);
    store.purge(100);
    assertThat(store.size()).isZero();
  }

  @Test
  void aMillionKeys_storedExpiredAndPurged_leaveTheHeapWhereItBegan() {
    int keys = 1_000_000;
    MemoryKeyStore store = new MemoryKeyStore(keys, clock::get);
    KeyRecord sample = Samples.completed(Samples.keyId(), Samples.stamp()).build();
    long before = usedHeap();
    for (int i = 0; i < keys; i++) {
      KeyId id = numbered(i);
      KeyRecord next = sample.toBuilder().keyId(id).slots(Slots.of(new byte[8], null)).build();
      assertThat(store.compareAndSet(id, Stamp.ABSENT, next) instanceof CasResult.Applied).isTrue();
    }
    assertThat(store.size()).isEqualTo(keys);
    assertThat(store.purge(keys)).isZero();
    clock.addAndGet(Samples.RETENTION.toNanos());
    int purged = 0;
    while (purged < keys) {
      int now = store.purge(10_000);
      assertThat(now).isPositive();
      purged += now;
    }
    assertThat(store.size()).isZero();
    assertThat(store.purge(1)).isZero();
    // The map keeps its table (4 to 8 bytes a slot), and none of the 200 bytes of each record.
    assertThat(usedHeap() - before).isLessThan(40L * keys);
    claim(store);
  }

  @Test
  void find_besideRenewals_neverMissesALiveRecord() {
    // Each record is replaced before it is over, so that one is live at every instant. A reader
    // that
    // asks the clock long after it fetched a record finds that one over.
    MemoryKeyStore store = new MemoryKeyStore(10, clock::get);
    Duration retention = Duration.ofMillis(200);
    KeyRecord first = Samples.locked(Samples.keyId(), Samples.stamp()).retention(retention).build();
    store.compareAndSet(first.keyId(), Stamp.ABSENT, first);
    AtomicBoolean running = new AtomicBoolean(true);
    AtomicInteger missed = new AtomicInteger();
    try (Together together = new Together(3)) {
      together.run(
          thread -> {
            if (thread > 0) {
              while (running.get()) {
                missed.addAndGet(store.find(first.keyId()).isPresent() ? 0 : 1);
              }
              return null;
            }
            try {
              KeyRecord live = first;
              for (int i = 0; i < 200_000; i++) {
                KeyRecord next = live.toBuilder().stamp(live.stamp().next()).build();
                CasResult result = store.compareAndSet(live.keyId(), live.stamp(), next);
                assertThat(result instanceof CasResult.Applied).isTrue();
                // Half a retention passes between two renewals, also while a reader reads.
                clock.addAndGet(retention.toNanos() / 2);
                live = next;
              }
            } finally {
              running.set(false);
            }
            return null;
          });
    }
    assertThat(missed).hasValue(0);
  }

  @Test
  void find_whoseRecordIsReplacedAfterItExpired_seesTheNewOne() {
    // The clock jumps past the retention inside find, and a claim comes between its two lines.
    KeyId id = Samples.keyId();
    KeyRecord newer = Samples.locked(id, Samples.stamp()).build();
    MemoryKeyStore store = new MemoryKeyStore(10, this::interruptibleClock);
    store.compareAndSet(id, Stamp.ABSENT, Samples.locked(id, Samples.stamp()).build());
    interfere(
        1,
        () -> {
          clock.addAndGet(Samples.RETENTION.toNanos());
          assertThat(store.compareAndSet(id, Stamp.ABSENT, newer)).isEqualTo(CasResult.APPLIED);
        });
    Optional<StoredRecord> found = store.find(id);
    assertThat(found.filter(live -> live.stamp().equals(newer.stamp()))).isPresent();
  }

  @Test
  void purge_ofARecordThatIsClaimedMeanwhile_leavesTheClaim() {
    MemoryKeyStore store = new MemoryKeyStore(10, this::interruptibleClock);
    KeyRecord over = Samples.locked(Samples.keyId(), Samples.stamp()).build();
    store.compareAndSet(over.keyId(), Stamp.ABSENT, over);
    KeyRecord newer = Samples.locked(over.keyId(), Samples.stamp()).build();
    interfere(
        1,
        () -> {
          clock.addAndGet(Samples.RETENTION.toNanos());
          assertThat(store.compareAndSet(over.keyId(), Stamp.ABSENT, newer))
              .isEqualTo(CasResult.APPLIED);
        });
    assertThat(store.purge(10)).isZero();
    assertThat(store.find(over.keyId())).isPresent();
    assertThat(store.size()).isEqualTo(1);
  }

  @Test
  void claim_whoseRoomAnotherSweepMade_isApplied() {
    MemoryKeyStore store = new MemoryKeyStore(2, this::interruptibleClock);
    claim(store);
    claim(store);
    clock.addAndGet(Samples.RETENTION.toNanos());
    // The claim reads the clock, then its sweep does, twice: there the other sweep comes first.
    interfere(3, () -> assertThat(store.purge(10)).isEqualTo(2));
    claim(store);
    assertThat(store.size()).isEqualTo(1);
  }

  @Test
  void s05_scanBesideAWrite_showsNoMoreThanIsLeft() {
    // A record is written after the scan has read the clock, and as much later as a scan takes.
    AtomicReference<Runnable> later = new AtomicReference<>(() -> {});
    MemoryKeyStore store =
        new MemoryKeyStore(
            10,
            () -> {
              long now = clock.get();
              later.getAndSet(() -> {}).run();
              return now;
            });
    KeyRecord doubt =
        Samples.locked(Samples.keyId(), Samples.stamp())
            .state(KeyState.FAILED_IN_DOUBT)
            .lease(Duration.ZERO)
            .build();
    store.compareAndSet(doubt.keyId(), Stamp.ABSENT, doubt);
    KeyRecord newer = doubt.toBuilder().stamp(doubt.stamp().next()).build();
    later.set(
        () -> {
          clock.addAndGet(Duration.ofMillis(1).toNanos());
          assertThat(store.compareAndSet(doubt.keyId(), doubt.stamp(), newer))
              .isEqualTo(CasResult.APPLIED);
        });
    List<StoredRecord> shown =
        store.scan(RecordScanner.Kind.IN_DOUBT, 10, Optional.empty()).records();
    assertThat(store.find(doubt.keyId()).map(StoredRecord::stamp)).contains(newer.stamp());
    assertThat(shown).hasSize(1);
    assertThat(shown.get(0).retentionLeft()).isLessThanOrEqualTo(Samples.RETENTION);
    assertThat(shown.get(0).leaseLeft()).isLessThanOrEqualTo(Duration.ZERO);
  }

  /** Lets something happen at one of the next readings of the clock. */
  private void interfere(int reading, Runnable event) {
    readings.set(reading);
    this.event = event;
  }

  private long interruptibleClock() {
    if (readings.getAndDecrement() == 1) {
      event.run();
    }
    return clock.get();
  }

  private static KeyRecord claim(MemoryKeyStore store) {
    KeyRecord next = Samples.locked(Samples.keyId(), Samples.stamp()).build();
    assertThat(store.compareAndSet(next.keyId(), Stamp.ABSENT, next)).isEqualTo(CasResult.APPLIED);
    return next;
  }

  private static boolean full(MemoryKeyStore store, KeyRecord next) {
    try {
      return !(store.compareAndSet(next.keyId(), Stamp.ABSENT, next) instanceof CasResult.Applied);
    } catch (KeyStoreException e) {
      assertThat(e.reason()).isEqualTo(Reason.FULL);
      assertThat(e.certainty()).isEqualTo(KeyStoreException.Certainty.NOT_APPLIED);
      assertThat(e.isTransient()).isFalse();
      return true;
    }
  }

  private static KeyId numbered(int number) {
    // Spread over the hash space, as digests are.
    return KeyId.of(
        ByteBuffer.allocate(KeyId.LENGTH)
            .putLong(number * 0x9E37_79B9_7F4A_7C15L)
            .putInt(number)
            .array());
  }

  private static long usedHeap() {
    long used = Long.MAX_VALUE;
    for (int i = 0; i < 4; i++) {
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      used = Math.min(used, runtime.totalMemory() - runtime.freeMemory());
    }
    return used;
  }
}
