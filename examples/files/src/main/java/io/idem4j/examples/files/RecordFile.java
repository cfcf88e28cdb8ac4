package io.idem4j.examples.files;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordCodec;
import io.idem4j.spi.StoredRecord;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * What is in the file of a record, big-endian: retention end (8) and lease end (8) in milliseconds
 * since 1970, CRC-32C of these two (4), then what {@link RecordCodec} made. The head has a sum of
 * its own, so that a broken record with a sound head still leaves when its retention is over (S10);
 * a broken head never does, because nobody can tell that the record is not live. Immutable.
 */
final class RecordFile {

  private static final int SUMMED = 2 * Long.BYTES;
  private static final int HEAD = SUMMED + Integer.BYTES;

  /**
   * What {@link #isToPurge} needs: the head, and the format number with which all records begin.
   */
  static final int GLANCE = HEAD + Short.BYTES;

  private static final Pattern NAME = Pattern.compile("[0-9a-f]{64}");

  private final long retentionEnd;
  private final long leaseEnd;
  private final ByteBuffer record;

  private RecordFile(long retentionEnd, long leaseEnd, ByteBuffer record) {
    this.retentionEnd = retentionEnd;
    this.leaseEnd = leaseEnd;
    this.record = record;
  }

  /** A file is named after the key id, in hexadecimal: after nothing that a caller could choose. */
  static String name(KeyId id) {
    return HexFormat.of().formatHex(id.bytes());
  }

  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  static KeyId idOf(String name) {
    return KeyId.of(HexFormat.of().parseHex(name));
  }

  /** S5: lease and retention count from the instant of the write. */
  static byte[] encode(KeyRecord next, long now) {
    byte[] record = RecordCodec.encode(next);
    ByteBuffer file = ByteBuffer.allocate(HEAD + record.length);
    // A part of a millisecond is cut off. A hundred years more do not overflow.
    file.putLong(now + next.retention().toMillis()).putLong(now + next.lease().toMillis());
    return file.putInt(sum(file.array())).put(record).array();
  }

  /** Returns the parts of a file, or nothing if its head is truncated or altered. */
  static Optional<RecordFile> of(byte[] content) {
    ByteBuffer file = ByteBuffer.wrap(content);
    if (content.length < GLANCE || file.getInt(SUMMED) != sum(content)) {
      return Optional.empty();
    }
    long retentionEnd = file.getLong();
    long leaseEnd = file.getLong();
    return Optional.of(new RecordFile(retentionEnd, leaseEnd, file.position(HEAD).slice()));
  }

  private static int sum(byte[] file) {
    CRC32C sum = new CRC32C();
    sum.update(file, 0, SUMMED);
    return (int) sum.getValue();
  }

  boolean isOver(long now) {
    return retentionEnd <= now;
  }

  /** A purge leaves the records of other formats to the releases that know them. */
  boolean isToPurge(long now) {
    return isOver(now) && record.getShort(0) == KeyRecord.FORMAT;
  }

  /** Returns the record, with the time left on its lease and retention (S5). */
  StoredRecord decode(KeyId id, long now) {
    byte[] bytes = new byte[record.remaining()];
    record.get(0, bytes);
    StoredRecord stored =
        RecordCodec.decode(
            id, bytes, Duration.ofMillis(leaseEnd - now), Duration.ofMillis(retentionEnd - now));
    if (!stored.keyId().equals(id)) {
      throw KeyStoreException.unreadable(id, "its file holds the record of another key");
    }
    return stored;
  }
}
