package io.idem4j.jdbc;

import io.idem4j.Claim;
import io.idem4j.FailureClassifier.Verdict;
import io.idem4j.KeyId;
import io.idem4j.Lease;
import io.idem4j.spi.KeyState;
import org.jspecify.annotations.Nullable;

/**
 * What is recorded of a call in the atomic mode whose own transaction takes no record of it any
 * more: the action ended it, the database discarded it, or its connection broke. For one thread.
 *
 * <p>A process that dies before leaves less: nothing; or the claim, where the action had committed
 * it, until its lease is over. So does an action that committed it and whose connection is broken.
 * A duplicate that waited for the lost transaction's row may come first, and run.
 */
final class Aftermath<T extends @Nullable Object> {
  private final KeyId id;
  private final BoundTable.Origin origin;

  Aftermath(KeyId id, BoundTable.Origin origin) {
    this.id = id;
    this.origin = origin;
  }

  /**
   * Records a verdict in another transaction, over a claim that replaces the lost one. A claim that
   * the action has committed is in doubt whatever the verdict: so is what it committed with it.
   *
   * @param failure what the caller will see, to which is added what goes wrong here
   */
  void record(OwnTransaction lost, Lease<T> lease, Verdict verdict, Throwable failure) {
    try (OwnTransaction another = lost.again()) {
      BoundTable table = origin.in(another.open().connection());
      boolean isCommitted =
          table
              .find(id)
              .filter(it -> it.record().state() == KeyState.LOCKED)
              .filter(it -> it.record().fence() == lease.context().fence())
              .isPresent();
      if (isCommitted && another == lost) {
        lease.fail(Verdict.inDoubt());
      } else if (verdict.kind() != Verdict.Kind.RETRYABLE
          && lease.claimAgain(table) instanceof Claim.Granted<T> granted) {
        try (Lease<T> replacement = granted.lease()) {
          replacement.fail(verdict);
        }
      }
      Unit.End end = another.keep();
      if (end.fate() != Unit.Fate.COMMITTED) {
        failure.addSuppressed(end.requireFailure());
      }
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
