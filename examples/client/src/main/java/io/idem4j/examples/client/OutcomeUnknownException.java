package io.idem4j.examples.client;

import org.jspecify.annotations.Nullable;

/**
 * A call was given up before it was answered. That does not mean that it failed: it may have taken
 * effect, be running, or take effect yet. To find out, send the same request under the same key
 * again, later or from another process; a new key would make a second effect.
 */
public final class OutcomeUnknownException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String key;
  private final int attempts;
  private final String lastFailure;

  OutcomeUnknownException(
      String why, String key, int attempts, String lastFailure, @Nullable Throwable cause) {
    super(
        "the outcome is unknown: given up ("
            + why
            + ") after "
            + attempts
            + (attempts == 1 ? " attempt" : " attempts")
            + ", the last one: "
            + lastFailure
            + "; to resume, send the same request under the same key",
        cause);
    this.key = key;
    this.attempts = attempts;
    this.lastFailure = lastFailure;
  }

  /** Returns the key, under which the call is to be resumed. The message does not show it. */
  public String key() {
    return key;
  }

  /** Returns how many attempts were made. */
  public int attempts() {
    return attempts;
  }

  /** Returns what became of the last attempt. */
  public String lastFailure() {
    return lastFailure;
  }
}
