package io.idem4j.examples.payments;

import org.jspecify.annotations.Nullable;

/**
 * What a handler answers, and all of it that is recorded and replayed. Immutable.
 *
 * @param status the status code
 * @param location the {@code Location} header, if there is one
 * @param contentType the {@code Content-Type} header, if there is one
 * @param body the body; empty for none
 */
record Answer(int status, @Nullable String location, @Nullable String contentType, String body) {
  static final String JSON = "application/json";

  static Answer json(int status, String body) {
    return new Answer(status, null, JSON, body);
  }

  static Answer empty(int status) {
    return new Answer(status, null, null, "");
  }

  Answer at(String newLocation) {
    return new Answer(status, newLocation, contentType, body);
  }
}
