package io.idem4j;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What makes the effect without blocking a thread; run once per key.
 *
 * @param <T> the type of the answer
 */
@FunctionalInterface
public interface AsyncAction<T extends @Nullable Object> {
  /**
   * Begins to make the effect.
   *
   * @return what completes with the answer, or with the failure; a throw counts as a failure too
   */
  CompletionStage<? extends T> start(OperationContext context) throws Exception;
}
