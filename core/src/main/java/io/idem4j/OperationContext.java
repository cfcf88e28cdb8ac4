package io.idem4j;

import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an operation may know about its own run. Safe for use by many threads, and for as long as
 * the operation runs.
 */
public interface OperationContext {
  /** How many steps an operation may have. */
  int MAXIMUM_STEPS = 100;

  /** Returns the key under which the operation runs. */
  IdempotencyKey key();

  /** Returns how many times the operation may have started under this key, this run included. */
  int attempt();

  /**
   * Returns a number that rises with every claim of the key, for downstream systems that can refuse
   * writes which bear a lower one than they have seen. Across lives of a record it rises as long as
   * the claimers' clocks differ by less than the retention.
   */
  long fence();

  /** Returns {@link IdempotencyKey#derivedKey} of the key under which the operation runs. */
  default String derivedKey(String step) {
    return key().derivedKey(step);
  }

  /** Returns {@link IdempotencyKey#derivedUuid} of the key under which the operation runs. */
  default UUID derivedUuid(String step) {
    return key().derivedUuid(step);
  }

  /**
   * Replaces the record's reference with the next write of this holder, such as by the id of what
   * was created. See {@link IdempotencyKey#withReference}. Where the text comes from elsewhere, see
   * to its length: what an operation throws after its effect is a failure of the operation.
   *
   * @throws IllegalKeyException if the text cannot be a reference
   */
  void reference(String reference);

  /**
   * Says whether somebody else may hold the key by now: the store refused a renewal, or no renewal
   * was confirmed in time. An operation that sees this should stop making effects. Advisory:
   * whether its answer is recorded is decided by the store alone.
   */
  boolean isLeaseLost();

  /**
   * Runs a step once: its result is recorded when it is done, and a later attempt under the same
   * key, on whatever machine, gets that result without running the step again. So an attempt
   * resumes behind the last step that was recorded, after a failure, a crash, or a recovery that
   * said <em>not done</em>.
   *
   * <p>Effect: the supplier runs on the calling thread; then the result is recorded by one atomic
   * write, which renews the lease too. A step is not undone and not recorded if the supplier
   * throws: what that means for the key is up to the policy, as for the whole operation. Between
   * the step's effect and the write a crash may still fall, so a policy that re-runs may run the
   * last step again: it needs a {@link #derivedKey} like any other call.
   *
   * <p>If the store does not say in time whether the result was recorded, the step has succeeded
   * all the same, and every later write of this attempt carries the result until one is answered.
   *
   * <p>Every attempt makes the same steps in the same order, one after the other: no step begins
   * inside of another or beside it. An attempt may end before it has come to all recorded steps.
   *
   * @param name the stable name of the step, different from the others; at most {@value
   *     IdempotencyKey#OPERATION_LENGTH} characters. Part of the program, like an operation's name:
   *     messages show it
   * @param codec turns the result into bytes and back; a null result is recorded without it. All
   *     results of an operation, with their names and labels, have at most {@link
   *     Idempotency#maximumPayload} bytes
   * @param supplier makes the effect
   * @return the result, now or recorded
   * @throws X what the supplier threw
   * @throws StepsChangedException if another step is recorded in this place; nothing was run
   * @throws StepNotRecordedException if the step ran, and its result can never be recorded
   * @throws LeaseLostException if the lease is known to be lost, and the step was not run; or if
   *     the store refused the result, because the key is another's or its record is gone: then
   *     nothing was changed, and the result is attached
   * @throws CodecException if the recorded result cannot be read, or bears another type label;
   *     nothing was run, and the key becomes what a {@link StepsChangedException} makes of it
   * @throws IllegalKeyException if the name is blank, too long or no well-formed Unicode; nothing
   *     was run
   * @throws MisuseException if two steps of this attempt have one name, another step is under way,
   *     there are more than {@value #MAXIMUM_STEPS}, not even an empty result would fit, the
   *     attempt has ended, or a {@link Recovery} is asked; nothing was run
   */
  <S extends @Nullable Object, X extends Exception> S step(
      String name, Codec<S> codec, StepSupplier<? extends S, X> supplier) throws X;

  /**
   * Runs a step that blocks no thread. As {@link #step}; the result is recorded on the executor of
   * the {@link Idempotency}.
   *
   * @return what completes with the result once it is recorded, or as {@link #step} throws: nothing
   *     is thrown here. Cancelling it detaches the caller alone
   */
  <S extends @Nullable Object> CompletableFuture<S> stepAsync(
      String name, Codec<S> codec, Supplier<? extends CompletionStage<? extends S>> supplier);

  /** Returns the steps that are done under this key so far, those of earlier attempts included. */
  RecordedSteps recordedSteps();
}
