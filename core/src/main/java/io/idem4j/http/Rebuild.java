package io.idem4j.http;

import java.util.Optional;

/** Answers a retry from the current state. Safe for use by many threads. */
@FunctionalInterface
public interface Rebuild {
  /**
   * Returns the response; changes nothing. It gets the marker of a replay, and is not recorded.
   *
   * @param recorded what the first request was answered, as far as it was recorded
   * @param reference the reference that the first request's handler set
   */
  HttpResponse rebuild(HttpRequest request, HttpResponse recorded, Optional<String> reference);
}
