package io.idem4j.http;

import io.idem4j.Codec;
import io.idem4j.KeyId;
import io.idem4j.MisuseException;
import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Responses as bytes: a version, flags (1 for a body that was kept), the status (2), the number of
 * header lines (2), each as name and value (2 + n and 4 + n, ISO-8859-1), and the body (4 + n).
 * What is not exactly that is refused. Safe for use by many threads.
 *
 * <p>The fields are chosen here, at the capture: what must not be replayed is never stored.
 */
final class ResponseCodec implements Codec<HttpResponse> {
  private static final byte VERSION = 1;
  private static final int BODY_KEPT = 1;
  private static final Charset TEXT = StandardCharsets.ISO_8859_1;

  private final ReplayHeaders replayed;
  private final int maximumBody;

  /**
   * Makes the codec.
   *
   * @param maximumBody the longest body that is kept, in bytes
   */
  ResponseCodec(ReplayHeaders replayed, int maximumBody) {
    this.replayed = replayed;
    this.maximumBody = maximumBody;
  }

  @Override
  public String type() {
    return "http-response";
  }

  @Override
  public byte[] encode(HttpResponse response, KeyId keyId) {
    return encode(response, response.bodyKept() && response.body().length <= maximumBody);
  }

  @Override
  public Optional<byte[]> encodeWithoutBody(HttpResponse response, KeyId keyId) {
    return Optional.of(encode(response, false));
  }

  private byte[] encode(HttpResponse response, boolean keepsBody) {
    byte[] body = keepsBody ? response.body() : new byte[0];
    ByteArrayOutputStream lines = new ByteArrayOutputStream(256);
    int[] count = {0};
    replayed
        .of(response.headers())
        .forEach(
            (name, value) -> {
              byte[] nameBytes = name.getBytes(TEXT);
              byte[] valueBytes = value.getBytes(TEXT);
              lines.writeBytes(
                  ByteBuffer.allocate(6 + nameBytes.length + valueBytes.length)
                      .putShort((short) requireShort(nameBytes.length))
                      .put(nameBytes)
                      .putInt(valueBytes.length)
                      .put(valueBytes)
                      .array());
              count[0]++;
            });
    return ByteBuffer.allocate(10 + lines.size() + body.length)
        .put(VERSION)
        .put((byte) (keepsBody ? BODY_KEPT : 0))
        .putShort((short) response.status())
        .putShort((short) requireShort(count[0]))
        .put(lines.toByteArray())
        .putInt(body.length)
        .put(body)
        .array();
  }

  private static int requireShort(int number) {
    if (number > 0xFFFF) {
      throw new MisuseException("a response has too many header fields, or one of a long name");
    }
    return number;
  }

  @Override
  public HttpResponse decode(byte[] bytes, KeyId keyId) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      if (in.get() != VERSION) {
        throw unreadable("is of a version that this release does not read");
      }
      int flags = in.get();
      int status = in.getShort();
      int lines = in.getShort() & 0xFFFF;
      HttpHeaders.Builder headers = HttpHeaders.builder();
      for (int line = 0; line < lines; line++) {
        String name = text(in, in.getShort() & 0xFFFF);
        String value = text(in, in.getInt());
        // Whatever wrote it, an older release too: what is blocked is not replayed.
        if (!ReplayHeaders.isBlocked(name)) {
          headers.add(name, value);
        }
      }
      byte[] body = take(in, in.getInt());
      if (in.hasRemaining() || (flags & ~BODY_KEPT) != 0 || (flags == 0 && body.length > 0)) {
        throw unreadable("is not as this release writes it");
      }
      // Also checks status and fields again: nothing that was changed in the store is sent out.
      return HttpResponse.recorded(status, headers.build(), body, flags == BODY_KEPT);
    } catch (BufferUnderflowException e) {
      throw unreadable("is cut short");
    } catch (MisuseException e) {
      throw unreadable("holds what is no response");
    }
  }

  private static String text(ByteBuffer in, int length) {
    return new String(take(in, length), TEXT);
  }

  private static byte[] take(ByteBuffer in, int length) {
    // Before anything is allocated: the length may be damaged.
    if (length < 0 || length > in.remaining()) {
      throw unreadable("has a length that does not fit");
    }
    byte[] taken = new byte[length];
    in.get(taken);
    return taken;
  }

  /** Which core tells as a {@code CodecException}. */
  private static IllegalStateException unreadable(String why) {
    return new IllegalStateException("the recorded response " + why);
  }
}
