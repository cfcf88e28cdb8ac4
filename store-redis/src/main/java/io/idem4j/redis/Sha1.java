package io.idem4j.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * SHA-1 as Redis writes it: the name of a script, and the sum that a script can compute too. It
 * guards against damage, not against an attacker, who could write the sum as well.
 */
final class Sha1 {
  private Sha1() {}

  /** Returns the digest as 40 lower-case hexadecimal digits. */
  static byte[] hex(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-1").digest(bytes);
      return HexFormat.of().formatHex(digest).getBytes(US_ASCII);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-1", e);
    }
  }
}
