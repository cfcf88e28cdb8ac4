package io.idem4j;

/**
 * A payload or checkpoint does not fit the store; nothing was written (S4). Core answers it by
 * recording that the operation completed and its body was not kept.
 */
public final class PayloadTooLargeException extends KeyStoreException {
  private static final long serialVersionUID = 1L;

  private final long size;
  private final long limit;

  /**
   * Makes the exception.
   *
   * @param size how many bytes were to be stored
   * @param limit how many bytes fit
   */
  public PayloadTooLargeException(long size, long limit) {
    super(
        Certainty.NOT_APPLIED,
        Reason.TOO_LARGE,
        size + " bytes do not fit, the limit is " + limit,
        null);
    this.size = size;
    this.limit = limit;
  }

  /** Returns how many bytes were to be stored. */
  public long size() {
    return size;
  }

  /** Returns how many bytes fit. */
  public long limit() {
    return limit;
  }
}
