package io.idem4j.jdbc;

/**
 * The statements of one dialect for one table. Parameters are in the order of {@link RecordBinder};
 * rows have the columns of {@link RecordRow}. Immutable.
 *
 * @param claim inserts a record unless its key has a row
 * @param claimForm what {@code claim} does beyond this, and its parameters
 * @param claimOver replaces a row whose retention is over, whatever else is in it: the record, the
 *     key id
 * @param replace replaces the live, readable row that bears a stamp: the record, key id, stamp
 * @param replaceKeepingSlots the same, without payload and checkpoint
 * @param read answers the row of a key, live or over: the key id
 * @param purge deletes rows of the known format whose retention is over: how many at most
 * @param scanAbandoned answers live LOCKED rows whose lease is over: the last key id, how many
 * @param scanInDoubt answers live rows in doubt: the last key id, how many
 */
record Statements(
    String claim,
    Claim claimForm,
    String claimOver,
    String replace,
    String replaceKeepingSlots,
    String read,
    String purge,
    String scanAbandoned,
    String scanInDoubt) {
  /** What the databases can do about a claim in one execution. */
  enum Claim {
    /**
     * Inserts unless there is a row, live or over, and counts: the key id, the record, the key id.
     */
    INSERTS,

    /**
     * The same, and also answers the row that stands there afterwards, as of a snapshot of its own:
     * the key id, the record, the key id, the key id.
     */
    INSERTS_AND_READS,

    /**
     * Answers the live row; or else inserts, or replaces one that is over, and answers what stands
     * there then, whose last column says whether it is of this execution: the key id, the key id,
     * the record.
     */
    ANSWERS
  }
}
