package io.idem4j;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What core puts into a record's payload slot: one byte for the kind, the label (2 + n, UTF-8) and
 * the bytes. Stores see bytes alone.
 */
final class Envelope {
  /** What the envelope holds. */
  enum Kind {
    /** An answer; the label is the codec's type. */
    ANSWER(1),
    /** An answer that was not kept; the label is the codec's type. */
    NOT_KEPT(2),
    /** A recorded failure; the label is its code. */
    FAILURE(3);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    private static @Nullable Kind ofCode(int code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      return null;
    }
  }

  private final Kind kind;
  private final String label;
  private final byte[] bytes;

  private Envelope(Kind kind, String label, byte[] bytes) {
    this.kind = kind;
    this.label = label;
    this.bytes = bytes;
  }

  Kind kind() {
    return kind;
  }

  String label() {
    return label;
  }

  byte[] bytes() {
    return bytes;
  }

  static byte[] answer(String type, byte[] bytes) {
    return new Envelope(Kind.ANSWER, type, bytes).seal();
  }

  static byte[] notKept(String type) {
    return new Envelope(Kind.NOT_KEPT, type, new byte[0]).seal();
  }

  static byte[] failure(String code, byte[] bytes) {
    return new Envelope(Kind.FAILURE, code, bytes).seal();
  }

  private byte[] seal() {
    byte[] utf8 = label.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(1 + Short.BYTES + utf8.length + bytes.length)
        .put((byte) kind.code)
        .putShort((short) utf8.length)
        .put(utf8)
        .put(bytes)
        .array();
  }

  /** Opens a payload; one that core did not seal is an unreadable record. */
  static Envelope open(KeyId id, byte @Nullable [] payload) {
    if (payload == null) {
      throw KeyStoreException.unreadable(id, "its payload is missing");
    }
    try {
      ByteBuffer in = ByteBuffer.wrap(payload);
      Kind kind = Kind.ofCode(in.get());
      byte[] utf8 = new byte[in.getShort() & 0xFFFF];
      in.get(utf8);
      byte[] bytes = new byte[in.remaining()];
      in.get(bytes);
      if (kind != null) {
        // Strictly: a damaged code of a failure must not be replayed as another one.
        String label = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        return new Envelope(kind, label, bytes);
      }
    } catch (BufferUnderflowException | CharacterCodingException e) {
      // told below, like a kind that is not known
    }
    throw KeyStoreException.unreadable(id, "its payload is truncated or altered");
  }
}
