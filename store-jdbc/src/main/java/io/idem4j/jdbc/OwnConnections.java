package io.idem4j.jdbc;

import io.idem4j.IdempotencyException;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Certainty;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.MisuseException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store's own connections: READ COMMITTED, auto-commit, whatever state the pool hands them out
 * in (S11, stores.md 3.7.1). Immutable and safe for use by many threads.
 *
 * <p>The isolation is probed once and set only where it differs, because asking a driver for it can
 * be a round trip. Auto-commit is looked at every time, which is free; a connection that comes with
 * auto-commit off is rolled back, switched, and switched back on return, unless it turns out to be
 * the caller's own: then it is refused and left alone. After anything UNKNOWN the connection is
 * aborted (S12).
 */
final class OwnConnections {
  private static final Logger LOG = LoggerFactory.getLogger(JdbcKeyStore.class);

  /** How often a call is made before a conflict reaches the caller. */
  static final int ATTEMPTS = 8;

  private static final int LONGEST_PAUSE_MILLIS = 32;

  /** Work on a connection that is in the right state. */
  @FunctionalInterface
  interface Work<R> {
    R on(Handle handle) throws SQLException;
  }

  /** Finds the dialect of a connection. */
  @FunctionalInterface
  interface DialectChoice {
    Dialect of(Connection connection) throws SQLException;
  }

  /**
   * How connections of a data source come, as the first one did.
   *
   * @param isolation READ COMMITTED also where it plays no part
   * @param hidesTransactions whether a transaction begun by a plain BEGIN does not show in the
   *     auto-commit mode; where it does not, a rollback without one costs nothing
   */
  private record Habits(int isolation, boolean autoCommit, boolean hidesTransactions) {}

  private final Jdbi jdbi;
  private final Dialect dialect;
  private final Habits habits;

  private OwnConnections(Jdbi jdbi, Dialect dialect, Habits habits) {
    this.jdbi = jdbi;
    this.dialect = dialect;
    this.habits = habits;
  }

  /**
   * Looks at one connection of a data source, to know how the others come.
   *
   * @param choice finds the dialect of a connection
   * @throws KeyStoreException if there is no connection
   * @throws io.idem4j.MisuseException if there is no dialect
   */
  static OwnConnections of(DataSource dataSource, DialectChoice choice) {
    Jdbi jdbi = Jdbi.create(dataSource);
    try (Handle handle = jdbi.open()) {
      Connection connection = handle.getConnection();
      Dialect dialect = choice.of(connection);
      return new OwnConnections(
          jdbi,
          dialect,
          new Habits(
              dialect.setsIsolation()
                  ? Connection.TRANSACTION_READ_COMMITTED
                  : connection.getTransactionIsolation(),
              connection.getAutoCommit(),
              dialect.hidesTransactions()));
    } catch (MisuseException e) {
      throw e;
    } catch (SQLException | RuntimeException e) {
      throw SqlFailure.noConnection("start-up", e);
    }
  }

  /** Returns the dialect that the connections speak. */
  Dialect dialect() {
    return dialect;
  }

  /**
   * Does work on a connection of its own. What the database refused in favour of a concurrent call
   * is repeated a few times; nothing else is.
   *
   * @param action what is done, for messages
   * @param id the key with which it is done, if it is one
   * @throws KeyStoreException whatever fails (S7), with no text of the driver's in it
   */
  <R> R call(String action, @Nullable KeyId id, Work<R> work) {
    for (int attempt = 1; ; attempt++) {
      try {
        return once(action, id, work);
      } catch (KeyStoreException e) {
        if (e.reason() != Reason.CONFLICT || attempt == ATTEMPTS || !pause(attempt)) {
          throw e;
        }
      }
    }
  }

  private <R> R once(String action, @Nullable KeyId id, Work<R> work) {
    Checkout checkout = checkOut(action, id);
    boolean isReusable = false;
    try {
      R result = work.on(checkout.handle);
      isReusable = true;
      return result;
    } catch (KeyStoreException e) {
      isReusable = e.certainty() == Certainty.NOT_APPLIED;
      throw e;
    } catch (IdempotencyException e) {
      isReusable = true;
      throw e;
    } catch (SQLException | RuntimeException e) {
      SQLException sql = SqlFailure.findSql(e);
      SqlFailure failure = sql == null ? SqlFailure.UNKNOWN : SqlFailure.of(sql);
      isReusable = failure != SqlFailure.UNKNOWN;
      throw failure.exception(describe(action, id), e);
    } finally {
      checkout.giveBack(isReusable);
    }
  }

  /**
   * Returns a connection of its own in the right state; to be given back.
   *
   * @throws KeyStoreException if none can be had
   */
  Checkout checkOut(String action, @Nullable KeyId id) {
    Handle handle = open(action, id);
    try {
      if (habits.autoCommit() && !handle.getConnection().getAutoCommit()) {
        handle = reopen(handle, action, id);
      }
      Connection connection = handle.getConnection();
      boolean autoCommit = connection.getAutoCommit();
      if (!autoCommit || habits.hidesTransactions()) {
        // Left over by somebody: switching auto-commit on would commit it.
        connection.setAutoCommit(false);
        connection.rollback();
        connection.setAutoCommit(true);
      }
      if (habits.isolation() != Connection.TRANSACTION_READ_COMMITTED) {
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
      }
      return new Checkout(handle, connection, autoCommit, habits.isolation());
    } catch (SQLException | RuntimeException e) {
      if (e instanceof KeyStoreException refused) {
        throw refused;
      }
      Checkout.abort(handle.getConnection());
      Checkout.close(handle);
      throw SqlFailure.noConnection(describe(action, id), e);
    }
  }

  private Handle open(String action, @Nullable KeyId id) {
    try {
      return jdbi.open();
    } catch (RuntimeException e) {
      throw SqlFailure.noConnection(describe(action, id), e);
    }
  }

  /**
   * A connection came with auto-commit off, and others do not. Given back, a pool's is cleaned, or
   * another one comes; a caller's own comes again, in the same transaction, which is not ours to
   * touch (S11).
   */
  private Handle reopen(Handle handle, String action, @Nullable KeyId id) throws SQLException {
    Optional<String> first;
    try {
      first = dialect.transaction(handle.getConnection());
    } finally {
      Checkout.close(handle);
    }
    Handle again = open(action, id);
    if (!again.getConnection().getAutoCommit()
        && first.isPresent()
        && first.equals(dialect.transaction(again.getConnection()))) {
      Checkout.close(again);
      throw KeyStoreException.notApplied(
          Reason.MISCONFIGURED,
          describe(action, id)
              + " failed: the data source hands out the connection of an open transaction, the"
              + " caller's own or one left behind; give the store a plain, pooled data source",
          null);
    }
    return again;
  }

  private static String describe(String action, @Nullable KeyId id) {
    return id == null ? action : action + " of key " + id.shortDigest();
  }

  /** Sleeps a little, longer each time; false if the thread was interrupted meanwhile. */
  static boolean pause(int attempt) {
    int longest = Math.min(1 << attempt, LONGEST_PAUSE_MILLIS);
    try {
      Thread.sleep(ThreadLocalRandom.current().nextInt(longest) + 1L);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** One connection in use, and the state in which it came. Confined to its thread. */
  static final class Checkout {
    private final Handle handle;
    private final Connection connection;
    private final boolean autoCommit;
    private final int isolation;

    Checkout(Handle handle, Connection connection, boolean autoCommit, int isolation) {
      this.handle = handle;
      this.connection = connection;
      this.autoCommit = autoCommit;
      this.isolation = isolation;
    }

    Connection connection() {
      return connection;
    }

    /** Never throws: what the statement answered stands, whatever happens to its connection. */
    void giveBack(boolean isReusable) {
      if (!isReusable || !restore()) {
        abort(connection);
      }
      close(handle);
    }

    private boolean restore() {
      try {
        if (isolation != Connection.TRANSACTION_READ_COMMITTED) {
          connection.setTransactionIsolation(isolation);
        }
        if (!autoCommit) {
          connection.setAutoCommit(false);
        }
        return true;
      } catch (SQLException | RuntimeException e) {
        LOG.debug("a connection could not be restored", SqlFailure.withheld(e));
        return false;
      }
    }

    static void close(Handle handle) {
      try {
        handle.close();
      } catch (RuntimeException e) {
        LOG.debug("a connection could not be given back", SqlFailure.withheld(e));
      }
    }

    static void abort(Connection connection) {
      try {
        connection.abort(Runnable::run);
      } catch (SQLException | RuntimeException e) {
        LOG.debug("a connection could not be aborted", SqlFailure.withheld(e));
      }
      try {
        // H2 ignores abort, and closing what a pool handed out would only give it back.
        connection.unwrap(Connection.class).close();
      } catch (SQLException | RuntimeException e) {
        LOG.debug("a connection could not be closed", SqlFailure.withheld(e));
      }
    }
  }
}
