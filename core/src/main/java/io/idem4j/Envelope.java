package io.idem4j;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
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

    private static final List<Kind> ALL = List.of(values());

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    private static @Nullable Kind ofCode(int code) {
      for (Kind kind : ALL) {
        if (kind.code == code) {
          return kind;
        }
      }
      return null;
    }
  }

  private static final int HEADER = 1 + Short.BYTES;

  private final Kind kind;
  private final byte[] payload; // a store's own: what is given out is copied
  private final int end; // of the label

  private Envelope(Kind kind, byte[] payload, int end) {
    this.kind = kind;
    this.payload = payload;
    this.end = end;
  }

  Kind kind() {
    return kind;
  }

  String label() {
    return new String(payload, HEADER, end - HEADER, StandardCharsets.UTF_8);
  }

  /** Says whether the label is this text, without making one of it. */
  boolean isLabelled(byte[] utf8) {
    return Arrays.equals(payload, HEADER, end, utf8, 0, utf8.length);
  }

  /** Returns the bytes in a new array. */
  byte[] bytes() {
    return Arrays.copyOfRange(payload, end, payload.length);
  }

  static byte[] answer(String type, byte[] bytes) {
    return seal(Kind.ANSWER, type, bytes);
  }

  static byte[] notKept(String type) {
    return seal(Kind.NOT_KEPT, type, new byte[0]);
  }

  static byte[] failure(String code, byte[] bytes) {
    return seal(Kind.FAILURE, code, bytes);
  }

  private static byte[] seal(Kind kind, String label, byte[] bytes) {
    byte[] utf8 = label.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(HEADER + utf8.length + bytes.length)
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
    if (payload.length >= HEADER) {
      Kind kind = Kind.ofCode(payload[0]);
      int end = HEADER + ((payload[1] & 0xFF) << 8 | (payload[2] & 0xFF));
      if (kind != null && end <= payload.length && isText(payload, end)) {
        return new Envelope(kind, payload, end);
      }
    }
    throw KeyStoreException.unreadable(id, "its payload is truncated or altered");
  }

  /** Strictly: a damaged code of a failure must not be replayed as another one. */
  private static boolean isText(byte[] payload, int end) {
    int ascii = HEADER;
    while (ascii < end && payload[ascii] >= 0) {
      ascii++;
    }
    return ascii == end || isUtf8(ByteBuffer.wrap(payload, HEADER, end - HEADER));
  }

  private static boolean isUtf8(ByteBuffer bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(bytes);
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
