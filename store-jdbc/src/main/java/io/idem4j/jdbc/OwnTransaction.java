package io.idem4j.jdbc;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import java.sql.Connection;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A transaction on a connection of the store's own, at READ COMMITTED, and its one end. Nothing is
 * committed but by {@link #keep}; what does not end well costs the connection. For one thread.
 */
final class OwnTransaction implements Unit, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JdbcKeyStore.class);

  private final OwnConnections connections;
  private final KeyId id;
  private final OwnConnections.Checkout checkout;
  private final Dialect dialect;
  private final OpenTransaction open;
  private final int isolation;
  private boolean isOver;
  private boolean isReusable;
  private boolean isGivenBack;

  private OwnTransaction(
      OwnConnections connections, KeyId id, OwnConnections.Checkout checkout, int isolation) {
    this.connections = connections;
    this.id = id;
    this.dialect = connections.dialect();
    this.checkout = checkout;
    this.open = new OpenTransaction(checkout.connection(), dialect);
    this.isolation = isolation;
  }

  /**
   * Begins one.
   *
   * @throws KeyStoreException if no connection can be had
   */
  static OwnTransaction begin(OwnConnections connections, KeyId id) {
    OwnConnections.Checkout checkout = connections.checkOut("a transaction", id);
    Connection connection = checkout.connection();
    Dialect dialect = connections.dialect();
    int read = Connection.TRANSACTION_READ_COMMITTED;
    try {
      // Where statements of the store set their own, connections come with any isolation.
      int isolation = dialect.setsIsolation() ? dialect.isolation(connection) : read;
      if (isolation != read) {
        dialect.isolation(connection, read);
      }
      connection.setAutoCommit(false);
      return new OwnTransaction(connections, id, checkout, isolation);
    } catch (SQLException | RuntimeException e) {
      checkout.giveBack(false);
      throw SqlFailure.noConnection("a transaction of key " + id.shortDigest(), e);
    }
  }

  @Override
  public OpenTransaction open() {
    return open;
  }

  /** Commits, and gives the connection back. Sent once, whatever comes of it. */
  @Override
  public End keep() {
    End end = commit();
    isReusable = end.fate() != Fate.UNKNOWN;
    isOver = end.fate() == Fate.COMMITTED;
    close();
    return end;
  }

  private End commit() {
    try {
      checkout.connection().commit();
      return new End(Fate.COMMITTED, null);
    } catch (SQLException | RuntimeException e) {
      SQLException sql = SqlFailure.findSql(e);
      SqlFailure failure = sql == null ? SqlFailure.UNKNOWN : SqlFailure.of(sql);
      // PostgreSQL answers the COMMIT of an aborted transaction with its rollback.
      if (sql != null && OpenTransaction.ABORTED.equals(sql.getSQLState())) {
        failure = SqlFailure.CONFLICT;
      }
      return failure == SqlFailure.UNKNOWN
          ? new End(Fate.UNKNOWN, null)
          : new End(Fate.ROLLED_BACK, failure.exception("a commit", e));
    }
  }

  /**
   * Begins anew after what became of this one, which is rolled back if it is still open: on the
   * same connection, or on another one where that is broken or given back.
   *
   * @throws KeyStoreException if no connection can be had
   */
  OwnTransaction again() {
    if (!isGivenBack) {
      try {
        // An action may have left it in auto-commit, in which nothing is open.
        checkout.connection().setAutoCommit(false);
        checkout.connection().rollback();
        return this;
      } catch (SQLException | RuntimeException e) {
        LOG.debug("a transaction could not be ended", SqlFailure.withheld(e));
      }
      close();
    }
    return begin(connections, id);
  }

  /** Rolls back, and gives the connection back. Without a commit sent, nothing stays. */
  @Override
  public void undo() {
    isReusable = true;
    close();
  }

  /** Safe to repeat; a transaction that did not end is rolled back with its connection. */
  @Override
  public void close() {
    if (isGivenBack) {
      return;
    }
    isGivenBack = true;
    checkout.giveBack(isReusable && restore());
  }

  private boolean restore() {
    Connection connection = checkout.connection();
    try {
      if (!isOver) {
        connection.rollback();
      }
      // Switched on only after the end: it would commit what is open.
      connection.setAutoCommit(true);
      if (isolation != Connection.TRANSACTION_READ_COMMITTED) {
        dialect.isolation(connection, isolation);
      }
      return true;
    } catch (SQLException | RuntimeException e) {
      LOG.debug("a transaction could not be ended", SqlFailure.withheld(e));
      return false;
    }
  }
}
