package io.idem4j;

import org.jspecify.annotations.Nullable;

/**
 * What one step of an operation does.
 *
 * @param <S> the type of its result
 * @param <X> the checked exception that it may throw
 */
@FunctionalInterface
public interface StepSupplier<S extends @Nullable Object, X extends Exception> {
  /** Makes the step's effect and returns its result. */
  S get() throws X;
}
