package io.idem4j.spi;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The two byte slots of a record, or the statement that a write leaves both as they are stored.
 *
 * <p>The <em>payload</em> is the recorded answer; the <em>checkpoint</em> holds the results of
 * finished steps and survives failures. Stores treat both as opaque and tell an empty array from an
 * absent one. Immutable by agreement: neither side changes an array after it was handed over.
 */
public final class Slots {
  /** The write keeps both slots as they are stored; after {@link Stamp#ABSENT} both are empty. */
  public static final Slots UNCHANGED = new Slots(true, null, null);

  /** Both slots absent. */
  public static final Slots EMPTY = new Slots(false, null, null);

  private final boolean unchanged;
  private final byte @Nullable [] payload;
  private final byte @Nullable [] checkpoint;

  private Slots(boolean unchanged, byte @Nullable [] payload, byte @Nullable [] checkpoint) {
    this.unchanged = unchanged;
    this.payload = payload;
    this.checkpoint = checkpoint;
  }

  /** Returns slots with these contents; null stands for absent. */
  public static Slots of(byte @Nullable [] payload, byte @Nullable [] checkpoint) {
    return payload == null && checkpoint == null ? EMPTY : new Slots(false, payload, checkpoint);
  }

  /** Says whether a write leaves the stored slots as they are. Never true of a stored record. */
  @SuppressWarnings("ReferenceEquality") // one object stands for it: its contents equal EMPTY's
  public boolean isUnchanged() {
    return unchanged;
  }

  /** Returns the payload, or null if it is absent or unchanged. The array is not copied. */
  public byte @Nullable [] payload() {
    return payload;
  }

  /** Returns the checkpoint, or null if it is absent or unchanged. The array is not copied. */
  public byte @Nullable [] checkpoint() {
    return checkpoint;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Slots that
        && unchanged == that.unchanged
        && Arrays.equals(payload, that.payload)
        && Arrays.equals(checkpoint, that.checkpoint);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(payload) + Arrays.hashCode(checkpoint);
  }

  @Override
  public String toString() {
    if (isUnchanged()) {
      return "Slots[unchanged]";
    }
    return "Slots[payload=" + size(payload) + ", checkpoint=" + size(checkpoint) + "]";
  }

  private static String size(byte @Nullable [] slot) {
    return slot == null ? "absent" : slot.length + " bytes";
  }
}
