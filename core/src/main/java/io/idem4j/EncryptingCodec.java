package io.idem4j;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import org.jspecify.annotations.Nullable;

/**
 * A codec whose bytes are encrypted and authenticated: AES-GCM (NIST SP 800-38D) with a fresh
 * 96-bit nonce of the operating system's randomness for each answer. The key id, the encryption
 * key's id and the inner codec's type are associated data, so an answer that somebody moved to
 * another record is refused as one that was changed is ({@link CodecException}).
 *
 * <p>Encrypted are the answers. What a classifier records of a failure, references and fingerprints
 * are not: see {@link Fingerprint#hmacSha256}. An answer grows by 30 bytes and the key's id.
 *
 * <p>To rotate the key: give the new one as another to read with on every node, then as the current
 * one; the old one is no longer needed when the last record that bears it is past its retention.
 * One key encrypts 2<sup>32</sup> answers at most (SP 800-38D, section 8.3).
 *
 * <p>Safe for use by many threads.
 *
 * @param <T> the type of the answers
 */
public final class EncryptingCodec<T extends @Nullable Object> implements Codec<T> {
  private static final byte VERSION = 1;
  private static final int NONCE_LENGTH = 12;
  private static final int TAG_BITS = 128;

  private final Codec<T> codec;
  private final String type;
  private final VersionedKey current;
  private final Map<String, VersionedKey> keys;
  private final SecureRandom random = Grants.systemRandom();

  private EncryptingCodec(Codec<T> codec, VersionedKey current, List<VersionedKey> keys) {
    this.codec = codec;
    this.type = codec.type() + "+aes-gcm";
    this.current = current;
    this.keys = keys.stream().collect(Collectors.toUnmodifiableMap(VersionedKey::id, key -> key));
  }

  /**
   * Returns a codec that encrypts what another codec made.
   *
   * @param codec turns answers into bytes and back
   * @param current the key that answers are encrypted with
   * @param others keys that answers may be found encrypted with
   * @throws MisuseException if two keys have one id, or a key is none for AES
   */
  public static <T extends @Nullable Object> EncryptingCodec<T> of(
      Codec<T> codec, VersionedKey current, VersionedKey... others) {
    List<VersionedKey> keys = VersionedKey.list(current, others);
    for (VersionedKey key : keys) {
      try {
        cipher(Cipher.ENCRYPT_MODE, key, new byte[NONCE_LENGTH]);
      } catch (InvalidKeyException e) {
        throw new MisuseException("the key " + key.id() + " is no key for AES");
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every Java platform has AES/GCM/NoPadding", e);
      }
    }
    return new EncryptingCodec<>(codec, current, keys);
  }

  /** Returns the inner codec's type, marked as encrypted: plain answers are not read. */
  @Override
  public String type() {
    return type;
  }

  @Override
  public byte[] encode(T value, KeyId keyId) throws Exception {
    return seal(codec.encode(value, keyId), keyId);
  }

  @Override
  public Optional<byte[]> encodeWithoutBody(T value, KeyId keyId) throws Exception {
    Optional<byte[]> plain = codec.encodeWithoutBody(value, keyId);
    return plain.isEmpty() ? plain : Optional.of(seal(plain.get(), keyId));
  }

  private byte[] seal(byte[] plain, KeyId keyId) throws GeneralSecurityException {
    byte[] nonce = Grants.draw(random, NONCE_LENGTH);
    Cipher cipher = cipher(Cipher.ENCRYPT_MODE, current, nonce);
    cipher.updateAAD(associated(keyId, current));
    byte[] sealed = cipher.doFinal(plain);
    byte[] name = current.id().getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(2 + name.length + NONCE_LENGTH + sealed.length)
        .put(VERSION)
        .put((byte) name.length)
        .put(name)
        .put(nonce)
        .put(sealed)
        .array();
  }

  /**
   * @throws CodecException if the answer was encrypted with a key that is not given, in a later
   *     format, or for another record, or was changed
   */
  @Override
  public T decode(byte[] bytes, KeyId keyId) throws Exception {
    ByteBuffer sealed = ByteBuffer.wrap(bytes);
    if (sealed.remaining() < 2 || sealed.get() != VERSION) {
      throw unreadable(keyId, "it is not encrypted in a format that this release reads");
    }
    int length = sealed.get();
    if (length < 1 || sealed.remaining() < length + NONCE_LENGTH + TAG_BITS / 8) {
      throw unreadable(keyId, "it is cut short");
    }
    byte[] name = new byte[length];
    byte[] nonce = new byte[NONCE_LENGTH];
    sealed.get(name).get(nonce);
    VersionedKey key = keys.get(new String(name, StandardCharsets.US_ASCII));
    if (key == null) {
      throw unreadable(keyId, "its encryption key is none of " + keys.keySet());
    }
    return codec.decode(opened(key, nonce, sealed, keyId), keyId);
  }

  private byte[] opened(VersionedKey key, byte[] nonce, ByteBuffer sealed, KeyId keyId) {
    try {
      Cipher cipher = cipher(Cipher.DECRYPT_MODE, key, nonce);
      cipher.updateAAD(associated(keyId, key));
      byte[] rest = new byte[sealed.remaining()];
      sealed.get(rest);
      return cipher.doFinal(rest);
    } catch (GeneralSecurityException e) {
      throw unreadable(keyId, "it was changed, or belongs to another record or key");
    }
  }

  private static Cipher cipher(int mode, VersionedKey key, byte[] nonce)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key.key(), new GCMParameterSpec(TAG_BITS, nonce));
    return cipher;
  }

  /** Length-prefixed, so that no two records or keys have the same. */
  private byte[] associated(KeyId keyId, VersionedKey key) {
    return new Encoding("idem4j encrypted answer 1")
        .bytes(keyId.bytes())
        .text(key.id(), "a key's id")
        .text(type, "a codec's type")
        .digest();
  }

  private static CodecException unreadable(KeyId keyId, String why) {
    return new CodecException(
        "key %s: the recorded answer cannot be decrypted: %s".formatted(keyId.shortDigest(), why));
  }

  @Override
  public String toString() {
    return "EncryptingCodec[%s, %s]".formatted(type, current.id());
  }
}
