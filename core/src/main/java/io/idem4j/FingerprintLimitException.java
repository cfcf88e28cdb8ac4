package io.idem4j;

/** A streamed part of a fingerprint is longer than its caller allows; over HTTP a 413. */
public final class FingerprintLimitException extends MisuseException {
  private static final long serialVersionUID = 1L;

  FingerprintLimitException(long maximumBytes) {
    super("a part of the fingerprint has more than " + maximumBytes + " bytes");
  }
}
