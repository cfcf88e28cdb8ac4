package io.idem4j;

import io.idem4j.spi.FingerprintDigest;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.function.Supplier;
import javax.crypto.Mac;

/** One algorithm that is fed with the parts of a request. Not for use by several threads. */
record Digesting(String algorithm, Update update, Supplier<byte[]> end) {
  /** Takes bytes in. */
  interface Update {
    void of(byte[] bytes, int offset, int count);
  }

  /** RFC 2104, section 3: a shorter key than the hash's output is strongly discouraged. */
  private static final int SHORTEST_KEY = 32;

  static Digesting sha256(String algorithm) {
    MessageDigest digest = Encoding.sha256();
    return new Digesting(algorithm, digest::update, digest::digest).begun();
  }

  /**
   * RFC 2104 over SHA-256.
   *
   * @throws MisuseException if the key is too short, or of another kind
   */
  static Digesting hmacSha256(String algorithm, VersionedKey key) {
    byte[] encoded = key.key().getEncoded();
    // A key that its provider does not show is the provider's to judge.
    if (encoded != null && encoded.length < SHORTEST_KEY) {
      throw new MisuseException(
          "the HMAC key %s has %d bytes, and needs %d"
              .formatted(key.id(), encoded.length, SHORTEST_KEY));
    }
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key.key());
      return new Digesting(algorithm, mac::update, mac::doFinal).begun();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    } catch (InvalidKeyException e) {
      throw new MisuseException("the key " + key.id() + " is no key for an HMAC");
    }
  }

  private Digesting begun() {
    add("idem4j fingerprint 1".getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  void add(byte[] bytes) {
    update.of(bytes, 0, bytes.length);
  }

  FingerprintDigest digest() {
    return new FingerprintDigest(algorithm, end.get());
  }
}
