package io.idem4j;

import org.jspecify.annotations.Nullable;

/**
 * A promise of this library could not be kept. Answers are values ({@link Outcome}); only broken
 * promises are exceptions.
 *
 * <p>Messages name the operation, the state and the short digest of the key id; never a key, a
 * fingerprint, a stamp or a payload.
 */
public abstract class IdempotencyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  IdempotencyException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
