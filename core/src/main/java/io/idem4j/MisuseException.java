package io.idem4j;

/**
 * The caller asked for something that makes no sense: a nested call on its own key, a lease used
 * twice, a duration that cannot work. Nothing was changed by the refused call.
 */
public class MisuseException extends IdempotencyException {
  private static final long serialVersionUID = 1L;

  /** Makes the exception with a message that says what to do instead. */
  public MisuseException(String message) {
    super(message, null);
  }
}
