package io.idem4j.jmh;

import java.util.concurrent.atomic.DoubleAdder;

/**
 * What is counted in the JVM of a benchmark beside the time, in the same way on both sides of a
 * ratio. Each is kept apart for the threads that make the measured calls and for all others: what a
 * renewal or a pool sends on its own belongs to no call. Safe for use by many threads.
 */
@SuppressWarnings("ImmutableEnumChecker") // each is a counter, there once in this JVM
enum Counts {
  /** Round trips on the wire: how often something was sent after something was received. */
  TRIPS,
  /** Connections taken from the pool of a data source. */
  CHECKOUTS,
  /** DynamoDB's capacity units, as its answers say them. */
  UNITS,
  /** Answers of DynamoDB that do not say how many units were consumed: those of refused writes. */
  UNITS_UNTOLD,
  /** Bytes that the measured calls allocate, where JMH's own count is of more than these. */
  BYTES,
  /** Runs of the operation. */
  RUNS,
  /** Calls of the store that threw. */
  ERRORS,
  /** Looks at the store by those who wait. */
  POLLS,
  /** Poll intervals that began while somebody waited. */
  INTERVALS;

  /** How JMH names the threads of a benchmark. */
  private static final String JMH_THREAD = "-jmh-worker-";

  /** Whose what this thread does is. */
  private enum Whose {
    CALL,
    BACKGROUND,
    NOBODY
  }

  private static final ThreadLocal<Whose> WHOSE =
      ThreadLocal.withInitial(
          () ->
              Thread.currentThread().getName().contains(JMH_THREAD)
                  ? Whose.CALL
                  : Whose.BACKGROUND);

  private final DoubleAdder calls = new DoubleAdder();
  private final DoubleAdder background = new DoubleAdder();
  private volatile boolean counting;

  /** Says that this is counted here, though there may be none. */
  void begin() {
    if (!counting) {
      counting = true;
    }
  }

  /** Returns whether any was ever counted, or could have been. */
  boolean isCounting() {
    return counting;
  }

  void add(double number) {
    begin();
    switch (WHOSE.get()) {
      case CALL -> calls.add(number);
      case BACKGROUND -> background.add(number);
      case NOBODY -> {}
    }
  }

  /** Returns how many there were in the threads that make the measured calls. */
  double ofCalls() {
    return calls.sum();
  }

  /** Returns how many there were in any thread. */
  double ofAll() {
    return calls.sum() + background.sum();
  }

  /** Makes this thread one that makes the measured calls; JMH's own are. */
  static void ofThisThread() {
    WHOSE.set(Whose.CALL);
  }

  /** Work that may fail. */
  @FunctionalInterface
  interface Work<X extends Exception> {
    void run() throws X;
  }

  /** Does in this thread what is not to be counted: what comes before calls, or after them. */
  static <X extends Exception> void aside(Work<X> work) throws X {
    Whose before = WHOSE.get();
    WHOSE.set(Whose.NOBODY);
    try {
      work.run();
    } finally {
      WHOSE.set(before);
    }
  }
}
