package io.idem4j.spi;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A live record as a store answers it: what was written, and the time left on lease and retention
 * by the store's own clock (S5).
 *
 * <p>A record of a format that the store cannot read is handed through with its stamp and format
 * number; core refuses it (S10). Immutable and safe for use by many threads.
 */
public final class StoredRecord {
  private static final Duration LONGEST_OVER = KeyRecord.MAXIMUM_DURATION.negated();

  private final KeyId keyId;
  private final Stamp stamp;
  private final int format;
  private final @Nullable KeyRecord record;
  // Most reads only ask for the record: no Duration is made until somebody asks for one.
  private final long leaseLeft;
  private final long retentionLeft;

  private StoredRecord(
      KeyId keyId,
      Stamp stamp,
      int format,
      @Nullable KeyRecord record,
      long leaseLeft,
      long retentionLeft) {
    this.keyId = keyId;
    this.stamp = stamp;
    this.format = format;
    this.record = record;
    this.leaseLeft = leaseLeft;
    this.retentionLeft = retentionLeft;
  }

  /**
   * Returns a record that was read, with the time left; a lease of zero or less is over.
   *
   * @throws KeyStoreException if more is left than a record may be written with: then what is
   *     stored is broken, and would lock the key for ever
   */
  public static StoredRecord of(KeyRecord record, Duration leaseLeft, Duration retentionLeft) {
    if (leaseLeft.compareTo(KeyRecord.MAXIMUM_DURATION) > 0
        || retentionLeft.compareTo(KeyRecord.MAXIMUM_DURATION) > 0) {
      throw KeyStoreException.unreadable(record.keyId(), "its lease or retention is out of range");
    }
    return ofNanos(record, nanos(leaseLeft), nanos(retentionLeft));
  }

  /**
   * Returns a record that was read, with the time left in nanoseconds; a lease of zero or less is
   * over. As {@link #of}, for stores whose records are written by the same process, and so within
   * the bounds.
   */
  public static StoredRecord ofNanos(KeyRecord record, long leaseLeft, long retentionLeft) {
    return new StoredRecord(
        record.keyId(), record.stamp(), record.format(), record, leaseLeft, retentionLeft);
  }

  /**
   * How long something is over needs no more range than how long it may last; nor does what a later
   * release wrote, whose times may be any.
   */
  private static long nanos(Duration left) {
    if (left.compareTo(KeyRecord.MAXIMUM_DURATION) > 0) {
      return KeyRecord.MAXIMUM_DURATION.toNanos();
    }
    return left.compareTo(LONGEST_OVER) < 0 ? LONGEST_OVER.toNanos() : left.toNanos();
  }

  /** Returns a live record of a format that the store cannot read. */
  public static StoredRecord ofUnknownFormat(
      KeyId keyId, Stamp stamp, int format, Duration retentionLeft) {
    return new StoredRecord(keyId, stamp, format, null, 0, nanos(retentionLeft));
  }

  /** Returns the key id that the stored value itself carries. */
  public KeyId keyId() {
    return keyId;
  }

  /** Returns the stamp that the record bears. */
  public Stamp stamp() {
    return stamp;
  }

  /** Returns the format number that the record was written with. */
  public int format() {
    return format;
  }

  /**
   * Returns what was written.
   *
   * @throws KeyStoreException if the format is one that this release cannot read
   */
  public KeyRecord record() {
    if (record == null || format != KeyRecord.FORMAT) {
      throw KeyStoreException.unreadable(
          keyId, "its format is " + format + ", and this release reads " + KeyRecord.FORMAT);
    }
    return record;
  }

  /** Returns the time left on the lease; zero or less: the lease is over. */
  public Duration leaseLeft() {
    return Duration.ofNanos(leaseLeft);
  }

  /** Returns the time left on the retention; always more than zero, because the record is live. */
  public Duration retentionLeft() {
    return Duration.ofNanos(retentionLeft);
  }

  @Override
  public String toString() {
    return "StoredRecord[%s format=%d lease left %s, retention left %s]"
        .formatted(record == null ? keyId : record, format, leaseLeft(), retentionLeft());
  }
}
