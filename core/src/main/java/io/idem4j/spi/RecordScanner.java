package io.idem4j.spi;

import java.util.List;
import java.util.Optional;

/** A store that can list the records which wait for somebody: a completer or an operator. */
public interface RecordScanner extends KeyStore {
  /** What to look for. */
  enum Kind {
    /** LOCKED, and the lease is over: the holder died or stalled. */
    ABANDONED,
    /** FAILED_IN_DOUBT: nobody knows whether the effect was made. */
    IN_DOUBT
  }

  /**
   * One page of a scan.
   *
   * @param records live records of the wanted kind, as each was at some instant of the call
   * @param next where the next page begins, or nothing at the end; means something to the same
   *     store only
   */
  record Page(List<StoredRecord> records, Optional<String> next) {}

  /**
   * Lists records of one kind, page by page. No effect; safe to repeat. A record that changes
   * during the scan may be seen or not; who acts on one does so by compare-and-set on its stamp.
   * Records of another format, and those that cannot be understood, may be left out; the latter are
   * logged.
   *
   * @param kind what to look for
   * @param limit how many records a page holds at most
   * @param from {@link Page#next} of the page before, or nothing for the first
   * @throws io.idem4j.MisuseException if {@code limit} is not positive or {@code from} is not a
   *     place that this store gave out
   * @throws io.idem4j.KeyStoreException if the store cannot answer
   */
  Page scan(Kind kind, int limit, Optional<String> from);
}
