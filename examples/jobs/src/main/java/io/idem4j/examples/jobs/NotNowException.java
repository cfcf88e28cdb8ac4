package io.idem4j.examples.jobs;

import java.time.Duration;

/**
 * Thrown by a job's work that cannot go on for the time being, because another holds what it needs
 * or nobody knows yet what became of an earlier attempt. No failure: the job is put back.
 */
public final class NotNowException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Duration retryAfter;

  /** Makes one; the job is put back for that long. */
  public NotNowException(Duration retryAfter) {
    super("not now", null, false, false);
    this.retryAfter = retryAfter;
  }

  /** Returns for how long the job is put back. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
