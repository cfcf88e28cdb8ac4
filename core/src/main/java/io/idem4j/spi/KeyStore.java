package io.idem4j.spi;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import java.util.Optional;

/**
 * A set of linearizable registers, one per key, with one atomic verb: compare-and-set on a stamp.
 * Not {@code java.security.KeyStore}: this one keeps idempotency records.
 *
 * <p>States, leases, takeover, waiting and the handling of unknown outcomes are core's business. A
 * store compares sixteen bytes and the retention, and swaps a record, atomically; {@link
 * io.idem4j.memory.MemoryKeyStore} is the shortest correct one. The contract suite {@code
 * io.idem4j.tck} (core's test-jar) tests each rule by its number.
 *
 * <p>Optional abilities are further interfaces that a store implements: {@link ReadFirst}, {@link
 * RecordPurger}, {@link RecordScanner}. What is bound to one transaction is a {@link
 * TransactionBound}.
 *
 * <h2>The rules</h2>
 *
 * <ol>
 *   <li><b>S1</b> {@code compareAndSet} is linearizable per id: of concurrent calls that expect the
 *       same stamp at most one is {@link CasResult.Applied}. {@code find} returns what was live at
 *       one instant inside the call, from the authority: no replica, no cache, no eventual read.
 *       Nothing found proves nothing; only the compare-and-set decides.
 *   <li><b>S2</b> {@link Stamp#ABSENT} matches exactly when no live record exists: never written,
 *       purged, or retention over. Any other stamp matches only a <em>live</em> record that bears
 *       it. A lapsed lease alone never refuses its holder.
 *   <li><b>S3</b> A refusal carries the live record as of one instant inside the call at which it
 *       was live and did not match, or says that none is live.
 *   <li><b>S4</b> Bytes come back as they went in; empty and absent differ. What does not fit is
 *       refused before anything is written ({@link io.idem4j.PayloadTooLargeException}), never cut.
 *   <li><b>S5</b> Durations go in, remaining durations come out (zero or less: over), to the
 *       millisecond or finer, and both are measured by one clock that the store's class names: the
 *       server's, wherever it has one. No instants cross this interface.
 *   <li><b>S6</b> Retention is compared inside the operation; background deletion only frees space
 *       and comes later. The lease needs no such test: core observed it, and a stamp's lease end
 *       never changes.
 *   <li><b>S7</b> Everything thrown is a {@link KeyStoreException} that says {@link
 *       KeyStoreException.Certainty#NOT_APPLIED} (transient or permanent) or {@link
 *       KeyStoreException.Certainty#UNKNOWN}. Anything not proven is UNKNOWN. Neither messages nor
 *       causes show a key id, a stamp or contents; those of drivers and file systems like to.
 *   <li><b>S8</b> Re-issuing the same call (same expected, same next stamp), by core or by a
 *       driver's own retry, never applies twice while the record lives. A request that outlives the
 *       retention is outside the promise.
 *   <li><b>S9</b> Instances are safe for many threads; several instances, processes and library
 *       versions may share a backend.
 *   <li><b>S10</b> A <em>live</em> record that cannot be understood is never overwritten, replayed
 *       or taken for absent: typed error, whichever field is broken or missing. Stamp, format
 *       number and retention end are the same in every format, so that past its retention any
 *       record is absent. A readable format number is handed through ({@link
 *       StoredRecord#ofUnknownFormat}) and core refuses it. A release reads format n + 1 before one
 *       writes it.
 *   <li><b>S11</b> The call neither joins nor harms a transaction that the caller has open, unless
 *       the store was explicitly bound to it. Where a data source makes that impossible, the store
 *       says so with a typed error.
 *   <li><b>S12</b> An interrupt or a cancellation stays visible in the thread's flag and never
 *       makes an answer untrue: the call ends truly or is UNKNOWN, and a connection that it was cut
 *       on is closed, not reused.
 * </ol>
 */
public interface KeyStore {
  /**
   * Replaces the record of {@code id} if the live one bears {@code expected}.
   *
   * <p>Before: {@code next} carries the same id and a stamp that was never stored before, but for
   * an identical re-issue; {@code next.lease()} and {@code next.retention()} count from the instant
   * at which the store applies the write. Where {@code next.slots()} are {@link Slots#UNCHANGED}
   * the stored slots stay, byte for byte.
   *
   * <p>Effect: comparison and replacement are one atomic step (S1, S2, S6).
   *
   * <p>Result: {@link CasResult.Applied}; {@link CasResult.Refused} with the live record, if any
   * (S3); or {@link CasResult.Busy}.
   *
   * <p>Safe to repeat: an identical re-issue never applies twice (S8). When the first was applied,
   * the second is refused by the record that bears {@code next.stamp()}; or, where its retention
   * was zero, because none is live.
   *
   * @throws io.idem4j.PayloadTooLargeException if the slots do not fit; nothing was written (S4)
   * @throws KeyStoreException in every other case of failure, with what is known of the effect (S7)
   */
  CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next);

  /**
   * Returns the live record of {@code id}, as of one instant inside the call, from the authority
   * (S1). No effect; safe to repeat.
   *
   * @throws KeyStoreException if the store cannot answer, or the live record cannot be understood
   *     (S7, S10); a read has no effect of which anything could be unknown, so either certainty
   *     will do
   */
  Optional<StoredRecord> find(KeyId id);
}
