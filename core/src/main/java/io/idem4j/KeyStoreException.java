package io.idem4j;

import org.jspecify.annotations.Nullable;

/**
 * A store could not do what it was asked, and says what is known of the effect.
 *
 * <p>Thrown by stores (rule S7) and, once core's own bounded repetition did not settle the matter,
 * by {@link Operation}: then the operation was <em>not run</em>, and a claim that may have been
 * applied is withdrawn in the background.
 */
public class KeyStoreException extends IdempotencyException {
  private static final long serialVersionUID = 1L;

  /** What is known of the effect of the failed call. */
  public enum Certainty {
    /** Nothing was written, and nothing will be. */
    NOT_APPLIED,
    /** The write may have been applied, may be applied later, or never. */
    UNKNOWN
  }

  /** Why the call failed; {@link #isTransient()} says whether the same call may soon succeed. */
  public enum Reason {
    /**
     * Transient: no connection could be had, or the store is starting, failing over or out of
     * capacity.
     */
    UNAVAILABLE(true),
    /** Transient: the store gave up in favour of a concurrent call, as after a deadlock. */
    CONFLICT(true),
    /** Transient: other calls held a lock for as long as this one could wait. */
    BUSY(true),
    /** The store is full and holds on to what is live. */
    FULL(false),
    /** A read replica or a read-only node was asked to write. */
    READ_ONLY(false),
    /** Payload or checkpoint do not fit. */
    TOO_LARGE(false),
    /** A live record is broken, or of an unknown format. */
    UNREADABLE(false),
    /** Table, type, permission or configuration do not allow the call. */
    MISCONFIGURED(false),
    /** No answer came, or none that proves anything: only with {@link Certainty#UNKNOWN}. */
    NO_ANSWER(false);

    private final boolean isTransient;

    Reason(boolean isTransient) {
      this.isTransient = isTransient;
    }
  }

  private final Certainty certainty;
  private final Reason reason;

  /** Makes the exception from its parts; stores use the static methods instead. */
  protected KeyStoreException(
      Certainty certainty, Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.certainty = certainty;
    this.reason = reason;
  }

  /**
   * Nothing was written.
   *
   * @param reason why, which also says whether the same call may soon succeed
   * @param message what happened and what to do; no key, stamp, fingerprint, payload or driver text
   * @param cause the cause, free of stored data, or null
   */
  public static KeyStoreException notApplied(
      Reason reason, String message, @Nullable Throwable cause) {
    return new KeyStoreException(Certainty.NOT_APPLIED, reason, message, cause);
  }

  /**
   * The call was sent, and nobody knows whether it was or will be applied.
   *
   * @param message what happened; no key, stamp, fingerprint, payload or driver text
   * @param cause the cause, free of stored data, or null
   */
  public static KeyStoreException unknown(String message, @Nullable Throwable cause) {
    return new KeyStoreException(Certainty.UNKNOWN, Reason.NO_ANSWER, message, cause);
  }

  /** A live record of this key cannot be understood (S10); nothing was written. */
  public static KeyStoreException unreadable(KeyId id, String why) {
    return new KeyStoreException(
        Certainty.NOT_APPLIED,
        Reason.UNREADABLE,
        "the record of key " + id.shortDigest() + " cannot be understood: " + why,
        null);
  }

  /** Returns what is known of the effect. */
  public final Certainty certainty() {
    return certainty;
  }

  /** Returns why the call failed. */
  public final Reason reason() {
    return reason;
  }

  /** Says whether nothing was written and the same call may soon succeed. */
  public final boolean isTransient() {
    return certainty == Certainty.NOT_APPLIED && reason.isTransient;
  }
}
