package io.idem4j;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a claim got: the lease on the key, or the outcome that a duplicate gets. Immutable.
 *
 * @param <T> the type of the answer
 */
public sealed interface Claim<T extends @Nullable Object> {
  /**
   * The key is held: make the effect, then settle the lease.
   *
   * @param lease the lease, to be completed, failed or closed
   */
  record Granted<T extends @Nullable Object>(Lease<T> lease) implements Claim<T> {}

  /**
   * The key is not held: there is an answer already, or none to be had now.
   *
   * @param outcome any outcome but {@link Outcome.Executed}
   */
  record Denied<T extends @Nullable Object>(Outcome<T> outcome) implements Claim<T> {}

  /** Returns what the function for this kind of claim makes of it. */
  default <R extends @Nullable Object> R fold(
      Function<? super Lease<T>, ? extends R> granted,
      Function<? super Outcome<T>, ? extends R> denied) {
    return this instanceof Granted<T> it
        ? granted.apply(it.lease())
        : denied.apply(((Denied<T>) this).outcome());
  }
}
