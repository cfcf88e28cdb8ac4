package io.idem4j;

/**
 * A scope, an operation name, a key value or a reference that cannot be used: blank, too long, or
 * no well-formed Unicode. It came from outside and was refused before any store call; over HTTP it
 * is a 400. The message never repeats the text.
 */
public final class IllegalKeyException extends MisuseException {
  private static final long serialVersionUID = 1L;

  /** Makes the exception with a message that says what is wrong, without the text itself. */
  public IllegalKeyException(String message) {
    super(message);
  }
}
