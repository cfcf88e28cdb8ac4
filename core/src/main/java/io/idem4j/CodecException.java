package io.idem4j;

/**
 * A recorded answer cannot be read: another type label, or bytes that the codec refuses. The
 * operation was not run again and the record is as it was; mend the codec and retry.
 */
public final class CodecException extends IdempotencyException {
  private static final long serialVersionUID = 1L;

  CodecException(String message) {
    super(message, null);
  }
}
