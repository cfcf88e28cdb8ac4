package io.idem4j;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * The name under which stores keep a record: 32 bytes, the SHA-256 of the injective encoding of an
 * {@link IdempotencyKey}. Fixed size and binary, so that no collation, padding, length or escaping
 * rule of a store can make two keys one.
 *
 * <p>Immutable and safe for use by many threads. {@link #toString()} shows only {@link
 * #shortDigest()}.
 */
public final class KeyId implements Comparable<KeyId> {
  /** The length of a key id, in bytes. */
  public static final int LENGTH = 32;

  private final long w0;
  private final long w1;
  private final long w2;
  private final long w3;

  private KeyId(ByteBuffer bytes) {
    this.w0 = bytes.getLong();
    this.w1 = bytes.getLong();
    this.w2 = bytes.getLong();
    this.w3 = bytes.getLong();
  }

  /**
   * Reads a key id from its bytes.
   *
   * @throws MisuseException if there are not exactly {@value #LENGTH} bytes
   */
  public static KeyId of(byte[] bytes) {
    if (bytes.length != LENGTH) {
      throw new MisuseException("a key id has " + LENGTH + " bytes, not " + bytes.length);
    }
    return new KeyId(ByteBuffer.wrap(bytes));
  }

  /** Returns the {@value #LENGTH} bytes in a new array. */
  public byte[] bytes() {
    return ByteBuffer.allocate(LENGTH).putLong(w0).putLong(w1).putLong(w2).putLong(w3).array();
  }

  /**
   * Returns the first six bytes in hexadecimal: what log lines and messages show of a key, and
   * enough to find its row.
   */
  public String shortDigest() {
    return HexFormat.of().toHexDigits(w0, 12 + 4).substring(0, 12);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KeyId that
        && w0 == that.w0
        && w1 == that.w1
        && w2 == that.w2
        && w3 == that.w3;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(w0);
  }

  /** Orders key ids as unsigned bytes, the order of a binary key column. */
  @Override
  public int compareTo(KeyId other) {
    int order = Long.compareUnsigned(w0, other.w0);
    order = order != 0 ? order : Long.compareUnsigned(w1, other.w1);
    order = order != 0 ? order : Long.compareUnsigned(w2, other.w2);
    return order != 0 ? order : Long.compareUnsigned(w3, other.w3);
  }

  @Override
  public String toString() {
    return "KeyId[" + shortDigest() + "]";
  }
}
