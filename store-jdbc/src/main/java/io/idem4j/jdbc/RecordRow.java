package io.idem4j.jdbc;

import static java.util.Objects.requireNonNull;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.Grant;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One row as one statement saw it: a live record, or one whose retention is over. Reading trusts no
 * column (S10): whatever is null, mistyped, of a wrong length or out of its range makes a live row
 * unreadable, and a row without a retention end is live. Immutable.
 */
final class RecordRow {
  /**
   * The latest instant that a row may name, the end of the year 9999: later ones, and leases before
   * 1970, were not written by any release. The statements that replace rows know both bounds.
   */
  static final long LATEST_MILLIS = 253_402_300_799_999L;

  private static final int KEY_ID = 1;
  private static final int STAMP = 2;
  private static final int FORMAT = 3;
  private static final int STATE = 4;
  private static final int FENCE = 5;
  private static final int ATTEMPT = 6;
  private static final int GRANT_ID = 7;
  private static final int FINGERPRINT_ALGORITHM = 8;
  private static final int FINGERPRINT = 9;
  private static final int REFERENCE = 10;
  private static final int PAYLOAD = 11;
  private static final int CHECKPOINT = 12;
  private static final int LEASE_UNTIL_MS = 13;
  private static final int RETAIN_UNTIL_MS = 14;
  private static final int NOW_MS = 15;
  private static final int IS_REPLICA = 16;
  private static final int IS_OF_THIS_EXECUTION = 17;

  private final @Nullable StoredRecord live;
  private final byte @Nullable [] stamp;
  private final long retainUntil;

  private RecordRow(@Nullable StoredRecord live, byte @Nullable [] stamp, long retainUntil) {
    this.live = live;
    this.stamp = stamp;
    this.retainUntil = retainUntil;
  }

  /**
   * Reads the row that a result set stands on.
   *
   * @throws KeyStoreException if the row is live and cannot be understood, or a replica answered,
   *     which is no authority (S1), or the row is another key's
   */
  static RecordRow read(KeyId asked, ResultSet rows) {
    try {
      if (rows.getBoolean(IS_REPLICA)) {
        throw KeyStoreException.notApplied(
            Reason.READ_ONLY,
            "a replica answered for key "
                + asked.shortDigest()
                + "; lead the data source to the primary",
            null);
      }
      if (!Arrays.equals(rows.getBytes(KEY_ID), asked.bytes())) {
        // Only ON DUPLICATE KEY UPDATE leads here, and it leaves such a row as it is.
        throw KeyStoreException.notApplied(
            Reason.MISCONFIGURED,
            "another key's row stands in the way of key "
                + asked.shortDigest()
                + ": the table has a further unique index; drop it",
            null);
      }
      long now = rows.getLong(NOW_MS);
      long retainUntil = rows.getLong(RETAIN_UNTIL_MS);
      if (!rows.wasNull() && retainUntil <= now) {
        return new RecordRow(null, rows.getBytes(STAMP), retainUntil);
      }
      return new RecordRow(live(asked, rows, now), null, retainUntil);
    } catch (SQLException e) {
      // The result is complete at this point: what fails is the conversion of a column.
      throw KeyStoreException.unreadable(asked, "a column has the wrong type");
    }
  }

  /** Says whether a claim that answers rows wrote this one: {@link Statements.Claim#ANSWERS}. */
  static boolean isOfThisExecution(ResultSet rows) throws SQLException {
    return rows.getInt(IS_OF_THIS_EXECUTION) == 1;
  }

  /** Returns the key id column as it is, for scans. */
  static byte[] keyId(ResultSet rows) throws SQLException {
    return requireNonNull(rows.getBytes(KEY_ID));
  }

  /** Returns the live record, or null if the retention is over. */
  @Nullable StoredRecord live() {
    return live;
  }

  /** Says whether both rows are over and were made by the same write. */
  boolean isSameOver(@Nullable RecordRow other) {
    return other != null
        && live == null
        && other.live == null
        && retainUntil == other.retainUntil
        && Arrays.equals(stamp, other.stamp);
  }

  private static StoredRecord live(KeyId asked, ResultSet rows, long now) throws SQLException {
    try {
      KeyId id = KeyId.of(required(asked, rows, KEY_ID, KeyId.LENGTH));
      Stamp stamp = Stamp.of(required(asked, rows, STAMP, Stamp.LENGTH));
      long format = required(asked, rows, FORMAT, 1, Integer.MAX_VALUE);
      long retainUntil = required(asked, rows, RETAIN_UNTIL_MS, 0, LATEST_MILLIS);
      Duration retentionLeft = Duration.ofMillis(retainUntil - now);
      if (format != KeyRecord.FORMAT) {
        return StoredRecord.ofUnknownFormat(id, stamp, (int) format, retentionLeft);
      }
      long leaseUntil = required(asked, rows, LEASE_UNTIL_MS, 0, LATEST_MILLIS);
      KeyRecord record =
          KeyRecord.builder()
              .keyId(id)
              .stamp(stamp)
              .state(state(asked, rows))
              .fence(required(asked, rows, FENCE, 0, Long.MAX_VALUE))
              .attempt((int) required(asked, rows, ATTEMPT, 0, Integer.MAX_VALUE))
              .grant(grant(required(asked, rows, GRANT_ID, Grant.LENGTH)))
              .fingerprint(fingerprint(asked, rows))
              .reference(text(rows.getBytes(REFERENCE)))
              .slots(Slots.of(rows.getBytes(PAYLOAD), rows.getBytes(CHECKPOINT)))
              .build();
      return StoredRecord.of(record, Duration.ofMillis(leaseUntil - now), retentionLeft);
    } catch (MisuseException | CharacterCodingException e) {
      throw KeyStoreException.unreadable(asked, "a column holds what no release writes");
    }
  }

  private static KeyState state(KeyId asked, ResultSet rows) throws SQLException {
    long code = required(asked, rows, STATE, 0, Integer.MAX_VALUE);
    return KeyState.ofCode((int) code)
        .orElseThrow(() -> KeyStoreException.unreadable(asked, "it is in no known state"));
  }

  private static FingerprintDigest fingerprint(KeyId asked, ResultSet rows) throws SQLException {
    String algorithm = rows.getString(FINGERPRINT_ALGORITHM);
    if (algorithm == null) {
      throw KeyStoreException.unreadable(asked, "its fingerprint algorithm is missing");
    }
    return new FingerprintDigest(
        algorithm, required(asked, rows, FINGERPRINT, FingerprintDigest.LENGTH));
  }

  private static Grant grant(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new Grant(buffer.getLong(), buffer.getInt());
  }

  private static @Nullable String text(byte @Nullable [] utf8) throws CharacterCodingException {
    return utf8 == null
        ? null
        : StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
  }

  private static byte[] required(KeyId asked, ResultSet rows, int column, int length)
      throws SQLException {
    byte[] value = rows.getBytes(column);
    if (value == null || value.length != length) {
      throw KeyStoreException.unreadable(
          asked, "column " + column + " is missing or has the wrong length");
    }
    return value;
  }

  private static long required(KeyId asked, ResultSet rows, int column, long least, long most)
      throws SQLException {
    long value = rows.getLong(column);
    if (rows.wasNull() || value < least || value > most) {
      throw KeyStoreException.unreadable(
          asked, "column " + column + " is missing or out of its range");
    }
    return value;
  }
}
