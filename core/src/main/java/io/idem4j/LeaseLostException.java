package io.idem4j;

import org.jspecify.annotations.Nullable;

/**
 * The lease was lost: somebody else took the key over, or its record is gone. The answer was not
 * recorded and nothing was changed; the effect of the run may exist beside another's.
 */
public final class LeaseLostException extends IdempotencyException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Object value;

  LeaseLostException(String message, @Nullable Object value) {
    super(message, null);
    this.value = value;
  }

  /** Returns the value that the operation returned and that was not recorded, or null. */
  public @Nullable Object value() {
    return value;
  }
}
