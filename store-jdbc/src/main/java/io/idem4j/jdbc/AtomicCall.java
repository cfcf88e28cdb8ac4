package io.idem4j.jdbc;

import io.idem4j.Claim;
import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.Fingerprint;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.Lease;
import io.idem4j.Operation;
import io.idem4j.Outcome;
import io.idem4j.PreparedCompletion;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyState;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One call in the atomic mode. For one thread. */
final class AtomicCall<T extends @Nullable Object> {
  private final Operation<T> operation;
  private final IdempotencyKey key;
  private final Fingerprint fingerprint;
  private final BoundTable.Origin origin;

  AtomicCall(
      Operation<T> operation,
      IdempotencyKey key,
      Fingerprint fingerprint,
      BoundTable.Origin origin) {
    this.operation = operation;
    this.key = key;
    this.fingerprint = fingerprint;
    this.origin = origin;
  }

  /** Claims; where that fails nothing was written, and a unit of its own may be tried again. */
  Claim<T> claim(Unit unit) {
    return orUndone(
        unit, () -> operation.claim(origin.in(unit.open().connection()), key, fingerprint));
  }

  /** A step beside the action, which leaves nothing where it fails. */
  private static <R> R orUndone(Unit unit, Supplier<R> step) {
    try {
      return step.get();
    } catch (RuntimeException | Error e) {
      unit.undo(e);
      throw e;
    }
  }

  <X extends Exception> Outcome<T> run(
      Unit unit, Claim<T> claim, TransactionalAction<? extends T, X> action) throws X {
    if (claim instanceof Claim.Denied<T> denied) {
      return answer(unit, denied.outcome());
    }
    try (Lease<T> lease = ((Claim.Granted<T>) claim).lease()) {
      OpenTransaction.Mark claimed = orUndone(unit, unit.open()::savepoint);
      T value;
      try {
        value = lease.run(context -> action.run(unit.open().connection(), context));
      } catch (Throwable failure) {
        fail(unit, lease, claimed, failure);
        throw failure;
      }
      return complete(unit, lease, claimed, value);
    }
  }

  /** A duplicate's; what the claim wrote is a mark of doubt, or what a recovery found. */
  private Outcome<T> answer(Unit unit, Outcome<T> outcome) {
    if (outcome instanceof Outcome.InFlight) {
      // The wait that ran out may have aborted the transaction (stores.md 3.1.3).
      unit.undo();
      return outcome;
    }
    Unit.End end = unit.keep();
    if (outcome instanceof Outcome.Recovered<T> recovered) {
      if (end.fate() == Unit.Fate.LEFT_TO_CALLER) {
        return new Outcome.Recovered<>(recovered.value(), false);
      } else if (end.fate() != Unit.Fate.COMMITTED) {
        throw end.requireFailure();
      }
    }
    return outcome;
  }

  /** Undoes the effect. The claim stays to be settled where the failure is to be recorded. */
  private void fail(Unit unit, Lease<T> lease, OpenTransaction.Mark claimed, Throwable failure) {
    Verdict verdict = verdict(lease, failure);
    try {
      unit.open().rollBackTo(claimed);
      if (verdict.kind() != Verdict.Kind.RETRYABLE) {
        lease.fail(verdict);
      }
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
      giveUp(unit, lease, e, verdict, failure);
      return;
    }
    if (verdict.kind() == Verdict.Kind.RETRYABLE) {
      unit.undo(failure);
      return;
    }
    try {
      Unit.End end = unit.keep();
      if (end.fate() == Unit.Fate.ROLLED_BACK || end.fate() == Unit.Fate.UNKNOWN) {
        failure.addSuppressed(end.requireFailure());
        giveUp(unit, lease, end.requireFailure(), verdict, failure);
      }
    } catch (TransactionGoneException e) {
      e.addSuppressed(failure);
      throw e;
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** An error of the virtual machine, too: there is no lease that would lapse after it. */
  private Verdict verdict(Lease<T> lease, Throwable failure) {
    return lease.verdict(failure).or(() -> lease.verdict(rolledBack())).orElseThrow();
  }

  /**
   * Undoes what can be undone. What the policy holds after such a failure, and what the action may
   * have committed by itself, must not be made again: of that is recorded what still can be.
   *
   * @param cause why the unit takes no record
   * @param meant what it was to take
   */
  private void giveUp(
      Unit unit, Lease<T> lease, Throwable cause, Verdict meant, Throwable failure) {
    boolean isGone = cause instanceof TransactionGoneException;
    // A database that discarded the transaction says so by the failure.
    Verdict verdict = isGone && !SqlFailure.isConflict(failure) ? Verdict.inDoubt() : meant;
    boolean isLeft = isGone || verdict.kind() != Verdict.Kind.RETRYABLE;
    if (isLeft && unit instanceof OwnTransaction own) {
      new Aftermath<T>(key.id(), origin).record(own, lease, verdict, failure);
    } else {
      unit.undo(failure);
    }
  }

  private Outcome<T> complete(Unit unit, Lease<T> lease, OpenTransaction.Mark claimed, T value) {
    PreparedCompletion<T> prepared = orUndone(unit, () -> lease.prepare(value));
    KeyState state = prepared.next().state();
    try {
      if (state == KeyState.COMPLETED) {
        unit.open().release(claimed);
      } else {
        unit.open().rollBackTo(claimed);
      }
    } catch (KeyStoreException e) {
      return notTaken(unit, lease, claimed, prepared, e);
    } catch (TransactionGoneException e) {
      prepared.rolledBack();
      giveUp(unit, lease, e, meant(lease, state, e), e);
      throw e;
    }
    try {
      if (state == KeyState.FAILED_RETRYABLE) {
        // An answer that is none, and a key that is to be free: as if it had not been called.
        unit.undo();
        return prepared.committed();
      }
      write(unit, prepared);
    } catch (RuntimeException | Error e) {
      prepared.rolledBack();
      giveUp(unit, lease, e, meant(lease, state, e), e);
      throw e;
    }
    return settle(unit, lease, prepared);
  }

  /**
   * The transaction does not take the completion. Where a statement aborted it that the action did
   * not let through, the savepoint is still there, and the failure can be recorded behind it.
   */
  private Outcome<T> notTaken(
      Unit unit,
      Lease<T> lease,
      OpenTransaction.Mark claimed,
      PreparedCompletion<T> prepared,
      KeyStoreException e) {
    KeyState state = prepared.next().state();
    if (state == KeyState.FAILED_RETRYABLE && unit instanceof OwnTransaction) {
      // No commit was sent: the key is free, as it was to be.
      unit.undo();
      return prepared.committed();
    }
    prepared.rolledBack();
    if (state == KeyState.COMPLETED && e.certainty() == Certainty.NOT_APPLIED) {
      fail(unit, lease, claimed, e);
    } else {
      giveUp(unit, lease, e, meant(lease, state, e), e);
    }
    throw e;
  }

  private Outcome<T> settle(Unit unit, Lease<T> lease, PreparedCompletion<T> prepared) {
    KeyState state = prepared.next().state();
    Unit.End end = unit.keep();
    if (end.fate() == Unit.Fate.COMMITTED) {
      return prepared.committed();
    } else if (end.fate() == Unit.Fate.LEFT_TO_CALLER) {
      return prepared.handedOver();
    }
    KeyStoreException failure;
    if (end.fate() == Unit.Fate.ROLLED_BACK) {
      failure = end.requireFailure();
      prepared.rolledBack();
    } else {
      try {
        return prepared.unknown().orElseThrow(this::rolledBack);
      } catch (KeyStoreException e) {
        failure = e;
      }
    }
    giveUp(unit, lease, failure, meant(lease, state, failure), failure);
    throw failure;
  }

  /** What the answer was to leave, or else what the policy says of this failure. */
  private Verdict meant(Lease<T> lease, KeyState state, Throwable failure) {
    return switch (state) {
      case FAILED_RETRYABLE -> Verdict.retryable();
      case FAILED_IN_DOUBT, FAILED_FINAL -> Verdict.inDoubt();
      default -> verdict(lease, failure);
    };
  }

  private void write(Unit unit, PreparedCompletion<T> prepared) {
    CasResult result = prepared.writeTo(origin.in(unit.open().connection()));
    if (!(result instanceof CasResult.Applied)) {
      // Its own row, which it had locked: the action removed it, or outlasted its retention.
      throw rolledBack();
    }
  }

  private KeyStoreException rolledBack() {
    return KeyStoreException.notApplied(
        Reason.CONFLICT,
        "operation %s, key %s: its record could not be completed, and its writes were rolled back"
            .formatted(key.operation(), key.id().shortDigest()),
        null);
  }
}
