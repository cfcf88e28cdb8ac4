package io.idem4j.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A request's body as it came, held once: in the pieces in which it was read, so that neither its
 * digest nor its handler needs a copy. Immutable.
 */
final class CapturedBody {
  /** A length is only what a client says: so much is made room for at most before bytes come. */
  private static final int FIRST_PIECE = 64 * 1024;

  private static final int SMALL_PIECE = 8 * 1024;
  private static final int LARGEST_PIECE = 1024 * 1024;

  /** The body is longer than the layer may hold. */
  static final class TooLargeException extends Exception {
    private static final long serialVersionUID = 1L;

    TooLargeException() {
      super("the body is too large", null, false, false);
    }
  }

  /** Full but for the last one. */
  private final List<byte[]> pieces;

  private final long length;

  private CapturedBody(List<byte[]> pieces, long length) {
    this.pieces = pieces;
    this.length = length;
  }

  /** Takes the array as it is. */
  static CapturedBody of(byte[] bytes) {
    return new CapturedBody(List.of(bytes), bytes.length);
  }

  /**
   * Reads a stream to its end.
   *
   * @param declared the length that the client declared, or -1
   * @throws TooLargeException if there is more than the limit; a declared length is believed
   *     without reading
   */
  static CapturedBody read(InputStream in, long declared, int limit)
      throws IOException, TooLargeException {
    if (declared > limit) {
      throw new TooLargeException();
    }
    List<byte[]> pieces = new ArrayList<>();
    long length = 0;
    long size = declared < 0 ? SMALL_PIECE : Math.min(Math.max(declared, 1), FIRST_PIECE);
    // One byte ahead: it tells a full piece with nothing behind it from one with more to come.
    int next = in.read();
    while (next >= 0) {
      if (length == limit) {
        throw new TooLargeException();
      }
      byte[] piece = new byte[(int) Math.min(size, limit - length)];
      piece[0] = (byte) next;
      int count = 1 + in.readNBytes(piece, 1, piece.length - 1);
      pieces.add(piece);
      length += count;
      if (count < piece.length) {
        break;
      }
      // By a quarter, so that little more is held than came.
      long more = declared > length ? declared - length : Math.max(length / 4, SMALL_PIECE);
      size = Math.min(more, LARGEST_PIECE);
      next = in.read();
    }
    if (length < declared) {
      // Cut short, or read before by somebody else, such as a form's parameters: what is left would
      // be compared, and run, as if it were the request.
      throw new EOFException("the body has fewer bytes than its Content-Length");
    }
    return new CapturedBody(pieces, length);
  }

  long length() {
    return length;
  }

  /** Returns the bytes from the beginning, as often as asked. */
  InputStream stream() {
    return new Pieces();
  }

  private final class Pieces extends InputStream {
    private int index;
    private int at;
    private long left = length;

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int count) {
      Objects.checkFromIndexSize(offset, count, target.length);
      if (count == 0) {
        return 0;
      }
      if (left == 0) {
        return -1;
      }
      while (at == pieces.get(index).length) {
        index++;
        at = 0;
      }
      byte[] piece = pieces.get(index);
      int taken = (int) Math.min(Math.min(count, piece.length - at), left);
      System.arraycopy(piece, at, target, offset, taken);
      at += taken;
      left -= taken;
      return taken;
    }

    @Override
    public int available() {
      return (int) Math.min(left, Integer.MAX_VALUE);
    }
  }

  @Override
  public String toString() {
    return "CapturedBody[" + length + " bytes]";
  }
}
