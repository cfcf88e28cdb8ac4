package io.idem4j.http;

/** How a retry is answered if the first response's body was too large to be recorded. */
public enum Oversize {
  /**
   * With its status and header fields and without a body, and with {@code Idempotent-Body-Omitted:
   * true}, which says so.
   */
  OMIT_BODY,
  /** With 409 and the reference that the handler set. */
  REFERENCE_ONLY,
  /** With 409. */
  REJECT_REPLAY
}
