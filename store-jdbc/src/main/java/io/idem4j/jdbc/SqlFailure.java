package io.idem4j.jdbc;

import static java.util.Map.entry;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import java.sql.SQLException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the failure of a statement proves (S7, I15): tables of error numbers and SQLStates, and
 * UNKNOWN for all that is in neither.
 *
 * <p>H2 uses its error number as SQLState where the standard has none. Connections are in
 * auto-commit, so the failure of a statement is also the failure of its commit; what is listed here
 * is proven in both places.
 */
enum SqlFailure {
  /** A bounded wait for a row lock ran out; nothing was written. */
  BUSY(Reason.BUSY, "an uncommitted writer holds the row; try again"),

  /** The database sacrificed the statement for a concurrent one; nothing was written. */
  CONFLICT(Reason.CONFLICT, "the database gave up in favour of concurrent calls; try again"),

  /** The database is short of something that comes back; nothing was written. */
  UNAVAILABLE(Reason.UNAVAILABLE, "the database is out of a resource; try again"),

  /** The disk is full; nothing was written. */
  FULL(Reason.FULL, "the database has no disk space left; free some"),

  /** Replica, read-only session or read-only file; nothing was written. */
  READ_ONLY(
      Reason.READ_ONLY,
      "the database refuses writes; lead the data source to the primary, with sessions that may"
          + " write"),

  /** The statement does not fit the schema, or the user may not run it; nothing was written. */
  MISCONFIGURED(
      Reason.MISCONFIGURED,
      "the database refuses the statement; compare table and privileges with the schema file"),

  /** Nobody knows. */
  UNKNOWN(Reason.NO_ANSWER, "nobody knows whether the database applied the statement");

  /** H2's number for a lock wait that ran out; its SQLState alone is also that of timeouts. */
  private static final int H2_LOCK_TIMEOUT = 50200;

  /**
   * Numbers of MariaDB and MySQL, whose SQLState is mostly the general HY000, and another one by
   * the other's driver. PostgreSQL's driver has no numbers; H2's are its SQLStates, or below 1000,
   * or above 2000.
   */
  private static final Map<Integer, SqlFailure> BY_NUMBER =
      Map.ofEntries(
          entry(1205, BUSY), // a wait for a row, or for the table, ran out
          entry(1213, CONFLICT), // deadlock; the transaction is gone, and it was this statement
          entry(1020, CONFLICT), // the row changed since the snapshot (stores.md 3.2.5)
          entry(1021, FULL), // no space on the disk
          entry(1114, FULL), // the table or its tablespace is full
          entry(1040, UNAVAILABLE), // too many connections
          entry(1203, UNAVAILABLE), // too many connections of this user
          entry(1226, UNAVAILABLE), // this user's hourly share is used up
          entry(1290, READ_ONLY), // --read-only, --super-read-only
          entry(1792, READ_ONLY), // a read-only transaction
          entry(1836, READ_ONLY), // running in read-only mode
          entry(1175, MISCONFIGURED), // sql_safe_updates
          entry(1665, MISCONFIGURED), // READ COMMITTED and a binary log of statements
          entry(1153, MISCONFIGURED)); // larger than max_allowed_packet, which was lowered

  private static final Map<String, SqlFailure> BY_STATE =
      Map.ofEntries(
          entry("55P03", BUSY), // PostgreSQL: lock_not_available
          entry("40001", CONFLICT), // serialization failure; H2: deadlock
          entry("40P01", CONFLICT), // PostgreSQL: deadlock_detected
          entry("90131", CONFLICT), // H2: row changed by a concurrent statement
          entry("53100", FULL), // PostgreSQL: disk_full
          entry("53200", UNKNOWN), // pgjdbc: no memory for an answer, of a write that was applied
          entry("25006", READ_ONLY), // PostgreSQL: read_only_sql_transaction
          entry("90097", READ_ONLY)); // H2: database is read only

  private static final Map<String, SqlFailure> BY_CLASS =
      Map.ofEntries(
          entry("0A", MISCONFIGURED), // feature not supported
          entry("22", MISCONFIGURED), // data exception
          entry("23", MISCONFIGURED), // integrity constraint violation
          entry("3D", MISCONFIGURED), // invalid catalog name
          entry("3F", MISCONFIGURED), // invalid schema name
          entry("42", MISCONFIGURED), // syntax error, access rule violation, missing object
          entry("53", UNAVAILABLE), // insufficient resources
          entry("54", MISCONFIGURED)); // program limit exceeded

  private final Reason reason;
  private final String advice;

  SqlFailure(Reason reason, String advice) {
    this.reason = reason;
    this.advice = advice;
  }

  /** Returns what this failure proves. */
  static SqlFailure of(SQLException failure) {
    return of(failure.getSQLState(), failure.getErrorCode());
  }

  static SqlFailure of(@Nullable String state, int vendorCode) {
    if (state == null || state.length() != 5) {
      return UNKNOWN;
    }
    if (state.equals("HYT00") && vendorCode == H2_LOCK_TIMEOUT) {
      return BUSY;
    }
    SqlFailure numbered = BY_NUMBER.get(vendorCode);
    if (numbered != null) {
      return numbered;
    }
    SqlFailure exact = BY_STATE.get(state);
    return exact != null ? exact : BY_CLASS.getOrDefault(state.substring(0, 2), UNKNOWN);
  }

  /** Says whether the database gave something up for concurrent calls, whoever wrapped that. */
  static boolean isConflict(Throwable thrown) {
    SQLException sql = findSql(thrown);
    return sql != null && of(sql) == CONFLICT;
  }

  /** Returns the exception that tells this of an action, free of what the driver says. */
  KeyStoreException exception(String action, Throwable cause) {
    String message = action + " failed: " + advice;
    return this == UNKNOWN
        ? KeyStoreException.unknown(message, withheld(cause))
        : KeyStoreException.notApplied(reason, message, withheld(cause));
  }

  /** Returns the exception that no connection could be had; nothing was sent. */
  static KeyStoreException noConnection(String action, Throwable cause) {
    return KeyStoreException.notApplied(
        Reason.UNAVAILABLE,
        action + " failed: no usable connection could be had from the data source",
        withheld(cause));
  }

  /**
   * Returns a stand-in for what a driver threw: same place, same codes, no text. Drivers print the
   * values of rows and parameters in their messages (stores.md 3.3.7).
   */
  static SQLException withheld(Throwable thrown) {
    StringBuilder classes = new StringBuilder("message withheld: ");
    classes.append(thrown.getClass().getName());
    Throwable cause = thrown.getCause();
    for (int depth = 0; cause != null && depth < 10; depth++) {
      classes.append(", caused by ").append(cause.getClass().getName());
      cause = cause.getCause();
    }
    SQLException coded = findSql(thrown);
    SQLException standIn =
        coded == null
            ? new SQLException(classes.toString())
            : new SQLException(classes.toString(), coded.getSQLState(), coded.getErrorCode());
    standIn.setStackTrace(thrown.getStackTrace());
    return standIn;
  }

  /** Returns the first {@code SQLException} in a chain of causes, or null. */
  static @Nullable SQLException findSql(Throwable thrown) {
    Throwable each = thrown;
    for (int depth = 0; each != null && depth < 10; depth++) {
      if (each instanceof SQLException found) {
        return found;
      }
      each = each.getCause();
    }
    return null;
  }
}
