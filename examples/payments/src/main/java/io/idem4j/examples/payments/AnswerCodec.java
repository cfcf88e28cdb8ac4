package io.idem4j.examples.payments;

import io.idem4j.Codec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Writes an {@link Answer} as bytes and reads it back: a version, the status, then location,
 * content type and body, each as its length (-1 for none) and UTF-8. What is not exactly that is
 * refused.
 */
final class AnswerCodec {
  private static final int VERSION = 1;

  private AnswerCodec() {}

  static Codec<Answer> create() {
    return Codec.of("payments-answer", AnswerCodec::encode, AnswerCodec::decode);
  }

  static byte[] encode(Answer answer) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeByte(VERSION);
    out.writeShort(answer.status());
    writeText(out, header(answer.location()));
    writeText(out, header(answer.contentType()));
    writeText(out, answer.body());
    return bytes.toByteArray();
  }

  static Answer decode(byte[] bytes) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    int version = in.readByte();
    if (version != VERSION) {
      throw new IOException("version " + version + " is not known");
    }
    int status = in.readShort();
    if (status < 200 || status > 599) {
      throw new IOException("status " + status + " is no final status");
    }
    String location = header(readText(in));
    String contentType = header(readText(in));
    String body = readText(in);
    if (body == null || in.available() > 0) {
      throw new IOException("no body, or bytes behind it");
    }
    return new Answer(status, location, contentType, body);
  }

  /** A line break in a header would split the response; refused at capture and at replay. */
  private static @Nullable String header(@Nullable String value) throws IOException {
    if (value != null && !value.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw new IOException("a header value is not printable ASCII");
    }
    return value;
  }

  private static void writeText(DataOutputStream out, @Nullable String text) throws IOException {
    if (text == null) {
      out.writeInt(-1);
      return;
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static @Nullable String readText(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length == -1) {
      return null;
    }
    // Compared before anything is allocated: the length may be damaged.
    if (length < 0 || length > in.available()) {
      throw new IOException("a length of " + length + " bytes does not fit");
    }
    byte[] bytes = in.readNBytes(length);
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
  }
}
