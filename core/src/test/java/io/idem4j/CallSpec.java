package io.idem4j;

/**
 * What a call asks for, and what its operation does.
 *
 * @param key the number of the key
 * @param otherRequest whether it is the other of two requests
 * @param pauses how often the operation pauses
 * @param nap for how long it sleeps, in leases
 * @param heedsInterrupts whether the operation ends at an interrupt
 * @param finding what its recovery finds, if it is asked
 */
record CallSpec(
    int key,
    boolean otherRequest,
    Plan plan,
    Via via,
    Ending ending,
    int pauses,
    int nap,
    boolean heedsInterrupts,
    Finding finding) {
  /** How the operation is run. */
  enum Via {
    EXECUTE,
    /** By a claim whose lease is settled by the caller, and then once more. */
    CLAIM,
    /** By a claim whose lease is closed without an outcome. */
    CLAIM_AND_CLOSE,
    /** Asynchronously; the caller waits for the result. */
    ASYNC,
    /** Asynchronously; the caller goes away before or after the operation has begun. */
    ASYNC_CANCELLED
  }

  /** How the operation ends. */
  enum Ending {
    ANSWER,
    ANSWER_BELOW_LIMIT,
    ANSWER_AT_LIMIT,
    ANSWER_OVER_LIMIT,
    HARMLESS,
    PLAIN_FAILURE,
    REFUSAL,
    DOUBTFUL,
    ODD,
    ERROR,
    VM_ERROR,
    INTERRUPTS_ITSELF,
    NESTED
  }

  /** What a recovery says. */
  enum Finding {
    DONE,
    /** Where that is true, and {@link #UNKNOWN} where an earlier run goes on. */
    NOT_DONE,
    UNKNOWN,
    THROWS
  }

  /** Returns the same, asked for under another key. */
  CallSpec under(int other) {
    return new CallSpec(
        other, otherRequest, plan, via, ending, pauses, nap, heedsInterrupts, finding);
  }

  /** Returns the same with another finding. */
  CallSpec finding(Finding other) {
    return new CallSpec(key, otherRequest, plan, via, ending, pauses, nap, heedsInterrupts, other);
  }
}
