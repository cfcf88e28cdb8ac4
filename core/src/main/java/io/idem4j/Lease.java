package io.idem4j;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Outcome.OwnRun;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.Slots;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.TransactionBound;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A key that the caller holds until it is completed, failed or closed. Renews itself at a third of
 * the lease, up to the policy's maximum hold. For embedders; {@link Operation#execute} does all
 * this by itself.
 *
 * <p>Safe for use by many threads, and from any thread; exactly one of {@link #complete}, {@link
 * #fail(Throwable)}, {@link #fail(Verdict)} settles it, once.
 *
 * @param <T> the type of the answer
 */
public final class Lease<T extends @Nullable Object> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);

  private final Operation<T> operation;
  private final HeldKey held;
  private final Steps steps;
  private final OperationContext context;

  Lease(Operation<T> operation, HeldKey held) {
    this.operation = operation;
    this.held = held;
    this.steps = new Steps(held);
    this.context = new LeaseContext(held, steps, true);
  }

  /** Returns what the operation may know about its run. */
  public OperationContext context() {
    return context;
  }

  OperationContext recoveryContext() {
    return new LeaseContext(held, steps, false);
  }

  HeldKey held() {
    return held;
  }

  /**
   * Records the answer.
   *
   * <p>Effect: the key is COMPLETED and every duplicate gets this answer; one atomic write. An
   * answer that is too large, or that the codec cannot encode, is recorded as completed without its
   * body: the operation is never run again for it. Where the operation's {@link AnswerClassifier}
   * gives a verdict on the answer, that is recorded instead, as by {@link #fail(Verdict)}, and the
   * caller still gets its own answer.
   *
   * <p>Result: {@link Outcome.Executed}, which says whether the answer is known to be recorded; or
   * {@link Outcome.Replayed} or {@link Outcome.Failed} with the caller's own value attached, where
   * another's answer to the same request was recorded first.
   *
   * <p>Not to be repeated: the write itself is repeated as often as it takes, up to the store
   * deadline here and up to the maximum hold in the background.
   *
   * @throws LeaseLostException if the key is another's or its record is gone, or another's answer
   *     was recorded first and cannot be read; nothing was changed, and the value is attached
   * @throws StepsChangedException if a step threw it; the key was failed as it says
   * @throws StepNotRecordedException as that one
   * @throws CodecException as that one, of a recorded step
   * @throws MisuseException if the lease was completed, failed or closed before
   */
  public Outcome<T> complete(T value) {
    IdempotencyException doom = steps.doom();
    if (doom != null) {
      Optional<Outcome<T>> recordedFirst = settle(steps.verdict(doom), doom);
      if (recordedFirst.isPresent()) {
        return recordedFirst.get();
      }
      throw doom;
    }
    return complete(value, operation.verdict(value, held.request().key()), false);
  }

  /** Records the answer that a recovery found. */
  Outcome<T> completeRecovered(T value) {
    return complete(value, Optional.empty(), true);
  }

  /**
   * Claims the key once more, in another transaction than the one in which this lease was granted
   * and which was lost. It is a part of the same call: an {@link Idempotency} that was closed
   * meanwhile does not refuse it. Used by stores that offer such transactions; otherwise as {@link
   * Operation#claim(TransactionBound, IdempotencyKey, Fingerprint)}.
   */
  public Claim<T> claimAgain(TransactionBound transaction) {
    Engine engine = held.engine().boundTo(transaction);
    return operation.claimCounted(engine, held.request(), engine.activity().begin());
  }

  /**
   * Prepares the completion for a transaction of another party to write, together with the effect.
   *
   * <p>Effect: renewals are suspended, and one that is under way is settled, until the fate of the
   * completion is reported. Nothing is written. An answer that is too large, or that the codec
   * cannot encode, is prepared without its body; where the {@link AnswerClassifier} gives a verdict
   * on the answer, that is prepared. A lease that is known to be lost is not refused here but by
   * the write.
   *
   * @throws KeyStoreException if the store did not say within the store deadline what became of a
   *     renewal; the lease is held as before
   * @throws StepsChangedException as {@link #complete}, but that the lease is still to be failed
   * @throws StepNotRecordedException as that one
   * @throws MisuseException if the lease was completed, failed or closed before, a completion is
   *     prepared already, or a step is under way, whose result would be recorded by nobody
   */
  public PreparedCompletion<T> prepare(T value) {
    KeyId id = held.request().id();
    Answers<T> answers = operation.answers();
    Optional<Verdict> verdict = operation.verdict(value, held.request().key());
    @Nullable Slots slots = null;
    Iterable<Supplier<byte[]>> smaller = List.of();
    if (verdict.isEmpty()) {
      slots = Slots.of(answers.seal(value, id), null);
      smaller = withoutBody(value);
    } else if (verdict.get().failure().isPresent()) {
      RecordedFailure failure = verdict.get().failure().get();
      slots = Slots.of(answers.seal(failure), null);
      smaller = List.of(() -> answers.withoutBytes(failure));
    }
    KeyState state = verdict.map(Lease::state).orElse(KeyState.COMPLETED);
    Stamp expected = Suspension.of(held);
    try {
      // Once suspended: no step begins any more, and the last renewal may have told of a doom.
      steps.requireAtRest();
    } catch (IdempotencyException e) {
      held.resume();
      throw e;
    }
    KeyRecord next =
        held.settled(state)
            .slots(slots == null ? held.checkpoint().slots() : slots)
            .stamp(held.stamps().fresh())
            .build();
    return new PreparedCompletion<>(
        this, operation.engine(), value, verdict, expected, next, smaller.iterator());
  }

  private static KeyState state(Verdict verdict) {
    return switch (verdict.kind()) {
      case RETRYABLE -> KeyState.FAILED_RETRYABLE;
      case IN_DOUBT -> KeyState.FAILED_IN_DOUBT;
      case FINAL -> KeyState.FAILED_FINAL;
    };
  }

  /** Made when it is asked for: hardly ever. */
  private Iterable<Supplier<byte[]>> withoutBody(T value) {
    return () -> {
      Answers<T> answers = operation.answers();
      List<Supplier<byte[]>> smaller =
          List.of(() -> answers.withoutBody(value, held.request().id()), answers::withoutBody);
      return smaller.iterator();
    };
  }

  /**
   * Runs an action as the operation of this lease, on the calling thread: a call for the same key
   * inside it is refused, and an interrupt on lease loss reaches it. Records nothing.
   *
   * @throws X what the action threw
   */
  public <R extends @Nullable Object, X extends Exception> R run(Action<? extends R, X> action)
      throws X {
    Nesting nesting = Nesting.enter(operation.engine().store(), held.request().id());
    held.runner().begin();
    try {
      return action.run(context);
    } finally {
      held.runner().end();
      nesting.leave();
    }
  }

  /**
   * Returns what the policy says about a failure; nothing about an error of the virtual machine,
   * which records nothing.
   */
  public Optional<Verdict> verdict(Throwable failure) {
    IdempotencyException doom = steps.doom();
    if (doom != null) {
      return Optional.of(steps.verdict(doom));
    }
    return failure instanceof VirtualMachineError
        ? Optional.empty()
        : Optional.of(operation.policy().verdict(failure));
  }

  private Outcome<T> complete(T value, Optional<Verdict> verdict, boolean isRecovered) {
    Settling.Result result = verdict.isEmpty() ? recordAnswer(value) : recordFailure(verdict.get());
    return outcome(result, value, verdict, isRecovered);
  }

  /** Tells the listener what became of a completion, and the caller what it got. */
  Outcome<T> outcome(
      Settling.Result result, T value, Optional<Verdict> verdict, boolean isRecovered) {
    if (result instanceof Settling.Result.Recorded) {
      if (verdict.isEmpty()) {
        held.subject().tell("completed", IdempotencyListener::completed);
      } else {
        tellFailed(verdict.get());
      }
      return completed(value, true, isRecovered);
    } else if (result instanceof Settling.Result.NotKnown) {
      warn("its answer is not known to be recorded and is re-sent in the background");
      held.subject().tell("recordedUnknown", IdempotencyListener::recordedUnknown);
      return completed(value, false, isRecovered);
    } else if (result instanceof Settling.Result.Superseded superseded) {
      held.subject().leaseLost("another's answer was recorded first");
      try {
        return operation
            .answers()
            .replay(superseded.recorded(), Optional.of(new OwnRun(value, null)));
      } catch (IdempotencyException e) {
        throw lost("another's answer was recorded first and cannot be read", value, e);
      }
    }
    String why = ((Settling.Result.Lost) result).why();
    held.subject().leaseLost(why);
    throw lost(why, value, null);
  }

  /** Records an answer, and tells nobody. */
  Settling.Result recordAnswer(T value) {
    return Settling.complete(
        held, operation.answers().seal(value, held.request().id()), withoutBody(value));
  }

  private Outcome<T> completed(T value, boolean recorded, boolean isRecovered) {
    return isRecovered
        ? new Outcome.Recovered<>(value, recorded)
        : new Outcome.Executed<>(value, recorded);
  }

  /** Records the failure that a recovery found. */
  Outcome<T> failRecovered(RecordedFailure failure) {
    Verdict verdict = Verdict.isFinal(failure);
    Settling.Result result = recordFailure(verdict);
    if (result instanceof Settling.Result.Superseded superseded) {
      return operation.answers().replay(superseded.recorded(), Optional.empty());
    } else if (result instanceof Settling.Result.Lost lost) {
      held.subject().leaseLost(lost.why());
      held.subject().tell("inDoubt", IdempotencyListener::inDoubt);
      return new Outcome.InDoubt<>(Optional.of(operation.policy().recoveryPause()));
    } else if (result instanceof Settling.Result.NotKnown) {
      tellNotKnown();
    } else {
      tellFailed(verdict);
    }
    return new Outcome.Failed<>(failure, Optional.empty());
  }

  /** Records that the recovery could not tell; nothing was run. */
  Outcome<T> unrecovered() {
    Settling.Result result = Settling.unrecovered(held);
    if (result instanceof Settling.Result.Superseded superseded) {
      return operation.answers().replay(superseded.recorded(), Optional.empty());
    } else if (result instanceof Settling.Result.Lost lost) {
      held.subject().leaseLost(lost.why());
    }
    held.subject().tell("inDoubt", IdempotencyListener::inDoubt);
    return new Outcome.InDoubt<>(Optional.of(operation.policy().recoveryPause()));
  }

  /**
   * Records a failure as the policy's classifier sees it; an error of the virtual machine records
   * nothing and lets the lease lapse.
   *
   * @return nothing if the caller should throw its failure on; an outcome where another's answer to
   *     the same request was recorded first, with the failure attached
   * @throws MisuseException if the lease was completed, failed or closed before
   */
  public Optional<Outcome<T>> fail(Throwable failure) {
    if (failure instanceof VirtualMachineError && steps.doom() == null) {
      if (held.end() == null) {
        throw Settling.settledBefore(held);
      }
      held.release();
      return Optional.empty();
    }
    IdempotencyException doom = steps.doom();
    return settle(
        doom == null ? operation.policy().verdict(failure) : steps.verdict(doom), failure);
  }

  /**
   * Records a failure; after a {@link StepsChangedException} or {@link StepNotRecordedException} as
   * that one says.
   *
   * <p>Effect: the key is FAILED, of the verdict's kind; one atomic write, repeated like that of
   * {@link #complete}.
   *
   * @return nothing, or an outcome where another's answer to the same request was recorded first
   * @throws MisuseException if the lease was completed, failed or closed before
   */
  public Optional<Outcome<T>> fail(Verdict verdict) {
    IdempotencyException doom = steps.doom();
    return settle(doom == null ? verdict : steps.verdict(doom), null);
  }

  private Optional<Outcome<T>> settle(Verdict verdict, @Nullable Throwable failure) {
    Settling.Result result = recordFailure(verdict);
    if (result instanceof Settling.Result.Superseded superseded) {
      held.subject().leaseLost("another's answer was recorded first");
      KeyRecord recorded = superseded.recorded();
      try {
        return Optional.of(
            operation.answers().replay(recorded, Optional.of(new OwnRun(null, failure))));
      } catch (IdempotencyException e) {
        warn("another's answer was recorded first and cannot be read");
      }
    } else if (result instanceof Settling.Result.Lost lost) {
      held.subject().leaseLost(lost.why());
    } else if (result instanceof Settling.Result.NotKnown) {
      tellNotKnown();
    } else {
      tellFailed(verdict);
    }
    return Optional.empty();
  }

  private void tellNotKnown() {
    warn("its failure is not known to be recorded and is re-sent in the background");
    held.subject().tell("recordedUnknown", IdempotencyListener::recordedUnknown);
  }

  private void tellFailed(Verdict verdict) {
    held.subject().tell("failed", (to, event) -> to.failed(event, verdict.kind()));
  }

  /** Records a failure, and tells nobody. */
  Settling.Result recordFailure(Verdict verdict) {
    return switch (verdict.kind()) {
      case RETRYABLE -> Settling.fail(held, KeyState.FAILED_RETRYABLE);
      case IN_DOUBT -> Settling.fail(held, KeyState.FAILED_IN_DOUBT);
      case FINAL -> failFinal(verdict.failure().orElseThrow());
    };
  }

  private Settling.Result failFinal(RecordedFailure failure) {
    Answers<T> answers = operation.answers();
    return Settling.failFinal(
        held, answers.seal(failure), List.of(() -> answers.withoutBytes(failure)));
  }

  /**
   * Gives the lease up without an outcome: renewals stop and the lease lapses, after which the
   * policy decides. It does not release the key, because the operation may have had its effect.
   * Does nothing if the lease was settled before; safe to repeat.
   */
  @Override
  public void close() {
    if (held.end() != null) {
      held.release();
    }
  }

  private LeaseLostException lost(String why, T value, @Nullable IdempotencyException unreadable) {
    var lost =
        new LeaseLostException(held.request().describe() + ": the lease was lost, " + why, value);
    if (unreadable != null) {
      lost.addSuppressed(unreadable);
    }
    return lost;
  }

  private void warn(String what) {
    log.warn("{}: {}", held.request().describe(), what);
  }

  @Override
  public String toString() {
    return "Lease[" + held.request().describe() + "]";
  }
}
