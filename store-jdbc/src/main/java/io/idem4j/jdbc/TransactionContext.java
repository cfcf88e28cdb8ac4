package io.idem4j.jdbc;

import io.idem4j.Codec;
import io.idem4j.IdempotencyKey;
import io.idem4j.MisuseException;
import io.idem4j.OperationContext;
import io.idem4j.RecordedSteps;
import io.idem4j.StepSupplier;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The context of an action in a transaction, which runs no steps. A step is recorded outside of the
 * transaction, and would outlive its rollback: the next attempt would take the step's writes on the
 * connection for made.
 */
record TransactionContext(OperationContext context) implements OperationContext {
  @Override
  public IdempotencyKey key() {
    return context.key();
  }

  @Override
  public int attempt() {
    return context.attempt();
  }

  @Override
  public long fence() {
    return context.fence();
  }

  @Override
  public void reference(String reference) {
    context.reference(reference);
  }

  @Override
  public boolean isLeaseLost() {
    return context.isLeaseLost();
  }

  @Override
  public <S extends @Nullable Object, X extends Exception> S step(
      String name, Codec<S> codec, StepSupplier<? extends S, X> supplier) {
    throw refused();
  }

  @Override
  public <S extends @Nullable Object> CompletableFuture<S> stepAsync(
      String name, Codec<S> codec, Supplier<? extends CompletionStage<? extends S>> supplier) {
    return CompletableFuture.failedFuture(refused());
  }

  private static MisuseException refused() {
    return new MisuseException(
        "a step is recorded outside of the transaction and would outlive its rollback; make the"
            + " effects of steps in an operation that is not in a transaction");
  }

  @Override
  public RecordedSteps recordedSteps() {
    return context.recordedSteps();
  }

  @Override
  public String toString() {
    return context.toString();
  }
}
