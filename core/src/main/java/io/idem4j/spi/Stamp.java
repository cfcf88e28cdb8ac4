package io.idem4j.spi;

import io.idem4j.MisuseException;
import java.nio.ByteBuffer;

/**
 * The sixteen bytes that a store compares and swaps: the {@link Grant} of a claim and a counter for
 * that claim's later writes. Every different write bears a different stamp; only an identical
 * re-issue of a write repeats one.
 *
 * <p>Immutable. {@link #toString()} hides the bytes.
 *
 * @param high the first eight bytes, big-endian
 * @param low the last eight bytes, big-endian; its lower half is the counter
 */
public record Stamp(long high, long low) {
  /** The length of a stamp, in bytes. */
  public static final int LENGTH = 16;

  /** Sixteen zero bytes: matches exactly when no live record exists (S2). Never stored. */
  public static final Stamp ABSENT = new Stamp(0, 0);

  /** Returns the stamp of a claim's first write. */
  public static Stamp first(Grant grant) {
    return new Stamp(grant.high(), ((long) grant.low() << 32) | 1);
  }

  /**
   * Reads a stamp from its bytes.
   *
   * @throws MisuseException if there are not exactly {@value #LENGTH} bytes
   */
  public static Stamp of(byte[] bytes) {
    if (bytes.length != LENGTH) {
      throw new MisuseException("a stamp has " + LENGTH + " bytes, not " + bytes.length);
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new Stamp(buffer.getLong(), buffer.getLong());
  }

  /** Returns the stamp of the next, different write of the same claim. */
  public Stamp next() {
    return new Stamp(high, (low & 0xFFFF_FFFF_0000_0000L) | ((low + 1) & 0xFFFF_FFFFL));
  }

  /** Returns the part that all stamps of one claim share. */
  public Grant grant() {
    return new Grant(high, (int) (low >>> 32));
  }

  /** Says whether this stamp was drawn by the claim that holds {@code grant}. */
  public boolean isOf(Grant grant) {
    return high == grant.high() && (int) (low >>> 32) == grant.low();
  }

  /** Returns the {@value #LENGTH} bytes in a new array. */
  public byte[] bytes() {
    return ByteBuffer.allocate(LENGTH).putLong(high).putLong(low).array();
  }

  @Override
  public String toString() {
    return equals(ABSENT) ? "Stamp[ABSENT]" : "Stamp[hidden]";
  }
}
