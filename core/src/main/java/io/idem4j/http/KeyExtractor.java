package io.idem4j.http;

import io.idem4j.IllegalKeyException;
import java.io.IOException;
import java.util.Optional;

/** Takes a request's key from elsewhere than a header field. Safe for use by many threads. */
@FunctionalInterface
public interface KeyExtractor {
  /**
   * Returns the key; empty if the request has none.
   *
   * @param request with its body read, so that {@link HttpRequest#body()} may be read here
   * @throws IllegalKeyException if what is there is no key: 400, with the exception's message,
   *     which must not repeat it
   * @throws IOException never for a body that was read; declared for its streams
   */
  Optional<String> extract(HttpRequest request) throws IOException;
}
