package io.idem4j.examples.messages;

/** A message can never be handled: recorded under its key, and the message is dead-lettered. */
public final class PoisonMessageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String code;

  /**
   * Makes the exception.
   *
   * @param code a stable code such as {@code unknown-article}, which is recorded and sent with the
   *     dead letter
   */
  public PoisonMessageException(String code) {
    super(code);
    this.code = code;
  }

  /** Returns the code. */
  public String code() {
    return code;
  }
}
