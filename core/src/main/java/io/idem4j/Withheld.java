package io.idem4j;

/**
 * Stands for a throwable whose message may hold stored data: its type and where it was thrown, and
 * the same of its causes.
 */
final class Withheld extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int DEEPEST = 10;

  Withheld(Throwable original) {
    this(original, DEEPEST);
  }

  private Withheld(Throwable original, int deepest) {
    super(
        original.getClass().getName() + ", message withheld",
        original.getCause() == null || deepest == 0
            ? null
            : new Withheld(original.getCause(), deepest - 1));
    setStackTrace(original.getStackTrace());
  }
}
