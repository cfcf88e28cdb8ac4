package io.idem4j.jdbc;

/**
 * The statements of one dialect for one table. Parameters are in the order of {@link RecordBinder};
 * rows have the columns of {@link RecordRow}. Immutable.
 *
 * @param claim inserts a record unless its key has a row, live or over: the key id, the record, the
 *     key id again
 * @param claimReadsBack whether {@code claim} also answers the row that stands there afterwards, as
 *     of a snapshot of its own; it then takes the key id once more
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
    boolean claimReadsBack,
    String claimOver,
    String replace,
    String replaceKeepingSlots,
    String read,
    String purge,
    String scanAbandoned,
    String scanInDoubt) {}
