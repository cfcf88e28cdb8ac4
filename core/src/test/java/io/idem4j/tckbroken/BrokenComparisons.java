package io.idem4j.tckbroken;

import io.idem4j.KeyId;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tckbroken.Backend.Cell;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Stores that compare wrongly, race, or look in the wrong place: against S1, S2 and S3. {@link
 * BrokenStoresTest} names the test that kills each.
 */
final class BrokenComparisons {
  private BrokenComparisons() {}

  /** Reads, decides, then writes. */
  static final class ChecksThenActs extends BytesKeyStore {
    ChecksThenActs(Backend backend) {
      super(backend);
    }

    @Override
    <T> T locked(Supplier<T> swap) {
      return swap.get();
    }

    @Override
    void put(KeyId id, Cell cell) {
      pause();
      super.put(id, cell);
    }
  }

  /** Locks, but each process for itself. */
  static final class LocksItsOwnProcessOnly extends BytesKeyStore {
    private final ReentrantLock own = new ReentrantLock();

    LocksItsOwnProcessOnly(Backend backend) {
      super(backend);
    }

    @Override
    <T> T locked(Supplier<T> swap) {
      own.lock();
      try {
        return swap.get();
      } finally {
        own.unlock();
      }
    }

    @Override
    void put(KeyId id, Cell cell) {
      pause();
      super.put(id, cell);
    }
  }

  /** Deletes a record that it has seen to be over, whatever is there by then. */
  static final class LazyExpiryDeletesFreshRecord extends BytesKeyStore {
    LazyExpiryDeletesFreshRecord(Backend backend) {
      super(backend);
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      Cell seen = backend.cells().get(keyOf(id));
      if (seen != null && !isLive(seen, now())) {
        pause();
        backend.cells().remove(keyOf(id));
      }
      return super.compareAndSet(id, expected, next);
    }
  }

  /** Reads from a replica that is one write behind. */
  static final class ReadsFromAReplica extends BytesKeyStore {
    private static final Map<Backend, Map<KeyId, Cell>> REPLICAS = new ConcurrentHashMap<>();
    private final Map<KeyId, Cell> replica;

    ReadsFromAReplica(Backend backend) {
      super(backend);
      this.replica = REPLICAS.computeIfAbsent(backend, each -> new ConcurrentHashMap<>());
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      Cell cell = replica.get(id);
      return cell != null && isLive(cell, now())
          ? Optional.of(read(id, cell, now()))
          : Optional.empty();
    }

    @Override
    void put(KeyId id, Cell cell) {
      Cell old = backend.cells().get(keyOf(id));
      if (old != null) {
        replica.put(id, old);
      }
      super.put(id, cell);
    }
  }

  /** Keeps what it read. */
  static final class CachesReads extends BytesKeyStore {
    private final Map<KeyId, StoredRecord> cache = new ConcurrentHashMap<>();

    CachesReads(Backend backend) {
      super(backend);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      Optional<StoredRecord> cached = Optional.ofNullable(cache.get(id));
      Optional<StoredRecord> found = cached.isPresent() ? cached : super.find(id);
      found.ifPresent(record -> cache.put(id, record));
      return found;
    }
  }

  /** Cuts the last byte off a key. */
  static final class KeysOf31Bytes extends BytesKeyStore {
    KeysOf31Bytes(Backend backend) {
      super(backend);
    }

    @Override
    String keyOf(KeyId id) {
      return super.keyOf(id).substring(0, 62);
    }
  }

  /** Keeps keys in a text column: no case, no trailing blanks. */
  static final class KeysUnderACollation extends BytesKeyStore {
    KeysUnderACollation(Backend backend) {
      super(backend);
    }

    @Override
    String keyOf(KeyId id) {
      String text = new String(id.bytes(), StandardCharsets.ISO_8859_1);
      return text.toLowerCase(Locale.ROOT).stripTrailing();
    }
  }

  /** Takes a record whose lease is over for none. */
  static final class LapsedLeaseIsAbsent extends BytesKeyStore {
    LapsedLeaseIsAbsent(Backend backend) {
      super(backend);
    }

    @Override
    boolean matches(Stamp expected, StoredRecord live, KeyRecord next) {
      boolean lapsed = live != null && live.leaseLeft().compareTo(Duration.ZERO) <= 0;
      return super.matches(expected, live, next) || (lapsed && expected.equals(Stamp.ABSENT));
    }
  }

  /** Puts the lease into the condition of a write. */
  static final class LapsedLeaseRefusesItsHolder extends BytesKeyStore {
    LapsedLeaseRefusesItsHolder(Backend backend) {
      super(backend);
    }

    @Override
    boolean matches(Stamp expected, StoredRecord live, KeyRecord next) {
      boolean lapsed = live != null && live.leaseLeft().compareTo(Duration.ZERO) <= 0;
      return super.matches(expected, live, next) && !lapsed;
    }
  }

  /** Claims by overwriting. */
  static final class AbsentMatchesEverything extends BytesKeyStore {
    AbsentMatchesEverything(Backend backend) {
      super(backend);
    }

    @Override
    boolean matches(Stamp expected, StoredRecord live, KeyRecord next) {
      return super.matches(expected, live, next) || expected.equals(Stamp.ABSENT);
    }
  }

  /** Compares the claim and not the write. */
  static final class ComparesTheGrantOnly extends BytesKeyStore {
    ComparesTheGrantOnly(Backend backend) {
      super(backend);
    }

    @Override
    boolean matches(Stamp expected, StoredRecord live, KeyRecord next) {
      return super.matches(expected, live, next)
          || (live != null && live.stamp().isOf(expected.grant()));
    }
  }

  /** Compares the first eight bytes. */
  static final class ComparesHalfAStamp extends BytesKeyStore {
    ComparesHalfAStamp(Backend backend) {
      super(backend);
    }

    @Override
    boolean matches(Stamp expected, StoredRecord live, KeyRecord next) {
      return expected.high() == (live == null ? 0 : live.stamp().high());
    }
  }

  /** Lets the higher fence win. */
  static final class ComparesFences extends BytesKeyStore {
    ComparesFences(Backend backend) {
      super(backend);
    }

    @Override
    boolean matches(Stamp expected, StoredRecord live, KeyRecord next) {
      return super.matches(expected, live, next)
          || (live != null
              && next.fence() >= live.record().fence()
              && !next.stamp().equals(live.stamp()));
    }
  }

  /** Refuses without saying by what. */
  static final class RefusesWithoutTheRecord extends BytesKeyStore {
    RefusesWithoutTheRecord(Backend backend) {
      super(backend);
    }

    @Override
    CasResult refusal(KeyId id, StoredRecord live) {
      return CasResult.NONE_LIVE;
    }
  }

  /** Refuses with the record that it saw at the first refusal. */
  static final class RefusesWithAStaleRecord extends BytesKeyStore {
    private final Map<KeyId, CasResult> first = new ConcurrentHashMap<>();

    RefusesWithAStaleRecord(Backend backend) {
      super(backend);
    }

    @Override
    CasResult refusal(KeyId id, StoredRecord live) {
      return live == null
          ? CasResult.NONE_LIVE
          : first.computeIfAbsent(id, each -> super.refusal(id, live));
    }
  }

  private static void pause() {
    LockSupport.parkNanos(20_000);
  }
}
