package io.idem4j;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Injective, length-prefixed encoding of a list of texts into a SHA-256: two different lists never
 * feed the same bytes. Each use begins with its own tag. Not for use by several threads.
 */
final class Encoding {
  private final MessageDigest digest = sha256();

  Encoding(String tag) {
    text(tag, "a tag");
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  Encoding number(int number) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, number));
    return this;
  }

  Encoding text(String text, String what) {
    return bytes(Text.utf8(text, what));
  }

  Encoding bytes(byte[] bytes) {
    number(bytes.length);
    digest.update(bytes);
    return this;
  }

  byte[] digest() {
    return digest.digest();
  }
}
