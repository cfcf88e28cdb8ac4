package io.idem4j.examples.payments;

import io.idem4j.http.HttpResponse;

/**
 * The service's own refusals, as {@code application/problem+json} (RFC 9457). The type of each is
 * stable; none repeats anything that the client sent.
 */
final class Problem {
  static final String CONTENT_TYPE = "application/problem+json";
  static final String TYPE = "urn:idem4j:payments:";

  private Problem() {}

  static Reply of(int status, String type, String title, String detail) {
    return Reply.of(answer(status, type, title, detail), type);
  }

  /** Returns a problem that a handler answers by choice, and that is therefore recorded. */
  static HttpResponse answer(int status, String type, String title, String detail) {
    String body =
        Json.object()
            .put("type", TYPE + type)
            .put("title", title)
            .put("status", status)
            .put("detail", detail)
            .toString();
    return HttpResponse.of(status, CONTENT_TYPE, body);
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
    return of(
        413, "body-too-large", "Body too large", "A body has at most " + maximumBytes + " bytes.");
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
