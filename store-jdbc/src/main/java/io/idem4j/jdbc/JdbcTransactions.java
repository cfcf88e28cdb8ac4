package io.idem4j.jdbc;

import io.idem4j.Claim;
import io.idem4j.Fingerprint;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.PreparedCompletion;
import io.idem4j.spi.CasResult;
import java.sql.Connection;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The modes in which an effect in the store's own database, and the answer, are committed together
 * or not at all (I35): one committed effect for a key, whoever dies where. Made by {@link
 * JdbcKeyStore#transactions}.
 *
 * <pre>{@code
 * Outcome<Receipt> outcome =
 *     store.transactions().atomic(charge, key, fingerprint, (connection, context) -> book(connection));
 * }</pre>
 *
 * <table>
 *   <caption>Which mode</caption>
 *   <tr><th></th><th>atomic</th><th>joined</th></tr>
 *   <tr><td>transactions</td><td>one, with claim, effect and answer</td>
 *       <td>the claim in one of its own, effect and answer in a second</td></tr>
 *   <tr><td>a duplicate meanwhile</td><td>waits for the lock timeout at most, on a row lock</td>
 *       <td>is told at once, and sees who holds the key</td></tr>
 *   <tr><td>lease, renewals, takeover</td><td>none</td><td>as by default</td></tr>
 *   <tr><td>connections</td><td>one, which may be the caller's</td><td>two at times</td></tr>
 *   <tr><td>for</td><td>short transactions</td><td>actions that take their time</td></tr>
 * </table>
 *
 * <p>All transactions are READ COMMITTED. Only what the action writes on the connection that it is
 * given is part of them: it makes no other lasting effect, or one that may be repeated. The policy
 * then is {@link io.idem4j.OperationPolicy#rerun}, under which a failure releases the key; under
 * the others a failure leaves it in doubt although its writes are undone, because nobody knows what
 * else it did. An answer on which the {@link io.idem4j.AnswerClassifier} gives a verdict counts as
 * a failure here: its writes are undone.
 *
 * <p>An action leaves the transaction alone: see {@link TransactionalAction}. One that ended it is
 * told by {@link TransactionGoneException}, and its key is in doubt, because nobody knows what it
 * committed; in a transaction of the caller's a claim that it committed stays locked until its
 * lease is over, and the policy decides. In the joined mode on H2 that is seen only of an action
 * that throws: one that calls {@code rollback()} and returns gets its answer recorded without its
 * effect. An action that caught the failure of a statement rethrows it: on PostgreSQL the
 * transaction is aborted by it, and after a deadlock MariaDB, MySQL and H2 have discarded it whole.
 *
 * <p>A commit is sent once. Where its reply is lost, the record is read on another connection, up
 * to the policy's store deadline; if it does not tell, a {@link KeyStoreException} says that it is
 * not known. Under {@code rerun()} the next call finds out; otherwise the key is left in doubt, and
 * so it is where a commit is refused, unless the database cannot be reached for that either or a
 * duplicate that waited for the row comes first.
 *
 * <p>Safe for use by many threads.
 */
public final class JdbcTransactions {
  private final OwnConnections connections;
  private final BoundTable.Origin origin;
  private final BooleanSupplier isTransactionOpen;
  private final AtomicBoolean hasSecond;

  /** Whether this thread runs an action already, whose connection a further one would wait for. */
  private final ThreadLocal<Boolean> running;

  JdbcTransactions(OwnConnections connections, BoundTable.Origin origin) {
    this(connections, origin, () -> false, new AtomicBoolean(), new ThreadLocal<>());
  }

  private JdbcTransactions(
      OwnConnections connections,
      BoundTable.Origin origin,
      BooleanSupplier isTransactionOpen,
      AtomicBoolean hasSecond,
      ThreadLocal<Boolean> running) {
    this.connections = connections;
    this.origin = origin;
    this.isTransactionOpen = isTransactionOpen;
    this.hasSecond = hasSecond;
    this.running = running;
  }

  /**
   * Returns the same modes, which refuse to begin a transaction while the thread has one open: for
   * a framework that knows, as Spring's {@code
   * TransactionSynchronizationManager::isActualTransactionActive}. Without it only the transactions
   * of these modes are known.
   */
  public JdbcTransactions refusedInside(BooleanSupplier isTransactionOpen) {
    return new JdbcTransactions(
        connections,
        origin,
        Objects.requireNonNull(isTransactionOpen, "isTransactionOpen"),
        hasSecond,
        running);
  }

  /**
   * Runs the action in a transaction of its own, beside the claim.
   *
   * <p>Effect: the key is claimed as by {@link Operation#claim(IdempotencyKey, Fingerprint)}, on a
   * connection that is given back; then a transaction begins, the action runs in it while the lease
   * is renewed, and the completion is written to it, by a compare-and-set that a holder whose key
   * was taken over does not survive; then it is committed. After a failure it is rolled back, and
   * the failure is recorded as the policy's classifier sees it.
   *
   * <p>Safe to repeat: that is its purpose. Needs two connections of the data source at times:
   * before the first action runs, it is seen whether there is a second one.
   *
   * @return as {@link Operation#execute}
   * @throws X what the action threw
   * @throws KeyStoreException as execute, where the action was not run; or the transaction could
   *     not be completed and was rolled back ({@link KeyStoreException.Certainty#NOT_APPLIED}); or
   *     nobody knows whether it was committed ({@link KeyStoreException.Certainty#UNKNOWN})
   * @throws io.idem4j.LeaseLostException if the key was another's, or its record was gone; the
   *     transaction was rolled back
   * @throws TransactionGoneException if the action ended the transaction; the key is in doubt
   * @throws MisuseException as execute, or if this thread has a transaction open (S11): its
   *     rollback would not undo this one, and a pool could run dry of which each thread holds one
   *     connection and waits for another (peers.md 16)
   */
  public <T extends @Nullable Object, X extends Exception> Outcome<T> joined(
      Operation<T> operation,
      IdempotencyKey key,
      Fingerprint fingerprint,
      TransactionalAction<? extends T, X> action)
      throws X {
    Objects.requireNonNull(action, "action");
    requireNoneOpen();
    return new JoinedCall<>(operation, key, origin)
        .run(fingerprint, () -> beginBesideAnother(key), watched(action));
  }

  /**
   * Runs the action in one transaction of its own, together with the claim and the completion.
   *
   * <p>Effect: a transaction begins, the key is claimed in it, the action runs in it, and the
   * completion is written to it; then it is committed. There is no lease: the row lock holds the
   * key, and the transaction's end frees it. After a failure the action's writes are undone; a
   * final failure and a doubt are recorded and committed, and otherwise the key is as if it had not
   * been called. So it is after the death of the process, whatever the policy says.
   *
   * <p>A duplicate waits for the lock timeout at most ({@link JdbcKeyStore.Builder#lockTimeout})
   * and is in flight then, the policy's wait budget notwithstanding. Safe to repeat. One connection
   * of the data source is enough.
   *
   * @return as {@link Operation#execute}
   * @throws X what the action threw
   * @throws KeyStoreException as {@link #joined}
   * @throws TransactionGoneException as joined
   * @throws MisuseException as joined
   */
  public <T extends @Nullable Object, X extends Exception> Outcome<T> atomic(
      Operation<T> operation,
      IdempotencyKey key,
      Fingerprint fingerprint,
      TransactionalAction<? extends T, X> action)
      throws X {
    Objects.requireNonNull(action, "action");
    requireNoneOpen();
    AtomicCall<T> call = new AtomicCall<>(operation, key, fingerprint, origin);
    for (int attempt = 1; ; attempt++) {
      try (OwnTransaction transaction = OwnTransaction.begin(connections, key.id())) {
        Claim<T> claim;
        try {
          claim = call.claim(transaction);
        } catch (KeyStoreException e) {
          // Given up in favour of a concurrent claim, before anything was run (stores.md 3.2.6).
          if (e.reason() == Reason.CONFLICT
              && attempt < OwnConnections.ATTEMPTS
              && OwnConnections.pause(attempt)) {
            continue;
          }
          throw e;
        }
        return call.run(transaction, claim, watched(action));
      }
    }
  }

  /**
   * Runs the action in a transaction that the caller has open, together with the claim and the
   * completion; the caller commits, or rolls all of it back.
   *
   * <p>Effect: as the other, behind a savepoint: a duplicate, a wait that ran out or a failure
   * leaves the transaction as it was before, and usable, settings of the session included. Until
   * the caller commits the answer is not known to be recorded ({@link
   * Outcome.Executed#recorded()}), and duplicates in other transactions wait and are in flight. So
   * the transaction had better be short, and claim several keys always in the same order: two that
   * do so in opposite orders are in flight to each other.
   *
   * <p>The connection is the one on which the transaction is open: jdbi's {@code
   * handle.getConnection()}, Spring's {@code DataSourceUtils.getConnection(dataSource)}.
   *
   * @return as {@link Operation#execute}, but for what is said above
   * @throws X what the action threw; roll back, or go on without it
   * @throws KeyStoreException if the record could not be written; the action's writes are undone.
   *     With {@link KeyStoreException.Certainty#UNKNOWN}: the connection is broken
   * @throws TransactionGoneException if the transaction is not the caller's any more; roll back
   * @throws MisuseException if the connection has no transaction open, or one that is read-only, or
   *     of another isolation than READ COMMITTED; or as execute
   */
  public <T extends @Nullable Object, X extends Exception> Outcome<T> atomic(
      Connection transaction,
      Operation<T> operation,
      IdempotencyKey key,
      Fingerprint fingerprint,
      TransactionalAction<? extends T, X> action)
      throws X {
    Objects.requireNonNull(action, "action");
    AtomicCall<T> call = new AtomicCall<>(operation, key, fingerprint, origin);
    CallersPart part = new CallersPart(OpenTransaction.ofCaller(transaction, origin.dialect()));
    return call.run(part, call.claim(part), watched(action));
  }

  /**
   * Writes a {@linkplain io.idem4j.Lease#prepare prepared} completion to a transaction that the
   * caller has open and commits itself: the joined mode in parts, for those who begin and end
   * transactions otherwise. Not to be repeated; roll back unless it is {@link CasResult.Applied}.
   *
   * @throws KeyStoreException if it could not be written; the transaction must be rolled back
   * @throws MisuseException as {@link #atomic(Connection, Operation, IdempotencyKey, Fingerprint,
   *     TransactionalAction)}
   */
  public CasResult write(Connection transaction, PreparedCompletion<?> completion) {
    return completion.writeTo(
        origin.in(OpenTransaction.ofCaller(transaction, origin.dialect()).connection()));
  }

  private void requireNoneOpen() {
    if (running.get() != null || isTransactionOpen.getAsBoolean()) {
      throw new MisuseException(
          "this thread has a transaction open, which neither this one would be part of nor its"
              + " connection serve; give atomic the connection of the open one");
    }
  }

  /** A pool of one would let the renewals wait for the action, for ever. */
  private OwnTransaction beginBesideAnother(IdempotencyKey key) {
    OwnTransaction transaction = OwnTransaction.begin(connections, key.id());
    if (!hasSecond.get()) {
      try {
        connections.checkOut("a second connection", key.id()).giveBack(true);
      } catch (KeyStoreException e) {
        transaction.undo();
        throw KeyStoreException.notApplied(
            e.reason(),
            "no second connection could be had beside the transaction's, and leases are renewed on"
                + " one: the joined mode needs a pool of two at least; the action was not run",
            e);
      }
      hasSecond.set(true);
    }
    return transaction;
  }

  private <T extends @Nullable Object, X extends Exception> TransactionalAction<T, X> watched(
      TransactionalAction<T, X> action) {
    return (connection, context) -> {
      Boolean outer = running.get();
      running.set(true);
      try {
        return action.run(connection, new TransactionContext(context));
      } finally {
        if (outer == null) {
          running.remove();
        }
      }
    };
  }
}
