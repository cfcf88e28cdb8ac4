package io.idem4j.spi;

import io.idem4j.MisuseException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * One fingerprint as a record keeps it: the versioned algorithm id and the 32 bytes it produced.
 * Digests of different algorithms are incomparable, not different.
 *
 * <p>Immutable: the array is copied in and out. Digests are compared in constant time. {@link
 * #toString()} shows the algorithm alone.
 */
public final class FingerprintDigest {
  /** The length of a digest, in bytes. */
  public static final int LENGTH = 32;

  /** The longest algorithm id, in characters; all of them printable ASCII. */
  public static final int ALGORITHM_LENGTH = 100;

  private final String algorithm;
  private final byte[] digest;

  /**
   * Makes a digest from its parts.
   *
   * @throws MisuseException if the algorithm id is empty, longer than {@value #ALGORITHM_LENGTH} or
   *     not printable ASCII, or the digest is not {@value #LENGTH} bytes long
   */
  public FingerprintDigest(String algorithm, byte[] digest) {
    if (algorithm.isEmpty()
        || algorithm.length() > ALGORITHM_LENGTH
        || !isPrintableAscii(algorithm)) {
      throw new MisuseException(
          "a fingerprint algorithm id has 1 to "
              + ALGORITHM_LENGTH
              + " printable ASCII characters");
    }
    if (digest.length != LENGTH) {
      throw new MisuseException(
          "a fingerprint digest has " + LENGTH + " bytes, not " + digest.length);
    }
    this.algorithm = algorithm;
    this.digest = digest.clone();
  }

  private static boolean isPrintableAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) <= ' ' || text.charAt(i) >= 0x7F) {
        return false;
      }
    }
    return true;
  }

  /** Returns the versioned algorithm id, with the id of an HMAC key where one was used. */
  public String algorithm() {
    return algorithm;
  }

  /** Returns the digest in a new array. */
  public byte[] digest() {
    return digest.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FingerprintDigest that
        && algorithm.equals(that.algorithm)
        && MessageDigest.isEqual(digest, that.digest);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(digest);
  }

  @Override
  public String toString() {
    return "FingerprintDigest[" + algorithm + "]";
  }
}
