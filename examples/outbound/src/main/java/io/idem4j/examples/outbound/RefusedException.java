package io.idem4j.examples.outbound;

import io.idem4j.RecordedFailure;

/** The provider refused the request for good: that is the answer. */
final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String code;

  RefusedException(String code) {
    super("the provider refused: " + code);
    this.code = code;
  }

  RecordedFailure recorded() {
    return RecordedFailure.of(code);
  }
}
