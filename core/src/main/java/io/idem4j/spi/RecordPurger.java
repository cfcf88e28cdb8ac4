package io.idem4j.spi;

/** A store without expiry of its own: space is freed by asking for it. */
public interface RecordPurger extends KeyStore {
  /**
   * Deletes records whose retention is over, at most {@code limit} of them.
   *
   * <p>Effect: each deletion tests the retention again in the same atomic step, so that a record
   * written meanwhile stays. Records of an unknown format stay too, although they are absent by
   * then: only the release that wrote them knows what else belongs to them. A damaged record whose
   * retention end can be read may go. Not atomic as a whole. Safe to repeat and to run from several
   * places at once; it never changes what {@link KeyStore#compareAndSet} and {@link KeyStore#find}
   * answer.
   *
   * @return how many were deleted; less than {@code limit} means that none was left to delete, but
   *     for records that other calls held just then
   * @throws io.idem4j.MisuseException if {@code limit} is not positive
   * @throws io.idem4j.KeyStoreException if the store cannot answer
   */
  int purge(int limit);
}
