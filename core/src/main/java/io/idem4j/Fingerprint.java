package io.idem4j;

import io.idem4j.spi.FingerprintDigest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What tells a retry from another request under the same key: SHA-256, or HMAC-SHA-256, over tagged
 * parts of the request, with the id of the algorithm.
 *
 * <p>The fingerprint offered at the first claim is bound to the record and compared in every state,
 * for the record's life. Digests of different algorithms are incomparable, not different, so a
 * caller that changes what it digests offers both for a while, the old one first: {@code
 * old.or(current)}. Immutable and safe for use by many threads.
 */
public final class Fingerprint {
  private static final Fingerprint NONE =
      new Fingerprint(List.of(new FingerprintDigest("none/1", new byte[FingerprintDigest.LENGTH])));

  private final List<FingerprintDigest> digests;

  private Fingerprint(List<FingerprintDigest> digests) {
    this.digests = digests;
  }

  /** Returns the fingerprint of callers for whom the key alone identifies the request. */
  public static Fingerprint none() {
    return NONE;
  }

  /** Returns a builder of the built-in algorithm, {@code sha256/1}. */
  public static Builder sha256() {
    return new Builder(List.of(Digesting.sha256("sha256/1")));
  }

  /**
   * Returns a builder of the built-in algorithm under a version of the caller's: change it whenever
   * the parts change, and offer both versions for a while.
   *
   * @param version printable ASCII, at most 32 characters
   * @throws MisuseException if the version is blank, too long or not printable ASCII
   */
  public static Builder sha256(String version) {
    return new Builder(List.of(Digesting.sha256("sha256/1:" + requireVersion(version))));
  }

  /**
   * Returns a builder of {@code hmac-sha256/1}: who reads the store cannot find out by guessing
   * what a request contained, which a plain digest of a card number or a PIN would let them.
   *
   * <p>To rotate the key without refusing anybody: offer the old key first and the new one second,
   * on every node; then the new one first and the old one second; and the new one alone when the
   * last record that bears the old one is past its retention. Each request is read once, however
   * many keys are given.
   *
   * @param first the key that new records are bound to
   * @param others keys under which older, or newer, records may be known
   * @throws MisuseException if two keys have one id, or a key is none for an HMAC or shorter than
   *     32 bytes
   */
  public static Builder hmacSha256(VersionedKey first, VersionedKey... others) {
    return keyed("", first, others);
  }

  /**
   * As {@link #hmacSha256(VersionedKey, VersionedKey...)}, under a version of the caller's: see
   * {@link #sha256(String)}.
   */
  public static Builder hmacSha256(String version, VersionedKey first, VersionedKey... others) {
    return keyed(":" + requireVersion(version), first, others);
  }

  private static Builder keyed(String version, VersionedKey first, VersionedKey... others) {
    List<Digesting> digestings = new ArrayList<>();
    for (VersionedKey key : VersionedKey.list(first, others)) {
      digestings.add(Digesting.hmacSha256("hmac-sha256/1:" + key.id() + version, key));
    }
    return new Builder(List.copyOf(digestings));
  }

  private static String requireVersion(String version) {
    if (version.isEmpty()
        || version.length() > 32
        || !version.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
      throw new MisuseException("a fingerprint version has 1 to 32 printable ASCII characters");
    }
    return version;
  }

  /**
   * Returns the offer of this fingerprint and the other's. The first one whose algorithm the record
   * bears is compared; a new record binds the very first.
   *
   * @throws MisuseException if both offer the same algorithm
   */
  public Fingerprint or(Fingerprint other) {
    List<FingerprintDigest> all = new ArrayList<>(digests);
    for (FingerprintDigest digest : other.digests) {
      if (matching(digest.algorithm()).isPresent()) {
        throw new MisuseException("two fingerprints of algorithm " + digest.algorithm());
      }
      all.add(digest);
    }
    return new Fingerprint(List.copyOf(all));
  }

  /** Returns what is offered, in order; never empty. */
  public List<FingerprintDigest> digests() {
    return digests;
  }

  /** Says whether a new record would be bound to no fingerprint at all. */
  boolean isNone() {
    return first().equals(NONE.first());
  }

  FingerprintDigest first() {
    return digests.get(0);
  }

  Optional<FingerprintDigest> matching(String algorithm) {
    for (FingerprintDigest digest : digests) {
      if (digest.algorithm().equals(algorithm)) {
        return Optional.of(digest);
      }
    }
    return Optional.empty();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Fingerprint that && digests.equals(that.digests);
  }

  @Override
  public int hashCode() {
    return digests.hashCode();
  }

  @Override
  public String toString() {
    return "Fingerprint" + digests.stream().map(FingerprintDigest::algorithm).toList();
  }

  /**
   * Digests the parts of one request, in the order in which they are given. Each part is followed
   * by its length, its name and the name's length, so that no two lists of parts feed the same
   * bytes, and a part need not be held in memory. A part given as bytes, as text, as a stream or
   * piece by piece counts the same. Not for use by several threads; builds once, and nothing after
   * an exception.
   */
  public static final class Builder {
    private final List<Digesting> digestings;
    private boolean hasParts;
    private boolean usable = true;

    private Builder(List<Digesting> digestings) {
      this.digestings = digestings;
    }

    /**
     * Adds a part.
     *
     * @throws IllegalKeyException if the name is no well-formed Unicode
     */
    public Builder part(String name, byte[] content) {
      return openPart(name, content.length).update(content, 0, content.length).end();
    }

    /**
     * Adds a part, as UTF-8.
     *
     * @throws IllegalKeyException if name or text are no well-formed Unicode
     */
    public Builder part(String name, String content) {
      return part(name, Text.utf8(content, "a fingerprint part"));
    }

    /**
     * Adds a part by reading the stream to its end, in small pieces. The stream is not closed.
     *
     * @param maximumBytes how many bytes are read at most
     * @throws FingerprintLimitException if the stream is longer; over HTTP a 413
     * @throws IOException if the stream fails
     */
    public Builder part(String name, InputStream content, long maximumBytes) throws IOException {
      Part part = openPart(name, maximumBytes);
      byte[] piece = new byte[8192];
      for (int read = content.read(piece); read >= 0; read = content.read(piece)) {
        part.update(piece, 0, read);
      }
      return part.end();
    }

    /**
     * Opens a part that is given piece by piece, for callers who pass the bytes on at the same
     * time. Until it is ended nothing else can be added or built, so that no fingerprint is ever
     * made of half a body.
     *
     * @param maximumBytes how many bytes it may have
     * @throws IllegalKeyException if the name is no well-formed Unicode
     */
    public Part openPart(String name, long maximumBytes) {
      requireUsable();
      usable = false;
      return new Part(Text.utf8(name, "the name of a fingerprint part"), maximumBytes);
    }

    /**
     * Returns the fingerprint.
     *
     * @throws MisuseException if there is no part, a part is still open or failed, or it was built
     *     before
     */
    public Fingerprint build() {
      requireUsable();
      if (!hasParts) {
        throw new MisuseException(
            "a fingerprint of nothing would make all requests equal: add a part, or say"
                + " Fingerprint.none()");
      }
      usable = false;
      return new Fingerprint(digestings.stream().map(Digesting::digest).toList());
    }

    private void requireUsable() {
      if (!usable) {
        throw new MisuseException(
            "this fingerprint was built before, or one of its parts is open or failed half-way");
      }
    }

    /** A part that is given piece by piece. Not for use by several threads. */
    public final class Part {
      private final byte[] name;
      private final long maximumBytes;
      private long length;
      private boolean open = true;

      private Part(byte[] name, long maximumBytes) {
        this.name = name;
        this.maximumBytes = maximumBytes;
      }

      /**
       * Adds bytes.
       *
       * @throws FingerprintLimitException if the part becomes too long; nothing can be built then
       * @throws MisuseException if the part was ended, or became too long before
       */
      public Part update(byte[] bytes, int offset, int count) {
        requireOpen();
        if (count > maximumBytes - length) {
          open = false;
          throw new FingerprintLimitException(maximumBytes);
        }
        for (Digesting each : digestings) {
          each.update().of(bytes, offset, count);
        }
        length += count;
        return this;
      }

      /**
       * Ends the part.
       *
       * @return the builder, for the next part
       * @throws MisuseException if the part was ended, or became too long
       */
      public Builder end() {
        requireOpen();
        open = false;
        byte[] size = ByteBuffer.allocate(Long.BYTES).putLong(0, length).array();
        byte[] nameSize = ByteBuffer.allocate(Integer.BYTES).putInt(0, name.length).array();
        for (Digesting each : digestings) {
          each.add(size);
          each.add(name);
          each.add(nameSize);
        }
        hasParts = true;
        usable = true;
        return Builder.this;
      }

      private void requireOpen() {
        if (!open) {
          throw new MisuseException("this part was ended, or became too long");
        }
      }
    }
  }
}
