package io.idem4j;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says what a throwable of the operation means for its key. Total: a classifier that itself throws
 * is taken to have said {@link Verdict#inDoubt()}.
 *
 * <p>Never asked about errors of the virtual machine, which leave the key locked until its lease is
 * over, nor about this library's own exceptions, which get the policy's default. Safe for use by
 * many threads.
 */
@FunctionalInterface
public interface FailureClassifier {
  /** Returns what the throwable means. */
  Verdict classify(Throwable failure);

  /** What becomes of the key after a failure. Immutable. */
  final class Verdict {
    private static final Verdict RETRYABLE = new Verdict(Kind.RETRYABLE, null);
    private static final Verdict IN_DOUBT = new Verdict(Kind.IN_DOUBT, null);

    /** The kinds of verdict. */
    public enum Kind {
      /** The key is released and the next call runs the operation again. */
      RETRYABLE,
      /** The failure is the answer, for every duplicate. */
      FINAL,
      /** Nobody knows whether the effect was made: nothing runs until somebody settles it. */
      IN_DOUBT
    }

    private final Kind kind;
    private final @Nullable RecordedFailure failure;

    private Verdict(Kind kind, @Nullable RecordedFailure failure) {
      this.kind = kind;
      this.failure = failure;
    }

    /** No effect was made, or it is safe to repeat: release the key. */
    public static Verdict retryable() {
      return RETRYABLE;
    }

    /**
     * The failure is the answer: record it and replay it. Bytes over the maximum payload are not
     * kept; the code always is.
     */
    public static Verdict isFinal(RecordedFailure failure) {
      return new Verdict(Kind.FINAL, Objects.requireNonNull(failure, "failure"));
    }

    /** The effect may have been made: hold the key. */
    public static Verdict inDoubt() {
      return IN_DOUBT;
    }

    /** Returns the kind. */
    public Kind kind() {
      return kind;
    }

    /** Returns the failure that a final verdict records. */
    public Optional<RecordedFailure> failure() {
      return Optional.ofNullable(failure);
    }

    @Override
    public String toString() {
      return "Verdict[" + kind + "]";
    }
  }
}
