package io.idem4j.spi;

import java.util.Optional;

/** What became of one {@link KeyStore#compareAndSet}. Immutable. */
public sealed interface CasResult {
  /** The record was replaced, atomically, at one instant inside the call. */
  record Applied() implements CasResult {}

  /**
   * Nothing was written: the live record bears another stamp, or none is live (S3).
   *
   * <p>Where a driver sends a request again by itself, that is said of the last sending. If an
   * earlier one was applied, the live record bears the write's own stamp, which says so; unless
   * somebody else has replaced it by then, as they may after the lease or a release. Core takes
   * both as it takes them after its own re-issue (S8).
   *
   * @param live the live record as of one instant inside the call at which it was live and did not
   *     match, or nothing if none was live
   */
  record Refused(Optional<StoredRecord> live) implements CasResult {}

  /**
   * Nothing was written: an uncommitted writer holds the key, and a bounded wait for it ran out. To
   * a claim this is an answer: somebody is at work on the key. A store whose locks are its own, and
   * last no longer than a call, throws {@link io.idem4j.KeyStoreException.Reason#BUSY} instead.
   */
  record Busy() implements CasResult {}

  /** The only instance of {@link Applied} that is needed. */
  CasResult APPLIED = new Applied();

  /** The only instance of {@link Busy} that is needed. */
  CasResult BUSY = new Busy();

  /** Refused, because no live record exists. */
  CasResult NONE_LIVE = new Refused(Optional.empty());

  /** Returns a refusal by this live record. */
  static CasResult refusedBy(StoredRecord live) {
    return new Refused(Optional.of(live));
  }
}
