package io.idem4j.tck;

import io.idem4j.tck.History.Deed;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A recorded payload as core seals it: one byte for the kind, the label (two bytes of length,
 * UTF-8), the bytes. Read here apart from core, whose mistakes are to be found.
 */
final class Payload {
  static final int ANSWER = 1;
  static final int NOT_KEPT = 2;
  static final int FAILURE = 3;

  private final int kind;
  private final String label;
  private final byte[] bytes;

  private Payload(int kind, String label, byte[] bytes) {
    this.kind = kind;
    this.label = label;
    this.bytes = bytes;
  }

  int kind() {
    return kind;
  }

  /** Opens a payload; an absent or broken one is of no kind. */
  static Payload open(byte[] sealed) {
    try {
      ByteBuffer in = ByteBuffer.wrap(sealed == null ? new byte[0] : sealed);
      int kind = in.get();
      byte[] label = new byte[in.getShort() & 0xFFFF];
      in.get(label);
      byte[] bytes = new byte[in.remaining()];
      in.get(bytes);
      return new Payload(kind, new String(label, StandardCharsets.UTF_8), bytes);
    } catch (BufferUnderflowException e) {
      return new Payload(0, "", new byte[0]);
    }
  }

  /** Whether a caller that was given this had been given the recorded answer or failure. */
  boolean matches(Deed deed) {
    int wanted =
        switch (deed.kind()) {
          case REPLAYED_WITHOUT_BODY -> NOT_KEPT;
          case FAILED_RECORDED -> FAILURE;
          default -> ANSWER;
        };
    return kind == wanted
        && (deed.code().isEmpty() || deed.code().get().equals(label))
        && (deed.answer().isEmpty() || Arrays.equals(deed.answer().get(), bytes));
  }
}
