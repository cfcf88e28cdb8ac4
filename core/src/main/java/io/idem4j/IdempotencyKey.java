package io.idem4j;

import io.idem4j.spi.FingerprintDigest;
import io.idem4j.spi.KeyRecord;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What makes two calls the same call: a {@link Scope}, the name of the operation, and a value that
 * the client chose. There is no key without a scope.
 *
 * <p>Keys compare by their exact characters: case, composition, blanks and zero-width characters
 * all count. Immutable and safe for use by many threads; the {@link #id} is computed once.
 */
public final class IdempotencyKey {
  /** The longest value, in characters. */
  public static final int VALUE_LENGTH = 255;

  /** The longest operation name, in characters. */
  public static final int OPERATION_LENGTH = 255;

  private final String operation;
  private final KeyId id;
  private final boolean ofPayload;
  private final @Nullable String reference;

  private IdempotencyKey(
      String operation, KeyId id, boolean ofPayload, @Nullable String reference) {
    this.operation = operation;
    this.id = id;
    this.ofPayload = ofPayload;
    this.reference = reference;
  }

  /**
   * Returns the key of a value that the client chose.
   *
   * @param scope whose key it is
   * @param operation the stable name of the operation; it is part of the key's identity
   * @param value what the client chose: any well-formed Unicode text that is not blank
   * @throws IllegalKeyException if operation or value are blank, too long or no well-formed Unicode
   */
  public static IdempotencyKey of(Scope scope, String operation, String value) {
    Text.require(value, "a key value", VALUE_LENGTH);
    return new IdempotencyKey(
        requireOperation(operation),
        KeyId.of(encode("value", scope, operation).text(value, "a key value").digest()),
        false,
        null);
  }

  /**
   * Returns a key made from the request itself: identical requests are the same call. Opt-in,
   * because two identical requests that are both meant collapse into one; the policy must name its
   * retention, which is the window in which they do.
   *
   * @param discriminator what tells apart requests that are both meant, such as a day or a batch;
   *     may be empty
   * @throws IllegalKeyException if the operation is blank, too long or no well-formed Unicode, or
   *     the discriminator is too long or no well-formed Unicode
   * @throws MisuseException if the fingerprint is {@link Fingerprint#none()}, or offers several
   *     algorithms: the key would change with the first of them
   */
  public static IdempotencyKey ofPayload(
      Scope scope, String operation, Fingerprint fingerprint, String discriminator) {
    if (fingerprint.isNone()) {
      throw new MisuseException("a key of the payload needs a fingerprint of it");
    }
    if (fingerprint.digests().size() > 1) {
      throw new MisuseException(
          "a key of the payload is made of one fingerprint, which stays the same");
    }
    if (discriminator.length() > VALUE_LENGTH) {
      throw new IllegalKeyException("a discriminator has at most " + VALUE_LENGTH + " characters");
    }
    FingerprintDigest payload = fingerprint.digests().get(0);
    return new IdempotencyKey(
        requireOperation(operation),
        KeyId.of(
            encode("payload", scope, operation)
                .text(payload.algorithm(), "an algorithm")
                .bytes(payload.digest())
                .text(discriminator, "a discriminator")
                .digest()),
        true,
        null);
  }

  /** Returns the key of a record of which no more than its id is known. */
  static IdempotencyKey ofRecord(String operation, KeyId id) {
    return new IdempotencyKey(operation, id, false, null);
  }

  private static String requireOperation(String operation) {
    return Text.require(operation, "an operation name", OPERATION_LENGTH);
  }

  private static Encoding encode(String kind, Scope scope, String operation) {
    Encoding encoding = new Encoding("idem4j key 1").text(kind, "a kind");
    encoding.number(scope.parts().size());
    for (String part : scope.parts()) {
      encoding.text(part, "a scope part");
    }
    return encoding.text(operation, "an operation name");
  }

  /** Returns the name of the operation that this key belongs to. */
  public String operation() {
    return operation;
  }

  /** Returns the name under which stores keep the record. */
  public KeyId id() {
    return id;
  }

  /**
   * Returns the same key with a text by which a person, or a recovery, knows what its record is
   * about. It is stored in the clear with a new record, never compared, and must not be a secret.
   *
   * @throws IllegalKeyException if the text is blank, no well-formed Unicode, or longer than
   *     {@value KeyRecord#REFERENCE_LENGTH} bytes of UTF-8
   */
  public IdempotencyKey withReference(String reference) {
    return new IdempotencyKey(operation, id, ofPayload, Text.requireReference(reference));
  }

  /**
   * Returns an idempotency key for a call to another system: the same for every attempt of this key
   * and step, another for every other. 43 characters of the URL-safe Base64 alphabet, derived by
   * SHA-256 from the key id; the client's own key cannot be told from it. It outlives the record: a
   * key that is used again after its retention derives the same.
   *
   * @param step the stable name of the call
   * @throws IllegalKeyException if the step is blank, too long or no well-formed Unicode
   */
  public String derivedKey(String step) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(derive("idem4j key", step));
  }

  /**
   * Returns an id for something that the operation creates: the same for every attempt of this key
   * and step, another for every other. A version 8 UUID (RFC 9562, section 5.8) derived by SHA-256
   * from the key id. It outlives the record like {@link #derivedKey}: a row that bears it is proof
   * only for the request that wrote it.
   *
   * @param step the stable name of what is created
   * @throws IllegalKeyException if the step is blank, too long or no well-formed Unicode
   */
  public UUID derivedUuid(String step) {
    ByteBuffer derived = ByteBuffer.wrap(derive("idem4j uuid", step));
    long high = (derived.getLong() & 0xFFFF_FFFF_FFFF_0FFFL) | 0x8000L; // version 8
    long low = (derived.getLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L; // variant
    return new UUID(high, low);
  }

  private byte[] derive(String tag, String step) {
    String name = Text.require(step, "a step name", OPERATION_LENGTH);
    return new Encoding(tag).bytes(id.bytes()).text(name, "a step name").digest();
  }

  @Nullable String reference() {
    return reference;
  }

  boolean isOfPayload() {
    return ofPayload;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IdempotencyKey that && id.equals(that.id);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }

  @Override
  public String toString() {
    return "IdempotencyKey[" + operation + " " + id.shortDigest() + "]";
  }
}
