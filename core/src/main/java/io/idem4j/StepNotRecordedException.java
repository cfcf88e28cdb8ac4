package io.idem4j;

import org.jspecify.annotations.Nullable;

/**
 * A step made its effect, and its result can never be recorded: its codec threw, or it does not fit
 * ({@link Idempotency#maximumPayload}, or the store's own limit). The attempt ends in doubt,
 * whatever the policy and its classifier say, and whatever the operation does about this exception;
 * the steps before it stay recorded.
 */
public final class StepNotRecordedException extends IdempotencyException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Object value;

  StepNotRecordedException(String message, @Nullable Object value) {
    super(message, null);
    this.value = value;
  }

  /** Returns what the step returned; null too where the store said so only after it had gone on. */
  public @Nullable Object value() {
    return value;
  }
}
