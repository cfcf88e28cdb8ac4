package io.idem4j.tckbroken;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tckbroken.Backend.Cell;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Stores that hide errors, repeat writes, overwrite what they cannot read or harm their caller:
 * against S7 to S12, and with broken purges and scans. {@link BrokenStoresTest} names the test that
 * kills each.
 */
final class BrokenConduct {
  private static final KeyId ANY = KeyId.of(new byte[KeyId.LENGTH]);

  private BrokenConduct() {}

  /** Shows errors as refusals. */
  static final class ErrorsBecomeRefusals extends BytesKeyStore {
    ErrorsBecomeRefusals(Backend backend) {
      super(backend);
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      try {
        return super.compareAndSet(id, expected, next);
      } catch (KeyStoreException e) {
        return CasResult.NONE_LIVE;
      }
    }
  }

  /** Lets the driver's exceptions through. */
  static final class ThrowsWhatTheDriverThrows extends BytesKeyStore {
    ThrowsWhatTheDriverThrows(Backend backend) {
      super(backend);
    }

    @Override
    public Optional<StoredRecord> find(KeyId id) {
      Cell cell = backend.cells().get(keyOf(id));
      return cell == null ? Optional.empty() : super.find(id);
    }
  }

  /** Takes its own stamp for a match. */
  static final class ReissueAppliesTwice extends BytesKeyStore {
    ReissueAppliesTwice(Backend backend) {
      super(backend);
    }

    @Override
    boolean matches(Stamp expected, StoredRecord live, KeyRecord next) {
      return super.matches(expected, live, next)
          || (live != null && live.stamp().equals(next.stamp()));
    }
  }

  /** Extends the retention at each touch. */
  static final class RefusalExtendsRetention extends BytesKeyStore {
    RefusalExtendsRetention(Backend backend) {
      super(backend);
    }

    @Override
    CasResult refusal(KeyId id, StoredRecord live) {
      if (live != null) {
        Cell cell = backend.cells().get(keyOf(id));
        long end = now() + Duration.ofHours(1).toMillis();
        put(id, new Cell(cell.stamp(), cell.leaseEndMillis(), end, cell.bytes()));
      }
      return super.refusal(id, live);
    }
  }

  /** Sees nothing in what it cannot read. */
  static final class LaterFormatIsAbsent extends BytesKeyStore {
    LaterFormatIsAbsent(Backend backend) {
      super(backend);
    }

    @Override
    boolean isLive(Cell cell, long now) {
      return super.isLive(cell, now) && cell.bytes()[1] == KeyRecord.FORMAT;
    }
  }

  /** Overwrites a later format whose stamp matches. */
  static final class LaterFormatIsOverwritten extends BytesKeyStore {
    LaterFormatIsOverwritten(Backend backend) {
      super(backend);
    }

    @Override
    void requireReadable(StoredRecord live) {
      // The stamp matches: what else is there to ask?
    }

    @Override
    KeyRecord previous(Cell cell, StoredRecord live) {
      return live == null || live.format() != KeyRecord.FORMAT ? null : live.record();
    }
  }

  /** Sees nothing in what is broken. */
  static final class DamagedIsAbsent extends BytesKeyStore {
    DamagedIsAbsent(Backend backend) {
      super(backend);
    }

    @Override
    boolean isLive(Cell cell, long now) {
      try {
        super.read(ANY, cell, now);
        return super.isLive(cell, now);
      } catch (KeyStoreException e) {
        return false;
      }
    }
  }

  /** Reads a record before it asks whether the record is over. */
  static final class DamagedNeverExpires extends BytesKeyStore {
    DamagedNeverExpires(Backend backend) {
      super(backend);
    }

    @Override
    boolean isLive(Cell cell, long now) {
      super.read(ANY, cell, now);
      return super.isLive(cell, now);
    }
  }

  /** Writes in the transaction that the caller has open. */
  static final class JoinsTheCallersTransaction extends BytesKeyStore {
    JoinsTheCallersTransaction(Backend backend) {
      super(backend);
    }

    @Override
    void put(KeyId id, Cell cell) {
      Backend.Transaction transaction = Backend.TRANSACTION.get();
      Cell old = backend.cells().get(keyOf(id));
      super.put(id, cell);
      if (transaction != null) {
        transaction.undo.add(
            () -> {
              if (old == null) {
                backend.cells().remove(keyOf(id));
              } else {
                backend.cells().put(keyOf(id), old);
              }
            });
      }
    }
  }

  /** Lets a duplicate-key error abort the caller's transaction. */
  static final class RefusalAbortsTheCallersTransaction extends BytesKeyStore {
    RefusalAbortsTheCallersTransaction(Backend backend) {
      super(backend);
    }

    @Override
    CasResult refusal(KeyId id, StoredRecord live) {
      Backend.Transaction transaction = Backend.TRANSACTION.get();
      if (transaction != null) {
        transaction.aborted = true;
      }
      return super.refusal(id, live);
    }
  }

  /** Clears the flag that it was woken by. */
  static final class SwallowsInterrupts extends BytesKeyStore {
    SwallowsInterrupts(Backend backend) {
      super(backend);
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      CasResult result = super.compareAndSet(id, expected, next);
      LockSupport.parkNanos(300_000);
      Thread.interrupted();
      return result;
    }
  }

  /** Says that an interrupted write was not applied, after it was. */
  static final class InterruptedIsNotApplied extends BytesKeyStore {
    InterruptedIsNotApplied(Backend backend) {
      super(backend);
    }

    @Override
    public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
      CasResult result = super.compareAndSet(id, expected, next);
      if (Thread.currentThread().isInterrupted()) {
        throw KeyStoreException.notApplied(
            KeyStoreException.Reason.UNAVAILABLE, "interrupted", null);
      }
      return result;
    }
  }

  /** Judges first and deletes by key. */
  static final class PurgeDeletesFreshRecords extends BytesKeyStore {
    PurgeDeletesFreshRecords(Backend backend) {
      super(backend);
    }

    @Override
    boolean remove(String key, Cell judged) {
      pause();
      return backend.cells().remove(key) != null;
    }
  }

  /** Purges by the lease. */
  static final class PurgesLapsedLeases extends BytesKeyStore {
    PurgesLapsedLeases(Backend backend) {
      super(backend);
    }

    @Override
    boolean isPurged(Cell cell) {
      return super.isPurged(cell)
          || (cell.bytes()[50] == KeyState.LOCKED.code() && cell.leaseEndMillis() <= now());
    }
  }

  /** Purges what it cannot read. */
  static final class PurgesLaterFormats extends BytesKeyStore {
    PurgesLaterFormats(Backend backend) {
      super(backend);
    }

    @Override
    boolean isPurged(Cell cell) {
      return !isLive(cell, now());
    }
  }

  /** Begins each page with the last record of the page before. */
  static final class PagesOverlap extends BytesKeyStore {
    PagesOverlap(Backend backend) {
      super(backend);
    }

    @Override
    boolean isFromIncluded() {
      return true;
    }
  }

  private static void pause() {
    LockSupport.parkNanos(20_000);
  }
}
