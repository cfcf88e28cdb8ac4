package io.idem4j.spi;

import io.idem4j.KeyId;
import io.idem4j.MisuseException;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a store keeps for a key.
 *
 * <p>A store compares the stamp and the retention end, and treats everything else as bytes to be
 * given back as they came. Core alone gives the fields their meaning. Immutable and safe for use by
 * many threads.
 */
public final class KeyRecord {
  /** The format that this release writes, and the only one that it reads. */
  public static final int FORMAT = 1;

  /** The longest reference, in bytes of UTF-8. */
  public static final int REFERENCE_LENGTH = 256;

  /** The longest lease or retention: a hundred years, so that no store's arithmetic overflows. */
  public static final Duration MAXIMUM_DURATION = Duration.ofDays(36_525);

  /** The highest format number: two bytes hold it. */
  static final int MAXIMUM_FORMAT = 0xFFFF;

  private final KeyId keyId;
  private final Stamp stamp;
  private final KeyState state;
  private final long fence;
  private final int attempt;
  private final Grant grant;
  private final FingerprintDigest fingerprint;
  private final @Nullable String reference;
  private final Slots slots;
  private final Duration lease;
  private final Duration retention;
  private final int format;

  private KeyRecord(Builder builder) {
    this.keyId = require(builder.keyId, "key id");
    this.stamp = require(builder.stamp, "stamp");
    this.state = require(builder.state, "state");
    this.fence = builder.fence;
    this.attempt = builder.attempt;
    this.grant = builder.grant != null ? builder.grant : stamp.grant();
    this.fingerprint = require(builder.fingerprint, "fingerprint");
    this.reference = builder.reference;
    this.slots = builder.slots;
    this.lease = builder.lease;
    this.retention = builder.retention;
    this.format = builder.format;
  }

  /** Apart from the constructor, which is small enough to be compiled into its callers then. */
  private KeyRecord validated() {
    if (stamp.equals(Stamp.ABSENT)) {
      throw new MisuseException("a record cannot bear the stamp ABSENT");
    }
    if (state == KeyState.NEW) {
      throw new MisuseException("a record in state NEW is never stored");
    }
    if (fence < 0 || attempt < 0 || format < 1 || format > MAXIMUM_FORMAT) {
      throw new MisuseException(
          "fence and attempt are not negative, and formats count from 1 to " + MAXIMUM_FORMAT);
    }
    if (reference != null && !isStorable(reference)) {
      throw new MisuseException(
          "a reference is well-formed text without U+0000, of at most "
              + REFERENCE_LENGTH
              + " bytes of UTF-8");
    }
    requireInRange(lease);
    requireInRange(retention);
    return this;
  }

  /** Returns a builder with no attempt, an absent reference, empty slots and no time to live. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns a builder that starts from this record. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** Returns the id of the key that this record answers for. */
  public KeyId keyId() {
    return keyId;
  }

  /** Returns the stamp of the write that made this record. */
  public Stamp stamp() {
    return stamp;
  }

  /** Returns the state; never {@link KeyState#NEW}. */
  public KeyState state() {
    return state;
  }

  /** Returns the fence: rises with every claim within a record's life. */
  public long fence() {
    return fence;
  }

  /** Returns how many times the operation may have started. */
  public int attempt() {
    return attempt;
  }

  /**
   * Returns the grant of the claim that last ran. It differs from the stamp's own where somebody
   * else marked the record as in doubt.
   */
  public Grant grant() {
    return grant;
  }

  /** Returns the fingerprint bound at the first claim. */
  public FingerprintDigest fingerprint() {
    return fingerprint;
  }

  /** Returns the text by which a person knows what the record is about. */
  public Optional<String> reference() {
    return Optional.ofNullable(reference);
  }

  /** Returns payload and checkpoint, or that a write leaves them as they are. */
  public Slots slots() {
    return slots;
  }

  /**
   * Returns for how long from the write a LOCKED record is respected without a renewal, and after
   * how long an IN_DOUBT one may be asked about again. Means nothing in a record that was read:
   * there {@link StoredRecord#leaseLeft()} tells.
   */
  public Duration lease() {
    return lease;
  }

  /**
   * Returns for how long from the write the record is kept; zero makes it absent at once. Means
   * nothing in a record that was read: there {@link StoredRecord#retentionLeft()} tells.
   */
  public Duration retention() {
    return retention;
  }

  /** Returns the format number: {@link #FORMAT}, but for records that other releases wrote. */
  public int format() {
    return format;
  }

  /**
   * Returns this record with its unchanged slots filled in from {@code previous}, or empty if there
   * is none; the record itself if its slots are given.
   */
  public KeyRecord resolveSlots(@Nullable KeyRecord previous) {
    if (!slots.isUnchanged()) {
      return this;
    }
    return toBuilder().slots(previous == null ? Slots.EMPTY : previous.slots()).build();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KeyRecord that
        && keyId.equals(that.keyId)
        && stamp.equals(that.stamp)
        && state == that.state
        && fence == that.fence
        && attempt == that.attempt
        && grant.equals(that.grant)
        && fingerprint.equals(that.fingerprint)
        && Objects.equals(reference, that.reference)
        && slots.equals(that.slots)
        && lease.equals(that.lease)
        && retention.equals(that.retention)
        && format == that.format;
  }

  @Override
  public int hashCode() {
    return 31 * keyId.hashCode() + stamp.hashCode();
  }

  /** Shows what a log may show: neither key, stamp, fingerprint, reference nor contents. */
  @Override
  public String toString() {
    return "KeyRecord[%s %s fence=%d attempt=%d %s format=%d]"
        .formatted(keyId.shortDigest(), state, fence, attempt, slots, format);
  }

  private static void requireInRange(Duration length) {
    if (length.isNegative() || length.compareTo(MAXIMUM_DURATION) > 0) {
      throw new MisuseException(
          "lease and retention are between zero and " + MAXIMUM_DURATION.toDays() + " days");
    }
  }

  /** A lone surrogate would come back as another character, and some databases refuse U+0000. */
  private static boolean isStorable(String text) {
    try {
      return text.indexOf('\0') < 0
          && StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text)).remaining()
              <= REFERENCE_LENGTH;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private static <V> V require(@Nullable V value, String name) {
    if (value == null) {
      throw new MisuseException("a record needs a " + name);
    }
    return value;
  }

  /** Builds a {@link KeyRecord}. Not for use by several threads. */
  public static final class Builder {
    private @Nullable KeyId keyId;
    private @Nullable Stamp stamp;
    private @Nullable KeyState state;
    private long fence;
    private int attempt;
    private @Nullable Grant grant;
    private @Nullable FingerprintDigest fingerprint;
    private @Nullable String reference;
    private Slots slots = Slots.EMPTY;
    private Duration lease = Duration.ZERO;
    private Duration retention = Duration.ZERO;
    private int format = FORMAT;

    private Builder() {}

    private Builder(KeyRecord record) {
      this.keyId = record.keyId;
      this.stamp = record.stamp;
      this.state = record.state;
      this.fence = record.fence;
      this.attempt = record.attempt;
      this.grant = record.grant;
      this.fingerprint = record.fingerprint;
      this.reference = record.reference;
      this.slots = record.slots;
      this.lease = record.lease;
      this.retention = record.retention;
      this.format = record.format;
    }

    /** Sets {@link KeyRecord#keyId()}. */
    public Builder keyId(KeyId keyId) {
      this.keyId = keyId;
      return this;
    }

    /** Sets {@link KeyRecord#stamp()}. */
    public Builder stamp(Stamp stamp) {
      this.stamp = stamp;
      return this;
    }

    /** Sets {@link KeyRecord#state()}. */
    public Builder state(KeyState state) {
      this.state = state;
      return this;
    }

    /** Sets {@link KeyRecord#fence()}. */
    public Builder fence(long fence) {
      this.fence = fence;
      return this;
    }

    /** Sets {@link KeyRecord#attempt()}. */
    public Builder attempt(int attempt) {
      this.attempt = attempt;
      return this;
    }

    /** Sets {@link KeyRecord#grant()}; without it the stamp's own grant is taken. */
    public Builder grant(Grant grant) {
      this.grant = grant;
      return this;
    }

    /** Sets {@link KeyRecord#fingerprint()}. */
    public Builder fingerprint(FingerprintDigest fingerprint) {
      this.fingerprint = fingerprint;
      return this;
    }

    /**
     * Sets {@link KeyRecord#reference()}; null for none. Well-formed text without U+0000, of at
     * most {@value KeyRecord#REFERENCE_LENGTH} bytes of UTF-8.
     */
    public Builder reference(@Nullable String reference) {
      this.reference = reference;
      return this;
    }

    /** Sets {@link KeyRecord#slots()}. */
    public Builder slots(Slots slots) {
      this.slots = slots;
      return this;
    }

    /** Sets {@link KeyRecord#lease()}. */
    public Builder lease(Duration lease) {
      this.lease = lease;
      return this;
    }

    /** Sets {@link KeyRecord#retention()}. */
    public Builder retention(Duration retention) {
      this.retention = retention;
      return this;
    }

    /**
     * Sets {@link KeyRecord#format()}. Core writes {@link KeyRecord#FORMAT} alone; other numbers
     * exist so that stores can be tested with a record of the next release.
     */
    public Builder format(int format) {
      this.format = format;
      return this;
    }

    /**
     * Builds the record.
     *
     * @throws MisuseException if a part is missing or out of its range
     */
    public KeyRecord build() {
      return new KeyRecord(this).validated();
    }
  }
}
