package io.idem4j.examples.payments;

import java.util.HashMap;
import java.util.Map;

/**
 * One reply to one request: an answer, headers that belong to this reply only and are never
 * recorded, and a note for the request's log line. Immutable.
 */
record Reply(Answer answer, Map<String, String> headers, String note) {
  Reply {
    headers = Map.copyOf(headers);
  }

  static Reply of(Answer answer, String note) {
    return new Reply(answer, Map.of(), note);
  }

  Reply with(String name, String value) {
    Map<String, String> more = new HashMap<>(headers);
    more.put(name, value);
    return new Reply(answer, more, note);
  }

  Reply noted(String newNote) {
    return new Reply(answer, headers, newNote);
  }
}
