package io.idem4j.spi;

/**
 * The twelve random bytes that one claim draws, shared by the stamps of all its writes: the
 * identity of a holder.
 *
 * <p>Immutable. Never shown: {@link #toString()} hides the bytes, because whoever knows them can
 * pose as the holder.
 *
 * @param high the first eight bytes, big-endian
 * @param low the last four bytes, big-endian
 */
public record Grant(long high, int low) {
  /** The length of a grant, in bytes. */
  public static final int LENGTH = 12;

  @Override
  public String toString() {
    return "Grant[hidden]";
  }
}
