package io.idem4j.http;

import io.idem4j.MisuseException;
import org.jspecify.annotations.Nullable;

/**
 * The request is refused before anything was done: its key is missing or malformed, or its body is
 * too large. Nothing was run and no store was asked.
 */
public final class HttpRefusedException extends MisuseException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable HttpResponse response;

  HttpRefusedException(String message, HttpResponse response) {
    super(message);
    this.response = response;
  }

  /** Returns what the client is to be answered. */
  public HttpResponse response() {
    return response == null ? HttpResponse.of(400) : response;
  }
}
