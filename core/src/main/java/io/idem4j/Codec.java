package io.idem4j;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns answers into bytes and back. The bytes are what a duplicate gets, so a codec must be able
 * to read what its earlier versions wrote for as long as records are kept.
 *
 * <p>Implementations are safe for use by many threads. Never use Java serialization, and never let
 * the stored bytes name a type.
 *
 * @param <T> the type of the answers
 */
public interface Codec<T extends @Nullable Object> {
  /** The longest {@link #type()}, in bytes of UTF-8. */
  int TYPE_LENGTH = 200;

  /**
   * Returns the label that is stored with the bytes, such as {@code application/json}. An answer
   * stored under another label is not decoded but refused ({@link CodecException}).
   */
  String type();

  /**
   * Returns the answer as bytes. A throw does not undo the operation: the record says that it
   * completed and that its body was not kept.
   *
   * @param value the answer
   * @param keyId the key under which the bytes are kept, for codecs that bind them to it
   */
  byte[] encode(T value, KeyId keyId) throws Exception;

  /**
   * Returns what is kept of an answer that is too large to be kept whole, as bytes that {@link
   * #decode} reads: nothing by default. Over HTTP it is the status and the headers.
   *
   * @param value the answer
   * @param keyId the key under which the bytes are kept
   */
  default Optional<byte[]> encodeWithoutBody(T value, KeyId keyId) throws Exception {
    return Optional.empty();
  }

  /**
   * Reads the answer from bytes. A throw reaches the caller as {@link CodecException}; the
   * operation is not run again.
   *
   * @param bytes what {@link #encode} returned
   * @param keyId the key under which the bytes were kept
   */
  T decode(byte[] bytes, KeyId keyId) throws Exception;

  /** A step from one form to the other, which may throw. */
  @FunctionalInterface
  interface Step<A extends @Nullable Object, B extends @Nullable Object> {
    /** Returns the other form. */
    B apply(A from) throws Exception;
  }

  /** Returns a codec of two functions: JSON is one line with your own mapper. */
  static <T extends @Nullable Object> Codec<T> of(
      String type, Step<T, byte[]> encoder, Step<byte[], T> decoder) {
    return new Codec<>() {
      @Override
      public String type() {
        return type;
      }

      @Override
      public byte[] encode(T value, KeyId keyId) throws Exception {
        return encoder.apply(value);
      }

      @Override
      public T decode(byte[] bytes, KeyId keyId) throws Exception {
        return decoder.apply(bytes);
      }
    };
  }

  /**
   * Returns the codec of plain bytes. It copies no array; around it each answer that is kept, and
   * each that is given, is a copy already.
   */
  static Codec<byte[]> bytes() {
    return of("bytes", bytes -> bytes, bytes -> bytes);
  }

  /** Returns the codec of text, as UTF-8. Text that is no well-formed Unicode is refused. */
  static Codec<String> text() {
    return of(
        "text",
        text -> Text.utf8(text, "an answer"),
        bytes -> StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
  }

  /** Returns the codec of operations that answer nothing: what counts is that they were done. */
  @SuppressWarnings("NullAway") // null is the one value that Void has
  static Codec<@Nullable Void> nothing() {
    return of("nothing", nothing -> new byte[0], bytes -> null);
  }
}
