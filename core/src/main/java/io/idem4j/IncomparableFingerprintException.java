package io.idem4j;

/**
 * The record's fingerprint and the ones offered have no algorithm in common, so nobody can say
 * whether the request is the same. Nothing was run or changed. After a change of algorithm or HMAC
 * key, offer the old fingerprint too ({@link Fingerprint#or}) until the old records' retention is
 * over.
 */
public final class IncomparableFingerprintException extends MisuseException {
  private static final long serialVersionUID = 1L;

  IncomparableFingerprintException(String message) {
    super(message);
  }
}
