package io.idem4j.http;

import io.idem4j.http.HttpProblem.Kind;

/** Ends a request before its key is claimed. */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1L;

  private final Kind kind;
  private final String detail;

  Refusal(Kind kind, String detail) {
    super(detail, null, false, false);
    this.kind = kind;
    this.detail = detail;
  }

  Kind kind() {
    return kind;
  }

  String detail() {
    return detail;
  }
}
