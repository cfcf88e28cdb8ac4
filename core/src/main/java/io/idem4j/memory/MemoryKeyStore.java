package io.idem4j.memory;

import static java.util.Objects.requireNonNull;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.MisuseException;
import io.idem4j.PayloadTooLargeException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.ReadFirst;
import io.idem4j.spi.RecordPurger;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.time.Duration;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps records in this process, and loses them with it: for tests, for single-process programs,
 * and as the reference for authors of other stores.
 *
 * <p>Clock: {@link System#nanoTime()} (S5). Bounded: when {@code maximumRecords} are held and none
 * of them is past its retention, claims of new keys are refused ({@link
 * KeyStoreException.Reason#FULL}); live records are never evicted. Records past their retention
 * leave by {@link #purge} or when a claim needs their room, at the latest a second after they were
 * over. Safe for use by many threads.
 */
public final class MemoryKeyStore implements ReadFirst, RecordPurger, RecordScanner {
  /** The largest payload or checkpoint, in bytes: 16 MiB. */
  public static final int MAXIMUM_SLOT = 16 << 20;

  private static final int SWEEP = 256;
  private static final long SWEEP_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  private record Entry(KeyRecord record, long leaseEnd, long retentionEnd) {
    boolean isLive(long now) {
      return retentionEnd - now > 0;
    }

    StoredRecord stored(long now) {
      return StoredRecord.ofNanos(record, leaseEnd - now, retentionEnd - now);
    }
  }

  private final ConcurrentHashMap<KeyId, Entry> entries = new ConcurrentHashMap<>();
  private final AtomicInteger size = new AtomicInteger();
  private final int maximumRecords;
  private final LongSupplier nanoClock;
  private volatile long nextSweep;

  /**
   * Makes an empty store.
   *
   * @param maximumRecords how many records are held at most
   * @throws MisuseException if {@code maximumRecords} is not positive
   */
  public MemoryKeyStore(int maximumRecords) {
    this(maximumRecords, System::nanoTime);
  }

  /**
   * Makes an empty store with a clock of the caller's, for tests.
   *
   * @param maximumRecords how many records are held at most
   * @param nanoClock a monotonic clock in nanoseconds, such as {@link System#nanoTime()}
   * @throws MisuseException if {@code maximumRecords} is not positive
   */
  public MemoryKeyStore(int maximumRecords, LongSupplier nanoClock) {
    if (maximumRecords < 1) {
      throw new MisuseException("maximumRecords is " + maximumRecords + ", and must be positive");
    }
    this.maximumRecords = maximumRecords;
    this.nanoClock = nanoClock;
    this.nextSweep = nanoClock.getAsLong();
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    requireFits(next.slots().payload());
    requireFits(next.slots().checkpoint());
    Swap swap = new Swap(expected, next);
    entries.compute(id, swap);
    while (swap.full && makeRoom()) {
      entries.compute(id, swap);
    }
    if (swap.full) {
      throw KeyStoreException.notApplied(
          KeyStoreException.Reason.FULL,
          "the memory store holds " + maximumRecords + " live records; raise its bound",
          null);
    }
    return requireNonNull(swap.result);
  }

  @Override
  @SuppressWarnings(
      "ReferenceEquality") // an equal entry is another write: its identity is asked for
  public Optional<StoredRecord> find(KeyId id) {
    while (true) {
      Entry entry = entries.get(id);
      if (entry == null) {
        return Optional.empty();
      }
      long now = nanoClock.getAsLong();
      if (entry.isLive(now)) {
        return Optional.of(entry.stored(now));
      }
      // Between the two lines above the entry may have been replaced while it was still live, or a
      // swap may be about to replace it that found it live. Only an entry that is still there under
      // the map's lock for the key, where no swap is under way, is over and nothing follows it.
      if (entries.computeIfPresent(id, (key, present) -> present) == entry) {
        return Optional.empty();
      }
    }
  }

  @Override
  public int purge(int limit) {
    requirePositive(limit);
    int purged = 0;
    for (Map.Entry<KeyId, Entry> each : entries.entrySet()) {
      // Removal compares the entry that was judged: a record written meanwhile stays.
      if (!each.getValue().isLive(nanoClock.getAsLong())
          && each.getValue().record().format() == KeyRecord.FORMAT
          && entries.remove(each.getKey(), each.getValue())) {
        size.decrementAndGet();
        if (++purged == limit) {
          break;
        }
      }
    }
    return purged;
  }

  @Override
  public Page scan(Kind kind, int limit, Optional<String> from) {
    requirePositive(limit);
    Optional<KeyId> after = from.map(MemoryKeyStore::parsePlace);
    List<StoredRecord> found =
        entries.values().stream()
            .filter(entry -> after.isEmpty() || entry.record().keyId().compareTo(after.get()) > 0)
            .flatMap(entry -> wanted(kind, entry).stream())
            .sorted(Comparator.comparing(StoredRecord::keyId))
            .limit(limit)
            .toList();
    return new Page(
        found,
        found.size() < limit
            ? Optional.empty()
            : Optional.of(HexFormat.of().formatHex(found.get(limit - 1).keyId().bytes())));
  }

  /** Returns how many records are held, those past their retention included. */
  public int size() {
    return size.get();
  }

  /** The clock is read after the entry was seen: at an earlier time, more would be left. */
  private Optional<StoredRecord> wanted(Kind kind, Entry entry) {
    long now = nanoClock.getAsLong();
    boolean wanted =
        switch (kind) {
          case ABANDONED ->
              entry.record().state() == KeyState.LOCKED && entry.leaseEnd() - now <= 0;
          case IN_DOUBT -> entry.record().state() == KeyState.FAILED_IN_DOUBT;
        };
    return wanted && entry.isLive(now) ? Optional.of(entry.stored(now)) : Optional.empty();
  }

  private boolean makeRoom() {
    long now = nanoClock.getAsLong();
    if (size.get() < maximumRecords) {
      return true;
    }
    if (nextSweep - now > 0) {
      return false;
    }
    if (purge(SWEEP) > 0) {
      return true;
    }
    // What was over may have been taken by a sweep beside this one, which made the room.
    if (size.get() < maximumRecords) {
      return true;
    }
    // A sweep visits every record. Where nothing was over, refusals of the next second are cheap.
    nextSweep = now + SWEEP_PAUSE_NANOS;
    return false;
  }

  private boolean reserve() {
    int held = size.get();
    while (held < maximumRecords) {
      if (size.compareAndSet(held, held + 1)) {
        return true;
      }
      held = size.get();
    }
    return false;
  }

  private static void requireFits(byte @Nullable [] slot) {
    if (slot != null && slot.length > MAXIMUM_SLOT) {
      throw new PayloadTooLargeException(slot.length, MAXIMUM_SLOT);
    }
  }

  private static void requirePositive(int limit) {
    if (limit < 1) {
      throw new MisuseException("the limit is " + limit + ", and must be positive");
    }
  }

  private static KeyId parsePlace(String place) {
    try {
      return KeyId.of(HexFormat.of().parseHex(place));
    } catch (IllegalArgumentException e) {
      throw new MisuseException("this is not a place in a scan of this store");
    }
  }

  /**
   * One compare-and-set, run under the map's lock for the key: it reads a clock and never waits.
   */
  private final class Swap implements BiFunction<KeyId, @Nullable Entry, @Nullable Entry> {
    private final Stamp expected;
    private final KeyRecord next;
    private @Nullable CasResult result;
    private boolean full;

    Swap(Stamp expected, KeyRecord next) {
      this.expected = expected;
      this.next = next;
    }

    @Override
    public @Nullable Entry apply(KeyId id, @Nullable Entry old) {
      full = false;
      long now = nanoClock.getAsLong();
      Entry live = old != null && old.isLive(now) ? old : null;
      if (!expected.equals(live == null ? Stamp.ABSENT : live.record().stamp())) {
        result = live == null ? CasResult.NONE_LIVE : CasResult.refusedBy(live.stored(now));
        return old;
      }
      if (live != null && live.record().format() != KeyRecord.FORMAT) {
        throw KeyStoreException.unreadable(id, "its format is " + live.record().format());
      }
      if (old == null && !reserve()) {
        full = true;
        return null;
      }
      KeyRecord record = next.resolveSlots(live == null ? null : live.record());
      result = CasResult.APPLIED;
      return new Entry(record, after(now, next.lease()), after(now, next.retention()));
    }

    private static long after(long now, Duration length) {
      return now + length.toNanos();
    }
  }
}
