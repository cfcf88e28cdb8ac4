package io.idem4j.examples.payments;

import io.idem4j.http.HttpResponse;

/** One reply to one request: a response, and a note for the request's log line. Immutable. */
record Reply(HttpResponse response, String note) {
  static Reply of(HttpResponse response, String note) {
    return new Reply(response, note);
  }

  Reply with(String name, String value) {
    return new Reply(response.withHeader(name, value), note);
  }

  Reply noted(String newNote) {
    return new Reply(response, newNote);
  }
}
