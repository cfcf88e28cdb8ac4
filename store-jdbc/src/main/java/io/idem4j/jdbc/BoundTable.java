package io.idem4j.jdbc;

import io.idem4j.IdempotencyException;
import io.idem4j.KeyId;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.spi.TransactionBound;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The table within one open transaction. What it throws, and {@link CasResult.Busy}, may leave the
 * transaction aborted: whoever owns it rolls back, at least to a savepoint (stores.md 3.1.3). For
 * one thread.
 */
final class BoundTable implements TransactionBound {
  /** What the transactions of one store have in common. Immutable. */
  record Origin(Dialect dialect, RecordTable table, Duration lockTimeout, SlotLimit limit) {
    BoundTable in(Connection connection) {
      return new BoundTable(this, connection);
    }
  }

  private final Origin origin;
  private final Connection connection;

  private BoundTable(Origin origin, Connection connection) {
    this.origin = origin;
    this.connection = connection;
  }

  @Override
  public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
    origin.limit().requireFits(next.slots());
    try {
      Dialect.LockWait wait = origin.dialect().boundWait(connection, origin.lockTimeout());
      CasResult result;
      try {
        result = origin.table().compareAndSet(connection, id, expected, next);
      } catch (SQLException | RuntimeException e) {
        restoreAfter(e, wait);
        throw e;
      }
      if (result instanceof CasResult.Busy) {
        restoreAfter(null, wait);
      } else {
        wait.restore();
      }
      return result;
    } catch (SQLException | RuntimeException e) {
      throw failure("a compare-and-set", id, e);
    }
  }

  /** In a transaction that is aborted nothing can be restored, nor need be. */
  private static void restoreAfter(@Nullable Exception failure, Dialect.LockWait wait) {
    try {
      wait.restore();
    } catch (SQLException | RuntimeException e) {
      if (failure != null) {
        failure.addSuppressed(SqlFailure.withheld(e));
      }
    }
  }

  @Override
  public Optional<StoredRecord> find(KeyId id) {
    try {
      return origin.table().find(connection, id);
    } catch (SQLException | RuntimeException e) {
      throw failure("a read", id, e);
    }
  }

  /** Connector/J throws what it never declared where its connection is gone (S7). */
  private static RuntimeException failure(String action, KeyId id, Exception thrown) {
    if (thrown instanceof IdempotencyException known) {
      return known;
    }
    SQLException sql = SqlFailure.findSql(thrown);
    SqlFailure failure = sql == null ? SqlFailure.UNKNOWN : SqlFailure.of(sql);
    return failure.exception(action + " of key " + id.shortDigest(), thrown);
  }
}
