package io.idem4j;

import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.KeyMachine.Request;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The steps of one attempt: one after the other, each once, behind those that are recorded. Safe
 * for use by many threads; the lock is never held while a step, a codec or the store is at work.
 */
final class Steps {
  private final HeldKey held;
  private final Request request;
  private final ReentrantLock lock;
  private RecordedSteps recorded;
  private int position;
  private boolean running;

  /** Why this attempt cannot succeed any more. */
  private @Nullable IdempotencyException doom;

  /** Of a key that was just claimed, whose checkpoint was found to be readable then. */
  Steps(HeldKey held) {
    this.held = held;
    this.request = held.request();
    this.lock = held.checkpoint().lock();
    this.recorded =
        RecordedSteps.open(request.key().operation(), request.id(), held.checkpoint().wanted());
  }

  RecordedSteps recorded() {
    lock.lock();
    try {
      return recorded;
    } finally {
      lock.unlock();
    }
  }

  /** Why the attempt cannot be recorded as a success, or null if it can. */
  @Nullable IdempotencyException doom() {
    lock.lock();
    try {
      if (doom == null && held.checkpoint().isTooLarge()) {
        doom = notRecorded("a step", "its result does not fit the store", null);
      }
      return doom;
    } finally {
      lock.unlock();
    }
  }

  /** Throws if a step is under way, or the attempt cannot be recorded as a success. */
  void requireAtRest() {
    lock.lock();
    try {
      if (running) {
        throw new MisuseException(
            request.describe() + ": a step is under way; nothing was prepared");
      }
    } finally {
      lock.unlock();
    }
    // Only now: a step that could not be recorded says so before it ends.
    requireNoDoom();
  }

  private void requireNoDoom() {
    IdempotencyException known = doom();
    if (known != null) {
      throw known;
    }
  }

  /** What becomes of a doomed attempt, whatever the classifier would say. */
  Verdict verdict(IdempotencyException of) {
    return of instanceof StepNotRecordedException
        ? Verdict.inDoubt()
        : request.policy().verdict(of);
  }

  <S extends @Nullable Object, X extends Exception> S run(
      String name, Codec<S> codec, StepSupplier<? extends S, X> supplier) throws X {
    Objects.requireNonNull(supplier, "supplier");
    Answers<S> answers = answers(codec);
    RecordedSteps.Step found = begin(name, answers);
    if (found != null) {
      return replay(found, answers);
    }
    S value;
    try {
      value = supplier.get();
    } catch (Throwable e) {
      end();
      throw e;
    }
    return record(name, answers, value);
  }

  <S extends @Nullable Object> CompletableFuture<S> start(
      String name, Codec<S> codec, Supplier<? extends CompletionStage<? extends S>> supplier) {
    CompletableFuture<S> result = new CompletableFuture<>();
    try {
      Objects.requireNonNull(supplier, "supplier");
      Answers<S> answers = answers(codec);
      RecordedSteps.Step found = begin(name, answers);
      if (found != null) {
        result.complete(replay(found, answers));
      } else {
        startNew(name, answers, supplier, result);
      }
    } catch (Throwable e) {
      result.completeExceptionally(e);
    }
    return result;
  }

  private <S extends @Nullable Object> void startNew(
      String name,
      Answers<S> answers,
      Supplier<? extends CompletionStage<? extends S>> supplier,
      CompletableFuture<S> result) {
    CompletionStage<? extends S> stage;
    try {
      stage = Objects.requireNonNull(supplier.get(), "the stage of the step");
    } catch (Throwable e) {
      end();
      throw e;
    }
    stage.whenComplete(
        (value, thrown) -> {
          if (thrown == null) {
            submit(new Once(() -> finish(name, answers, value, result)));
          } else {
            end();
            boolean wrapped = thrown instanceof CompletionException && thrown.getCause() != null;
            result.completeExceptionally(wrapped ? thrown.getCause() : thrown);
          }
        });
  }

  private <S extends @Nullable Object> void finish(
      String name, Answers<S> answers, S value, CompletableFuture<S> result) {
    try {
      result.complete(record(name, answers, value));
    } catch (Throwable e) {
      result.completeExceptionally(e);
    }
  }

  /** The effect is made: whoever refuses to run this, somebody does. */
  private void submit(Once task) {
    try {
      held.engine().executor().execute(task);
    } catch (Throwable e) {
      task.run();
    }
  }

  private <S extends @Nullable Object> Answers<S> answers(Codec<S> codec) {
    return new Answers<>(request.key().operation(), codec, held.engine().maximumPayload());
  }

  /** Takes the next step, and returns what is recorded of it, or null if it is to be run. */
  private RecordedSteps.@Nullable Step begin(String name, Answers<?> answers) {
    Text.require(name, "a step name", IdempotencyKey.OPERATION_LENGTH);
    requireNoDoom();
    lock.lock();
    try {
      requireInTurn(name);
      if (position < recorded.size()) {
        RecordedSteps.Step found = recorded.get(position);
        if (!found.name().equals(name)) {
          throw doomed(
              new StepsChangedException(
                  "%s: step %d is %s now, and %s is recorded; nothing is run"
                      .formatted(request.describe(), position + 1, name, found.name())));
        }
        running = true;
        return found;
      }
      requireRoom(name, answers);
      if (held.isLost()) {
        throw new LeaseLostException(
            request.describe() + ": the lease is lost, and step " + name + " was not run", null);
      }
      running = true;
      return null;
    } finally {
      lock.unlock();
    }
  }

  private void requireInTurn(String name) {
    if (held.hasEnded()) {
      throw Settling.settledBefore(held);
    }
    held.requireNotSuspended();
    if (running) {
      throw misuse("step " + name + " begins inside of another, or beside it");
    }
    if (recorded.names().subList(0, position).contains(name)) {
      throw misuse("there are two steps of the name " + name);
    }
  }

  /** Before the effect is made, whatever can be known before. */
  private void requireRoom(String name, Answers<?> answers) {
    if (position >= OperationContext.MAXIMUM_STEPS) {
      throw misuse("there are more than " + OperationContext.MAXIMUM_STEPS + " steps");
    }
    int least = recorded.with(name, answers.withoutBody()).length();
    if (least > held.engine().maximumPayload()) {
      throw misuse(
          "step %s needs %d bytes even for an empty result, and the maximum payload is %d"
              .formatted(name, least, held.engine().maximumPayload()));
    }
  }

  private MisuseException misuse(String what) {
    return new MisuseException(request.describe() + ": " + what + "; it was not run");
  }

  private void end() {
    lock.lock();
    try {
      running = false;
    } finally {
      lock.unlock();
    }
  }

  private <E extends IdempotencyException> E doomed(E why) {
    lock.lock();
    try {
      doom = why;
      return why;
    } finally {
      lock.unlock();
    }
  }

  private <S extends @Nullable Object> S replay(RecordedSteps.Step found, Answers<S> answers) {
    try {
      S value = recorded().value(found, answers);
      lock.lock();
      try {
        position++;
        return value;
      } finally {
        lock.unlock();
      }
    } catch (IdempotencyException e) {
      throw doomed(e);
    } finally {
      end();
    }
  }

  /** The effect is made by now. */
  private <S extends @Nullable Object> S record(String name, Answers<S> answers, S value) {
    try {
      RecordedSteps more = recorded().with(name, seal(name, answers, value));
      int limit = held.engine().maximumPayload();
      if (more.length() > limit) {
        String why = "%d bytes for all steps are over the maximum payload of %d";
        throw doomed(notRecorded(name, why.formatted(more.length(), limit), value));
      }
      switch (new Checkpointing(held).save(more.encode())) {
        case LOST ->
            throw new LeaseLostException(
                request.describe() + ": the lease was lost while step " + name + " ran", value);
        case TOO_LARGE ->
            throw doomed(notRecorded(name, "its result does not fit the store", value));
        case STORED, OPEN -> {}
      }
      lock.lock();
      try {
        recorded = more;
        position++;
      } finally {
        lock.unlock();
      }
      return value;
    } finally {
      end();
    }
  }

  private <S extends @Nullable Object> byte @Nullable [] seal(
      String name, Answers<S> answers, S value) {
    if (value == null) {
      return null;
    }
    try {
      return answers.sealWhole(value, request.id());
    } catch (Throwable e) {
      // An error of the virtual machine too: a result that does not fit into memory is too large.
      String why = "its codec threw " + e.getClass().getName();
      throw doomed(notRecorded(name, why, value));
    }
  }

  private StepNotRecordedException notRecorded(String name, String why, @Nullable Object value) {
    return new StepNotRecordedException(
        "%s: step %s made its effect and cannot be recorded, %s; the key is in doubt"
            .formatted(request.describe(), name, why),
        value);
  }
}
