package io.idem4j;

/** {@link Outcome#orElseThrow()} was asked for an answer, and the outcome has none. */
public final class OutcomeException extends IdempotencyException {
  private static final long serialVersionUID = 1L;

  private final transient Outcome<?> outcome;

  OutcomeException(Outcome<?> outcome) {
    super("there is no answer: " + outcome, null);
    this.outcome = outcome;
  }

  /** Returns the outcome that has no answer. */
  public Outcome<?> outcome() {
    return outcome;
  }
}
