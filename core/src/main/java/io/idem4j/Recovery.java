package io.idem4j;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what became of an earlier attempt: the callback of {@link OperationPolicy#recover}.
 * Safe for use by many threads, and never called by two holders of one key at a time, as far as
 * leases tell.
 *
 * @param <T> the type of the answers
 */
@FunctionalInterface
public interface Recovery<T extends @Nullable Object> {
  /**
   * Looks whether the effect of an earlier attempt was made. Called under the lock of the new
   * holder, which is renewed meanwhile, before the operation would run again.
   *
   * <p>{@link OperationContext#recordedSteps} tells how far the earlier attempts came; a recovery
   * runs no steps itself. The record does not keep when an attempt began: an operation whose
   * recovery must know, because what it calls forgets a derived key after a day, records the time
   * as its first step.
   *
   * <p>Safe to repeat, and changes nothing but what makes an earlier attempt impossible from here
   * on. It may not say {@link Finding#notDone} while a request of an earlier attempt may still
   * arrive somewhere.
   *
   * @throws Exception whatever went wrong: counts as {@link Finding#unknown}
   */
  Finding<T> recover(OperationContext context) throws Exception;

  /**
   * What was found. Immutable.
   *
   * @param <T> the type of the answers
   */
  final class Finding<T extends @Nullable Object> {
    /** The kinds of finding. */
    enum Kind {
      DONE,
      NOT_DONE,
      FAILED,
      UNKNOWN
    }

    private static final Finding<?> NOT_DONE = new Finding<>(Kind.NOT_DONE, null, null);
    private static final Finding<?> UNKNOWN = new Finding<>(Kind.UNKNOWN, null, null);

    private final Kind kind;
    private final @Nullable T value;
    private final @Nullable RecordedFailure failure;

    private Finding(Kind kind, @Nullable T value, @Nullable RecordedFailure failure) {
      this.kind = kind;
      this.value = value;
      this.failure = failure;
    }

    /** The effect was made: this is the answer, to be recorded now. */
    public static <T extends @Nullable Object> Finding<T> done(T value) {
      return new Finding<>(Kind.DONE, value, null);
    }

    /**
     * It failed for good, or was undone: this is the failure, to be recorded now and replayed to
     * every retry.
     */
    public static <T extends @Nullable Object> Finding<T> failed(RecordedFailure failure) {
      return new Finding<>(Kind.FAILED, null, Objects.requireNonNull(failure, "failure"));
    }

    /** The effect was not made, and no earlier attempt can make it any more: run the operation. */
    @SuppressWarnings("unchecked") // it holds none
    public static <T extends @Nullable Object> Finding<T> notDone() {
      return (Finding<T>) NOT_DONE;
    }

    /** Nobody can tell yet: the key stays in doubt, and is asked about again later. */
    @SuppressWarnings("unchecked") // it holds none
    public static <T extends @Nullable Object> Finding<T> unknown() {
      return (Finding<T>) UNKNOWN;
    }

    Kind kind() {
      return kind;
    }

    @SuppressWarnings("NullAway") // what was done has the value that it was made of
    T value() {
      return value;
    }

    RecordedFailure failure() {
      return Objects.requireNonNull(failure);
    }

    @Override
    public String toString() {
      return "Finding[" + kind + "]";
    }
  }
}
