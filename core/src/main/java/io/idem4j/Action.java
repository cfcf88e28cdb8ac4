package io.idem4j;

import org.jspecify.annotations.Nullable;

/**
 * What runs once per key.
 *
 * @param <T> the type of the answer
 * @param <X> the checked exception that it may throw
 */
@FunctionalInterface
public interface Action<T extends @Nullable Object, X extends Exception> {
  /** Makes the effect and returns the answer. */
  T run(OperationContext context) throws X;
}
