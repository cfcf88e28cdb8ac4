package io.idem4j.jdbc;

import io.idem4j.OperationContext;
import java.sql.Connection;
import org.jspecify.annotations.Nullable;

/**
 * What runs once per key, in the transaction that also records its answer.
 *
 * @param <T> the type of the answer
 * @param <X> the checked exception that it may throw
 */
@FunctionalInterface
public interface TransactionalAction<T extends @Nullable Object, X extends Exception> {
  /**
   * Makes the effect by statements on the connection, and returns the answer. It neither commits
   * nor rolls back nor closes it, nor runs statements that commit by themselves (DDL on MariaDB,
   * MySQL and H2); savepoints of its own it may set.
   */
  T run(Connection connection, OperationContext context) throws X;
}
