package io.idem4j;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Outcome.OwnRun;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import java.util.List;
import java.util.Optional;
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
  private final OperationContext context;

  Lease(Operation<T> operation, HeldKey held) {
    this.operation = operation;
    this.held = held;
    this.context = new LeaseContext(held);
  }

  /** Returns what the operation may know about its run. */
  public OperationContext context() {
    return context;
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
   * @throws MisuseException if the lease was completed, failed or closed before
   */
  public Outcome<T> complete(T value) {
    Optional<Verdict> verdict = operation.verdict(value, held.request().key());
    Settling.Result result =
        verdict.isEmpty()
            ? Settling.complete(
                held,
                operation.answers().seal(value, held.request().id()),
                List.of(
                    () -> operation.answers().withoutBody(value, held.request().id()),
                    operation.answers()::withoutBody))
            : record(verdict.get());
    if (result instanceof Settling.Result.Recorded) {
      if (verdict.isEmpty()) {
        held.subject().tell("completed", IdempotencyListener::completed);
      } else {
        tellFailed(verdict.get());
      }
      return new Outcome.Executed<>(value, true);
    } else if (result instanceof Settling.Result.NotKnown) {
      warn("its answer is not known to be recorded and is re-sent in the background");
      held.subject().tell("recordedUnknown", IdempotencyListener::recordedUnknown);
      return new Outcome.Executed<>(value, false);
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

  /**
   * Records a failure as the policy's classifier sees it; an error of the virtual machine records
   * nothing and lets the lease lapse.
   *
   * @return nothing if the caller should throw its failure on; an outcome where another's answer to
   *     the same request was recorded first, with the failure attached
   * @throws MisuseException if the lease was completed, failed or closed before
   */
  public Optional<Outcome<T>> fail(Throwable failure) {
    if (failure instanceof VirtualMachineError) {
      if (held.end() == null) {
        throw Settling.settledBefore(held);
      }
      held.release();
      return Optional.empty();
    }
    return settle(operation.policy().verdict(failure), failure);
  }

  /**
   * Records a failure.
   *
   * <p>Effect: the key is FAILED, of the verdict's kind; one atomic write, repeated like that of
   * {@link #complete}.
   *
   * @return nothing, or an outcome where another's answer to the same request was recorded first
   * @throws MisuseException if the lease was completed, failed or closed before
   */
  public Optional<Outcome<T>> fail(Verdict verdict) {
    return settle(verdict, null);
  }

  private Optional<Outcome<T>> settle(Verdict verdict, @Nullable Throwable failure) {
    Settling.Result result = record(verdict);
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
      warn("its failure is not known to be recorded and is re-sent in the background");
      held.subject().tell("recordedUnknown", IdempotencyListener::recordedUnknown);
    } else {
      tellFailed(verdict);
    }
    return Optional.empty();
  }

  private void tellFailed(Verdict verdict) {
    held.subject().tell("failed", (to, event) -> to.failed(event, verdict.kind()));
  }

  private Settling.Result record(Verdict verdict) {
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
