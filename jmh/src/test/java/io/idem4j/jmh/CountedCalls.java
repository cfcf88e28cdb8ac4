package io.idem4j.jmh;

/**
 * What calls cost that are repeated. The first calls are made without counting: by then statements
 * are prepared and scripts are loaded.
 */
final class CountedCalls {
  static final int WARM_UP = 20;
  static final int CALLS = 50;

  private CountedCalls() {}

  /** One call, of its own number. */
  @FunctionalInterface
  interface Call {
    void make(int number) throws Exception;
  }

  /** Returns how many of what was counted there were for each call, in any thread. */
  static double of(Counts what, Call call) throws Exception {
    for (int i = 0; i < WARM_UP; i++) {
      call.make(i);
    }
    double before = what.ofAll();
    for (int i = WARM_UP; i < WARM_UP + CALLS; i++) {
      call.make(i);
    }
    return (what.ofAll() - before) / CALLS;
  }
}
