package io.idem4j.examples.payments;

/**
 * The refusals, as {@code application/problem+json} (RFC 9457). The type of each is stable; none
 * repeats anything that the client sent.
 */
final class Problem {
  static final String CONTENT_TYPE = "application/problem+json";
  private static final String TYPE = "urn:idem4j:payments:";

  private Problem() {}

  static Reply of(int status, String type, String title, String detail) {
    return Reply.of(answer(status, type, title, detail), type);
  }

  /** Returns a problem that a handler answers by choice, and that is therefore recorded. */
  static Answer answer(int status, String type, String title, String detail) {
    String body =
        Json.object()
            .put("type", TYPE + type)
            .put("title", title)
            .put("status", status)
            .put("detail", detail)
            .toString();
    return new Answer(status, null, CONTENT_TYPE, body);
  }

  static Reply unauthorized() {
    return of(
            401,
            "unauthorized",
            "No tenant",
            "Send one header 'Authorization: Bearer TENANT'; a tenant is 1 to 100 visible ASCII"
                + " characters.")
        .with("WWW-Authenticate", "Bearer");
  }

  static Reply badRequest(String detail) {
    return of(400, "bad-request", "The request cannot be understood", detail);
  }

  static Reply notFound() {
    return of(404, "not-found", "Not found", "There is no such resource for this tenant.");
  }

  static Reply methodNotAllowed(String allowed) {
    return of(405, "method-not-allowed", "Method not allowed", "Allowed here: " + allowed + ".")
        .with("Allow", allowed);
  }

  static Reply tooLarge(int maximumBytes) {
    return of(413, "too-large", "Body too large", "A body has at most " + maximumBytes + " bytes.");
  }

  static Reply keyMalformed(String detail) {
    return of(400, "key-malformed", "Malformed Idempotency-Key", detail);
  }

  static Reply keyMissing() {
    return of(
        400,
        "key-missing",
        "Idempotency-Key is missing",
        "This operation requires an Idempotency-Key header: a new one for each new operation, the"
            + " same one for each retry.");
  }

  static Reply inFlight() {
    return of(
            409,
            "in-flight",
            "The first request is still running",
            "A request with this Idempotency-Key is being processed. Retry it unchanged.")
        // The smaller of the lease's rest and a hint of 1 s, in whole seconds and at least 1.
        .with("Retry-After", "1");
  }

  static Reply keyReused() {
    return of(
        422,
        "key-reused",
        "Idempotency-Key was used for another request",
        "This Idempotency-Key belongs to a request with another path, query, content type or"
            + " body. Use a new key for a new request.");
  }

  static Reply outcomeUnknown() {
    return of(
        409,
        "outcome-unknown",
        "The outcome of the first request is unknown",
        "Nothing will run under this Idempotency-Key until somebody has looked.");
  }

  static Reply answerNotKept() {
    return of(
        409,
        "answer-not-kept",
        "The request was completed, but its answer was not kept",
        "The effect was made once, and nothing runs again under this Idempotency-Key.");
  }

  static Reply storeUnavailable() {
    return of(
            503,
            "store-unavailable",
            "The key store cannot be asked",
            "The request was not processed. Retry it unchanged.")
        .with("Retry-After", "1");
  }

  static Reply stopping() {
    return of(503, "stopping", "The service is stopping", "The request was not processed.")
        .with("Retry-After", "1")
        .with("Connection", "close");
  }

  static Reply internal(String note) {
    return of(
            500,
            "internal-error",
            "The request failed",
            "Retry it unchanged, with the same Idempotency-Key.")
        .noted(note);
  }
}
