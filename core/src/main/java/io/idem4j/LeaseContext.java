package io.idem4j;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The context of a held key; that of a recovery runs no steps. */
record LeaseContext(HeldKey held, Steps steps, boolean mayRunSteps) implements OperationContext {
  @Override
  public IdempotencyKey key() {
    return held.request().key();
  }

  @Override
  public int attempt() {
    return held.record().attempt();
  }

  @Override
  public long fence() {
    return held.record().fence();
  }

  @Override
  public void reference(String reference) {
    held.reference(reference);
  }

  @Override
  public boolean isLeaseLost() {
    return held.isLost();
  }

  @Override
  public <S extends @Nullable Object, X extends Exception> S step(
      String name, Codec<S> codec, StepSupplier<? extends S, X> supplier) throws X {
    requireRun();
    return steps.run(name, codec, supplier);
  }

  @Override
  public <S extends @Nullable Object> CompletableFuture<S> stepAsync(
      String name, Codec<S> codec, Supplier<? extends CompletionStage<? extends S>> supplier) {
    try {
      requireRun();
    } catch (MisuseException e) {
      return CompletableFuture.failedFuture(e);
    }
    return steps.start(name, codec, supplier);
  }

  private void requireRun() {
    if (held.engine().isBound()) {
      throw new MisuseException(
          held.request().describe()
              + ": steps outlive an attempt, and the transaction that holds this key would undo"
              + " them; claim the key outside of it");
    }
    if (!mayRunSteps) {
      throw new MisuseException(
          held.request().describe() + ": a recovery runs no steps; see recordedSteps()");
    }
  }

  @Override
  public RecordedSteps recordedSteps() {
    return steps.recorded();
  }

  @Override
  public String toString() {
    return "OperationContext[attempt=" + attempt() + "]";
  }
}
