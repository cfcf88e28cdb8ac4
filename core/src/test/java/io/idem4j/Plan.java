package io.idem4j;

import io.idem4j.OperationPolicy.Mode;
import io.idem4j.spi.KeyState;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** The policies that the model's callers use, all for one operation. */
enum Plan {
  RERUN(OperationPolicy.rerun(), 3_000, 0),
  RERUN_WAITING(OperationPolicy.rerun(), 3_000, 2_000),
  RERUN_SHORT(OperationPolicy.rerun().withInterruptOnLeaseLoss(), 300, 0),
  HOLD(OperationPolicy.hold(), 3_000, 0),
  HOLD_WAITING(OperationPolicy.hold(), 3_000, 2_000),
  HOLD_SHORT(OperationPolicy.hold().withInterruptOnLeaseLoss(), 300, 0),
  RECOVER(OperationPolicy.recover(), 3_000, 0),
  RECOVER_WAITING(OperationPolicy.recover(), 3_000, 2_000),
  RECOVER_SHORT(OperationPolicy.recover().withInterruptOnLeaseLoss(), 300, 0);

  static final String OPERATION = "charge";
  static final Duration LONGEST_LEASE = Duration.ofSeconds(3);
  static final Duration MAXIMUM_HOLD = Times.HOLD;

  /** The shortest time for which anything is kept; no message may be older (S8). */
  static final Duration RETENTION = Times.RETENTION;

  /** The constructor may not use the constants of the enum itself. */
  private static final class Times {
    static final Duration HOLD = Duration.ofSeconds(9);
    static final Duration RETENTION = Duration.ofMinutes(10);
    static final Duration PAUSE = Duration.ofSeconds(2);
    static final Duration IN_DOUBT_RETENTION = Duration.ofMinutes(20);
  }

  @SuppressWarnings("ImmutableEnumChecker") // a policy is immutable, and says so
  private final OperationPolicy policy;

  Plan(OperationPolicy policy, long leaseMillis, long waitMillis) {
    boolean reruns = policy.mode() == Mode.RERUN;
    this.policy =
        policy
            .withLease(Duration.ofMillis(leaseMillis))
            .withMaximumHold(Times.HOLD)
            .withRetention(Times.RETENTION)
            .withInDoubtRetention(Times.IN_DOUBT_RETENTION)
            .withRecoveryPause(Times.PAUSE)
            .withWaitBudget(Duration.ofMillis(waitMillis))
            .withClassifier(failure -> classify(failure, reruns))
            .withReleased(Harmless.class)
            .withFinal(Refusal.class, refusal -> refusal.recorded);
  }

  private static FailureClassifier.Verdict classify(Throwable failure, boolean reruns) {
    if (failure instanceof Odd) {
      throw new IllegalStateException(Canaries.BODY);
    }
    return reruns && !(failure instanceof Doubtful)
        ? FailureClassifier.Verdict.retryable()
        : FailureClassifier.Verdict.inDoubt();
  }

  OperationPolicy policy() {
    return policy;
  }

  Mode mode() {
    return policy.mode();
  }

  /** Returns the plan like this one of another mode. */
  Plan like(Mode mode) {
    return valueOf(mode + name().substring(mode().name().length()));
  }

  /** What a failure must be recorded as, written down apart from the policy; null for nothing. */
  KeyState verdict(Throwable failure) {
    if (failure instanceof VirtualMachineError) {
      return null;
    } else if (failure instanceof Harmless) {
      return KeyState.FAILED_RETRYABLE;
    } else if (failure instanceof Refusal) {
      return KeyState.FAILED_FINAL;
    } else if (failure instanceof Doubtful || failure instanceof Odd) {
      return KeyState.FAILED_IN_DOUBT;
    }
    return mode() == Mode.RERUN ? KeyState.FAILED_RETRYABLE : KeyState.FAILED_IN_DOUBT;
  }

  /** A failure that was declared to have made no effect. */
  static final class Harmless extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** A failure that is an answer. */
  static final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;
    final transient RecordedFailure recorded;

    Refusal(String answer) {
      recorded = new RecordedFailure("refused", answer.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** A failure after which nobody knows. */
  static final class Doubtful extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** A failure at which the classifier throws. */
  static final class Odd extends Exception {
    private static final long serialVersionUID = 1L;
  }
}
