package io.idem4j.tckbroken;

import io.idem4j.KeyId;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Slots;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tckbroken.Backend.Cell;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;

/**
 * Stores that lose or alter what they are given, bytes or time: against S4, S5 and S6. {@link
 * BrokenStoresTest} names the test that kills each.
 */
final class BrokenContents {
  private static final KeyId ANY = KeyId.of(new byte[KeyId.LENGTH]);

  private BrokenContents() {}

  /** Keeps what fits. */
  static final class CutsBytes extends BytesKeyStore {
    CutsBytes(Backend backend) {
      super(backend);
    }

    @Override
    void requireFits(Slots slots) {
      // Nothing is refused here, because everything is cut below.
    }

    @Override
    Cell write(KeyRecord next, KeyRecord previous, long now) {
      KeyRecord whole = next.resolveSlots(previous);
      Slots cut = Slots.of(cut(whole.slots().payload()), cut(whole.slots().checkpoint()));
      return super.write(whole.toBuilder().slots(cut).build(), null, now);
    }

    private static byte[] cut(byte[] slot) {
      return slot == null || slot.length <= MAXIMUM_SLOT ? slot : Arrays.copyOf(slot, MAXIMUM_SLOT);
    }
  }

  /** Has no empty bytes. */
  static final class EmptyBecomesAbsent extends BytesKeyStore {
    EmptyBecomesAbsent(Backend backend) {
      super(backend);
    }

    @Override
    Cell write(KeyRecord next, KeyRecord previous, long now) {
      KeyRecord whole = next.resolveSlots(previous);
      Slots slots = Slots.of(full(whole.slots().payload()), full(whole.slots().checkpoint()));
      return super.write(whole.toBuilder().slots(slots).build(), null, now);
    }

    private static byte[] full(byte[] slot) {
      return slot == null || slot.length == 0 ? null : slot;
    }
  }

  /** Empties the slots at each renewal. */
  static final class WipesUnchangedSlots extends BytesKeyStore {
    WipesUnchangedSlots(Backend backend) {
      super(backend);
    }

    @Override
    KeyRecord previous(Cell cell, StoredRecord live) {
      return null;
    }
  }

  /** Updates an expired row in place, and leaves its columns for the next claim. */
  static final class ExpiredSlotsStay extends BytesKeyStore {
    ExpiredSlotsStay(Backend backend) {
      super(backend);
    }

    @Override
    KeyRecord previous(Cell cell, StoredRecord live) {
      return cell == null ? null : read(ANY, cell, now()).record();
    }
  }

  /** Keeps numbers as a script does: in 53 bits. */
  static final class NumbersAreDoubles extends BytesKeyStore {
    NumbersAreDoubles(Backend backend) {
      super(backend);
    }

    @Override
    Cell write(KeyRecord next, KeyRecord previous, long now) {
      return super.write(
          next.toBuilder().fence((long) (double) next.fence()).build(), previous, now);
    }
  }

  /** Keeps the reference in an eight-bit column. */
  static final class ReferencesInLatin1 extends BytesKeyStore {
    ReferencesInLatin1(Backend backend) {
      super(backend);
    }

    @Override
    Cell write(KeyRecord next, KeyRecord previous, long now) {
      String reference =
          next.reference()
              .map(text -> text.getBytes(StandardCharsets.ISO_8859_1))
              .map(bytes -> new String(bytes, StandardCharsets.ISO_8859_1))
              .orElse(null);
      return super.write(next.toBuilder().reference(reference).build(), previous, now);
    }
  }

  /** Takes an algorithm id for a case-insensitive word. */
  static final class NormalisesFingerprints extends BytesKeyStore {
    NormalisesFingerprints(Backend backend) {
      super(backend);
    }

    @Override
    Cell write(KeyRecord next, KeyRecord previous, long now) {
      FingerprintDigest print = next.fingerprint();
      return super.write(
          next.toBuilder()
              .fingerprint(
                  new FingerprintDigest(
                      print.algorithm().toLowerCase(Locale.ROOT).replace("\"", ""), print.digest()))
              .build(),
          previous,
          now);
    }
  }

  /** Counts time in seconds. */
  static final class TimeInSeconds extends BytesKeyStore {
    TimeInSeconds(Backend backend) {
      super(backend);
    }

    @Override
    long after(long now, Duration length) {
      return now + length.toSeconds() * 1000;
    }
  }

  /** Takes zero for "no expiry". */
  static final class ZeroRetentionIsForEver extends BytesKeyStore {
    ZeroRetentionIsForEver(Backend backend) {
      super(backend);
    }

    @Override
    Cell write(KeyRecord next, KeyRecord previous, long now) {
      Duration retention = next.retention().isZero() ? Duration.ofDays(9) : next.retention();
      return super.write(next.toBuilder().retention(retention).build(), previous, now);
    }
  }

  /** Counts milliseconds in an int. */
  static final class TimeOverflows extends BytesKeyStore {
    TimeOverflows(Backend backend) {
      super(backend);
    }

    @Override
    long after(long now, Duration length) {
      return now + Math.min(length.toMillis(), Integer.MAX_VALUE);
    }
  }

  /** Never shortens a retention. */
  static final class RetentionOnlyGrows extends BytesKeyStore {
    RetentionOnlyGrows(Backend backend) {
      super(backend);
    }

    @Override
    void put(KeyId id, Cell cell) {
      Cell old = backend.cells().get(keyOf(id));
      long end = cell.retentionEndMillis();
      if (old != null && isLive(old, now())) {
        end = Math.max(end, old.retentionEndMillis());
      }
      super.put(id, new Cell(cell.stamp(), cell.leaseEndMillis(), end, cell.bytes()));
    }
  }

  /** Answers the lease as it went in. */
  static final class TimeLeftStandsStill extends BytesKeyStore {
    TimeLeftStandsStill(Backend backend) {
      super(backend);
    }

    @Override
    StoredRecord read(KeyId id, Cell cell, long now) {
      StoredRecord stored = super.read(id, cell, now);
      return stored.format() == KeyRecord.FORMAT && stored.leaseLeft().toMinutes() > 0
          ? StoredRecord.of(stored.record(), Duration.ofMinutes(9), stored.retentionLeft())
          : stored;
    }
  }

  /** Takes a lease of zero for one without end. */
  static final class LeaseNeverEnds extends BytesKeyStore {
    LeaseNeverEnds(Backend backend) {
      super(backend);
    }

    @Override
    Cell write(KeyRecord next, KeyRecord previous, long now) {
      Duration lease = next.lease().isZero() ? Duration.ofDays(9) : next.lease();
      return super.write(next.toBuilder().lease(lease).build(), previous, now);
    }
  }

  /** Leaves expiry to the purge. */
  static final class OnlyPurgeExpires extends BytesKeyStore {
    OnlyPurgeExpires(Backend backend) {
      super(backend);
    }

    @Override
    boolean isLive(Cell cell, long now) {
      return cell.retentionEndMillis() > now - 60_000;
    }
  }
}
