package io.idem4j.spi;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.MisuseException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Records as bytes, for stores without columns. Such a store keeps these bytes, the lease end and
 * the retention end. The two ends are the store's own and not in the bytes, so it notices itself
 * when they are damaged: with a sum of their own, say, because an end that is too early would make
 * a live record absent (S10).
 *
 * <p>The layout of format 1, big-endian: format (2), stamp (16), then key id (32), state (1), fence
 * (8), attempt (4), grant (12), fingerprint algorithm (1 + n, ASCII), fingerprint digest (32),
 * reference (4 + n, UTF-8), payload (4 + n), checkpoint (4 + n), CRC-32C of all that (4). A length
 * of -1 stands for absent. The first 18 bytes are the same in every format, and a store that cannot
 * search its values may read the stamp there.
 *
 * <p>A store that can replace one value and keep another keeps two: {@link #encodeHead}, which is a
 * record with both slots absent, and {@link #encodeSlots}: payload (4 + n), checkpoint (4 + n),
 * CRC-32C of the key id and all that (4). Then a write with {@link Slots#UNCHANGED} replaces the
 * head alone.
 *
 * <p>Stateless and safe for use by many threads.
 */
public final class RecordCodec {
  private static final int FIXED =
      Short.BYTES
          + Stamp.LENGTH
          + KeyId.LENGTH
          + 1
          + Long.BYTES
          + Integer.BYTES
          + Grant.LENGTH
          + 1
          + FingerprintDigest.LENGTH
          + 3 * Integer.BYTES
          + Integer.BYTES;
  private static final int ABSENT = -1;

  private RecordCodec() {}

  /**
   * Returns a record as bytes, without its lease and retention.
   *
   * @throws MisuseException if the slots are {@link Slots#UNCHANGED}: see {@link
   *     KeyRecord#resolveSlots}
   */
  public static byte[] encode(KeyRecord record) {
    if (record.slots().isUnchanged()) {
      throw new MisuseException("unchanged slots must be resolved before a record is encoded");
    }
    byte[] algorithm = record.fingerprint().algorithm().getBytes(StandardCharsets.US_ASCII);
    byte[] reference =
        record.reference().map(text -> text.getBytes(StandardCharsets.UTF_8)).orElse(null);
    byte[] payload = record.slots().payload();
    byte[] checkpoint = record.slots().checkpoint();
    ByteBuffer out =
        ByteBuffer.allocate(
            FIXED + algorithm.length + size(reference) + size(payload) + size(checkpoint));
    out.putShort((short) record.format());
    out.putLong(record.stamp().high()).putLong(record.stamp().low());
    out.put(record.keyId().bytes());
    out.put((byte) record.state().code());
    out.putLong(record.fence()).putInt(record.attempt());
    out.putLong(record.grant().high()).putInt(record.grant().low());
    out.put((byte) algorithm.length).put(algorithm);
    out.put(record.fingerprint().digest());
    put(out, reference);
    put(out, payload);
    put(out, checkpoint);
    return out.putInt(checksum(out.array(), out.position())).array();
  }

  /** Returns a record as bytes, without its lease, its retention and its slots. */
  public static byte[] encodeHead(KeyRecord record) {
    return encode(record.toBuilder().slots(Slots.EMPTY).build());
  }

  /**
   * Returns a record's slots as bytes.
   *
   * @throws MisuseException if they are {@link Slots#UNCHANGED}: then nothing is to be written
   */
  public static byte[] encodeSlots(KeyId id, Slots slots) {
    if (slots.isUnchanged()) {
      throw new MisuseException("unchanged slots are not written");
    }
    byte[] payload = slots.payload();
    byte[] checkpoint = slots.checkpoint();
    ByteBuffer out = ByteBuffer.allocate(3 * Integer.BYTES + size(payload) + size(checkpoint));
    put(out, payload);
    put(out, checkpoint);
    return out.putInt(slotsChecksum(id, out.array(), out.position())).array();
  }

  /**
   * Reads a record from bytes that {@link #encodeHead} and {@link #encodeSlots} made, as {@link
   * #decode(KeyId, byte[], Duration, Duration)} does. The slots of a record of another format are
   * not looked at.
   *
   * @throws KeyStoreException if either is truncated, altered, or of another kind or key (S10)
   */
  public static StoredRecord decode(
      KeyId id, byte[] head, byte[] slots, Duration leaseLeft, Duration retentionLeft) {
    StoredRecord stored = decode(id, head, leaseLeft, retentionLeft);
    if (stored.format() != KeyRecord.FORMAT) {
      return stored;
    }
    if (!stored.record().slots().equals(Slots.EMPTY)) {
      throw KeyStoreException.unreadable(id, "its head holds slots of its own");
    }
    try {
      ByteBuffer in = ByteBuffer.wrap(slots);
      int end = slots.length - Integer.BYTES;
      if (end < 0 || in.getInt(end) != slotsChecksum(stored.keyId(), slots, end)) {
        throw KeyStoreException.unreadable(id, "the checksum of its slots does not match");
      }
      Slots read = Slots.of(get(in), get(in));
      if (in.position() != end) {
        throw KeyStoreException.unreadable(id, "the lengths of its slots do not add up");
      }
      KeyRecord record = stored.record().toBuilder().slots(read).build();
      return StoredRecord.of(record, leaseLeft, retentionLeft);
    } catch (BufferUnderflowException e) {
      throw KeyStoreException.unreadable(id, "its slots are truncated or altered");
    }
  }

  /**
   * Reads a record from bytes that {@link #encode} made. A record of another format is handed
   * through by its number, without a look at its sum. A sound record of another key is returned as
   * such: {@link StoredRecord#keyId()} tells, and core refuses it.
   *
   * @param id the key that was looked up, for messages and for records of other formats
   * @param leaseLeft the time left on the lease
   * @param retentionLeft the time left on the retention
   * @throws KeyStoreException if the bytes are no record: truncated, altered or foreign (S10)
   */
  public static StoredRecord decode(
      KeyId id, byte[] bytes, Duration leaseLeft, Duration retentionLeft) {
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes);
      int format = in.getShort() & 0xFFFF;
      Stamp stamp = new Stamp(in.getLong(), in.getLong());
      if (format < 1 || stamp.equals(Stamp.ABSENT)) {
        throw KeyStoreException.unreadable(id, "it begins with neither a format nor a stamp");
      }
      if (format != KeyRecord.FORMAT) {
        return StoredRecord.ofUnknownFormat(id, stamp, format, retentionLeft);
      }
      int end = bytes.length - Integer.BYTES;
      if (bytes.length < FIXED || ByteBuffer.wrap(bytes).getInt(end) != checksum(bytes, end)) {
        throw KeyStoreException.unreadable(id, "its checksum does not match");
      }
      KeyRecord.Builder record = KeyRecord.builder().stamp(stamp).format(format);
      record.keyId(KeyId.of(get(in, KeyId.LENGTH)));
      int state = in.get();
      record.state(
          KeyState.ofCode(state)
              .orElseThrow(() -> KeyStoreException.unreadable(id, "it is in no known state")));
      record.fence(in.getLong()).attempt(in.getInt());
      record.grant(new Grant(in.getLong(), in.getInt()));
      String algorithm = new String(get(in, in.get()), StandardCharsets.US_ASCII);
      record.fingerprint(new FingerprintDigest(algorithm, get(in, FingerprintDigest.LENGTH)));
      record.reference(text(get(in)));
      record.slots(Slots.of(get(in), get(in)));
      if (in.position() != end) {
        throw KeyStoreException.unreadable(id, "its lengths do not add up");
      }
      return StoredRecord.of(record.build(), leaseLeft, retentionLeft);
    } catch (BufferUnderflowException | CharacterCodingException | MisuseException e) {
      throw KeyStoreException.unreadable(id, "it is truncated or altered");
    }
  }

  private static int size(byte @Nullable [] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  private static void put(ByteBuffer out, byte @Nullable [] bytes) {
    out.putInt(bytes == null ? ABSENT : bytes.length);
    if (bytes != null) {
      out.put(bytes);
    }
  }

  private static byte @Nullable [] get(ByteBuffer in) {
    int length = in.getInt();
    return length == ABSENT ? null : get(in, length);
  }

  private static byte[] get(ByteBuffer in, int length) {
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private static @Nullable String text(byte @Nullable [] utf8) throws CharacterCodingException {
    return utf8 == null
        ? null
        : StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
  }

  private static int slotsChecksum(KeyId id, byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(id.bytes());
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  private static int checksum(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
