package io.idem4j.jdbc;

import io.idem4j.Claim;
import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Fingerprint;
import io.idem4j.IdempotencyException;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.Lease;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.PreparedCompletion;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyState;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One call in the joined mode. For one thread. */
final class JoinedCall<T extends @Nullable Object> {
  private final Operation<T> operation;
  private final IdempotencyKey key;
  private final BoundTable.Origin origin;

  JoinedCall(Operation<T> operation, IdempotencyKey key, BoundTable.Origin origin) {
    this.operation = operation;
    this.key = key;
    this.origin = origin;
  }

  /** Begins the transaction of a call. */
  interface Beginning {
    OwnTransaction begin();
  }

  <X extends Exception> Outcome<T> run(
      Fingerprint fingerprint, Beginning beginning, TransactionalAction<? extends T, X> action)
      throws X {
    Claim<T> claim = operation.claim(key, fingerprint);
    if (claim instanceof Claim.Denied<T> denied) {
      return denied.outcome();
    }
    // Whatever is thrown below leaves no transaction, and at worst a lease that lapses.
    try (Lease<T> lease = ((Claim.Granted<T>) claim).lease();
        OwnTransaction transaction = begin(beginning, lease)) {
      OpenTransaction.Mark begun = savepoint(transaction, lease);
      T value;
      try {
        value = lease.run(context -> action.run(transaction.open().connection(), context));
      } catch (Throwable failure) {
        boolean isGone = isGone(transaction, begun, failure);
        transaction.undo();
        Optional<Outcome<T>> recordedFirst = fail(lease, failure, isGone);
        if (recordedFirst.isPresent()) {
          return recordedFirst.get();
        }
        throw failure;
      }
      return complete(transaction, lease, begun, value);
    }
  }

  /** Nothing was run if this fails: the key is released. */
  private OwnTransaction begin(Beginning beginning, Lease<T> lease) {
    try {
      return beginning.begin();
    } catch (KeyStoreException e) {
      lease.fail(Verdict.retryable());
      throw e;
    }
  }

  private OpenTransaction.Mark savepoint(OwnTransaction transaction, Lease<T> lease) {
    try {
      return transaction.open().savepoint();
    } catch (KeyStoreException e) {
      transaction.undo();
      lease.fail(Verdict.retryable());
      throw e;
    }
  }

  /**
   * Says whether nobody knows what became of the action's writes: it ended the transaction itself.
   * A database that discarded it says so by the failure.
   */
  private static boolean isGone(
      OwnTransaction transaction, OpenTransaction.Mark begun, Throwable failure) {
    try {
      transaction.open().rollBackTo(begun);
      return false;
    } catch (TransactionGoneException e) {
      failure.addSuppressed(e);
      return !SqlFailure.isConflict(failure);
    } catch (KeyStoreException e) {
      // The connection is broken. No commit was sent.
      return false;
    }
  }

  private Outcome<T> complete(
      OwnTransaction transaction, Lease<T> lease, OpenTransaction.Mark begun, T value) {
    PreparedCompletion<T> prepared;
    try {
      prepared = lease.prepare(value);
    } catch (IdempotencyException e) {
      transaction.undo();
      return failed(lease, e, false);
    }
    if (prepared.next().state() != KeyState.COMPLETED) {
      // An answer that is none: its effect is undone as that of a failure, and it is recorded.
      transaction.undo();
      prepared.rolledBack();
      return lease.complete(value);
    }
    CasResult result;
    try {
      transaction.open().release(begun);
      result = prepared.writeTo(origin.in(transaction.open().connection()));
    } catch (KeyStoreException | TransactionGoneException e) {
      // No commit was sent, so whatever was written is undone.
      transaction.undo();
      prepared.rolledBack();
      return failed(lease, e, e instanceof TransactionGoneException);
    }
    if (result instanceof CasResult.Applied) {
      return settle(transaction.keep(), lease, prepared);
    }
    transaction.undo();
    if (result instanceof CasResult.Busy) {
      prepared.rolledBack();
      return failed(lease, rolledBack(Reason.BUSY), false);
    }
    Optional<Outcome<T>> others = prepared.refused();
    return others.isPresent() ? others.get() : failed(lease, rolledBack(Reason.CONFLICT), false);
  }

  private Outcome<T> settle(Unit.End end, Lease<T> lease, PreparedCompletion<T> prepared) {
    if (end.fate() == Unit.Fate.COMMITTED) {
      return prepared.committed();
    } else if (end.fate() == Unit.Fate.ROLLED_BACK) {
      prepared.rolledBack();
      return failed(lease, end.requireFailure(), false);
    }
    Optional<Outcome<T>> read = prepared.unknown();
    return read.isPresent() ? read.get() : failed(lease, rolledBack(Reason.CONFLICT), false);
  }

  private KeyStoreException rolledBack(Reason reason) {
    return KeyStoreException.notApplied(
        reason,
        "operation %s, key %s: its record could not be completed, and the transaction was rolled"
                .formatted(key.operation(), key.id().shortDigest())
            + " back",
        null);
  }

  /** The action's effect is undone; what becomes of the key the policy says. */
  private Outcome<T> failed(Lease<T> lease, RuntimeException failure, boolean isGone) {
    return fail(lease, failure, isGone).orElseThrow(() -> failure);
  }

  /** Whatever goes wrong while a failure is recorded, the caller sees the original one. */
  private Optional<Outcome<T>> fail(Lease<T> lease, Throwable failure, boolean isGone) {
    try {
      return isGone && lease.verdict(failure).isPresent()
          ? lease.fail(Verdict.inDoubt())
          : lease.fail(failure);
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
      return Optional.empty();
    }
  }
}
