package io.idem4j.jdbc;

import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.RecordScanner;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registers: what the rules of {@link io.idem4j.spi.KeyStore} mean on one table. Works on a
 * connection that somebody else looks after. Immutable and safe for use by many threads.
 *
 * <p>Each statement sees its own snapshot, so two statements may see different rows. Every loop
 * here exists for such a race, and each is bounded.
 */
final class RecordTable {
  private static final Logger LOG = LoggerFactory.getLogger(JdbcKeyStore.class);

  /** How often a lost race is tried again on one connection. */
  private static final int ROUNDS = 4;

  private record Claim(boolean isApplied, @Nullable RecordRow row) {}

  private final Dialect dialect;
  private final Statements statements;

  RecordTable(Dialect dialect, Statements statements) {
    this.dialect = dialect;
    this.statements = statements;
  }

  /** See {@link io.idem4j.spi.KeyStore#compareAndSet}. */
  CasResult compareAndSet(Connection connection, KeyId id, Stamp expected, KeyRecord next)
      throws SQLException {
    try {
      return expected.equals(Stamp.ABSENT)
          ? claim(connection, id, next)
          : replace(connection, id, expected, next);
    } catch (SQLException e) {
      if (SqlFailure.of(e) == SqlFailure.BUSY) {
        return CasResult.BUSY;
      }
      throw e;
    }
  }

  /** See {@link io.idem4j.spi.KeyStore#find}. */
  Optional<StoredRecord> find(Connection connection, KeyId id) throws SQLException {
    RecordRow over = null;
    for (int round = 0; round < ROUNDS; round++) {
      RecordRow row = read(connection, id);
      if (row == null) {
        return Optional.empty();
      }
      if (row.live() != null) {
        return Optional.of(row.live());
      }
      // Between snapshot and clock the row may have been replaced while it was still live. Only a
      // row that is still there afterwards was the current one when it was found to be over.
      if (row.isSameOver(over)) {
        return Optional.empty();
      }
      over = row;
    }
    throw lostRaces(id);
  }

  /** Deletes at most {@code limit} rows whose retention is over, in one statement. */
  int purge(Connection connection, int limit) throws SQLException {
    try (PreparedStatement statement = prepare(connection, statements.purge())) {
      statement.setInt(1, limit);
      return statement.executeUpdate();
    }
  }

  /** Lists records of a kind after a key id; a row that cannot be understood is only logged. */
  RecordScanner.Page scan(
      Connection connection, RecordScanner.Kind kind, int limit, byte[] afterKeyId)
      throws SQLException {
    String sql =
        switch (kind) {
          case ABANDONED -> statements.scanAbandoned();
          case IN_DOUBT -> statements.scanInDoubt();
        };
    List<StoredRecord> found = new ArrayList<>();
    byte[] last = afterKeyId;
    int seen = 0;
    try (PreparedStatement statement = prepare(connection, sql)) {
      statement.setBytes(1, afterKeyId);
      statement.setInt(2, limit);
      // Not executeQuery: a dialect may wrap the query in what a driver does not take for one.
      statement.execute();
      try (ResultSet rows = statement.getResultSet()) {
        for (; rows.next(); seen++) {
          last = RecordRow.keyId(rows);
          addIfReadable(found, rows, KeyId.of(last));
        }
      }
    }
    return new RecordScanner.Page(
        List.copyOf(found),
        seen < limit ? Optional.empty() : Optional.of(HexFormat.of().formatHex(last)));
  }

  private static void addIfReadable(List<StoredRecord> found, ResultSet rows, KeyId id) {
    try {
      StoredRecord live = RecordRow.read(id, rows).live();
      if (live != null) {
        found.add(live);
      }
    } catch (KeyStoreException e) {
      if (e.reason() != Reason.UNREADABLE) {
        throw e;
      }
      // One broken row must not hide all others from a completer; whoever calls its key is told.
      LOG.warn("a scan leaves out a record: {}", e.getMessage());
    }
  }

  private CasResult claim(Connection connection, KeyId id, KeyRecord next) throws SQLException {
    for (int round = 0; round < ROUNDS; round++) {
      Claim claim = insert(connection, id, next);
      if (claim.isApplied()) {
        return CasResult.APPLIED;
      }
      RecordRow row = claim.row();
      if (row == null) {
        // The row that stood in the way is gone: purged between the two statements.
        continue;
      }
      if (row.live() != null) {
        return CasResult.refusedBy(row.live());
      }
      if (isApplied(id, updateOver(connection, id, next))) {
        return CasResult.APPLIED;
      }
    }
    throw lostRaces(id);
  }

  private CasResult replace(Connection connection, KeyId id, Stamp expected, KeyRecord next)
      throws SQLException {
    for (int round = 0; round < ROUNDS; round++) {
      if (isApplied(id, update(connection, id, expected, next))) {
        return CasResult.APPLIED;
      }
      Optional<StoredRecord> live = find(connection, id);
      if (live.isEmpty()) {
        return CasResult.NONE_LIVE;
      }
      StoredRecord found = live.get();
      if (!found.stamp().equals(expected)) {
        return CasResult.refusedBy(found);
      }
      if (found.format() != KeyRecord.FORMAT) {
        throw KeyStoreException.unreadable(id, "its format is " + found.format());
      }
      // Written between update and read. It matches, so it is no refusal (S3).
    }
    throw lostRaces(id);
  }

  private Claim insert(Connection connection, KeyId id, KeyRecord next) throws SQLException {
    if (statements.claimForm() == Statements.Claim.ANSWERS) {
      return answer(connection, id, next);
    }
    boolean readsBack = statements.claimForm() == Statements.Claim.INSERTS_AND_READS;
    try (PreparedStatement statement = prepare(connection, statements.claim())) {
      RecordBinder binder = new RecordBinder(statement).keyId(id).record(next, true).keyId(id);
      if (readsBack) {
        binder.keyId(id);
      }
      statement.execute();
      if (isApplied(id, statement.getUpdateCount())) {
        return new Claim(true, null);
      }
      if (readsBack) {
        statement.getMoreResults();
        return new Claim(false, firstRow(id, statement));
      }
    } catch (SQLException e) {
      if (!dialect.isLostInsertRace(e)) {
        throw e;
      }
    }
    return new Claim(false, read(connection, id));
  }

  /** Row counts prove nothing here (stores.md 3.2.1): the answer itself says whose it is. */
  private Claim answer(Connection connection, KeyId id, KeyRecord next) throws SQLException {
    try (PreparedStatement statement = prepare(connection, statements.claim())) {
      new RecordBinder(statement).keyId(id).keyId(id).record(next, true);
      Claim answer = null;
      // To the end, because the commit comes after the row, and its failure after both.
      for (boolean hasRows = statement.execute(); hasRows; hasRows = statement.getMoreResults()) {
        try (ResultSet rows = statement.getResultSet()) {
          if (rows.next()) {
            answer =
                RecordRow.isOfThisExecution(rows)
                    ? new Claim(true, null)
                    : new Claim(false, RecordRow.read(id, rows));
          }
        }
      }
      if (answer != null) {
        return answer;
      }
      throw KeyStoreException.unknown(
          "a claim of key " + id.shortDigest() + " was not answered", null);
    }
  }

  /**
   * Prepares a statement whose answer is read as a whole, whatever fetch size the URL sets: rows
   * that stream are handed out before the server says how the statement ended, and Connector/J
   * reads a cursor of what is no plain query as zeros.
   */
  private static PreparedStatement prepare(Connection connection, String sql) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    statement.setFetchSize(0);
    return statement;
  }

  private int updateOver(Connection connection, KeyId id, KeyRecord next) throws SQLException {
    try (PreparedStatement statement = prepare(connection, statements.claimOver())) {
      new RecordBinder(statement).record(next, true).keyId(id);
      return statement.executeUpdate();
    }
  }

  private int update(Connection connection, KeyId id, Stamp expected, KeyRecord next)
      throws SQLException {
    boolean withSlots = !next.slots().isUnchanged();
    String sql = withSlots ? statements.replace() : statements.replaceKeepingSlots();
    try (PreparedStatement statement = prepare(connection, sql)) {
      new RecordBinder(statement).record(next, withSlots).keyId(id).bytes(expected.bytes());
      return statement.executeUpdate();
    }
  }

  private @Nullable RecordRow read(Connection connection, KeyId id) throws SQLException {
    try (PreparedStatement statement = prepare(connection, statements.read())) {
      new RecordBinder(statement).keyId(id);
      statement.execute();
      return firstRow(id, statement);
    }
  }

  private static @Nullable RecordRow firstRow(KeyId id, PreparedStatement statement)
      throws SQLException {
    try (ResultSet rows = statement.getResultSet()) {
      return rows.next() ? RecordRow.read(id, rows) : null;
    }
  }

  private static boolean isApplied(KeyId id, int count) {
    if (count > 1) {
      throw KeyStoreException.unknown(
          count
              + " rows were written for key "
              + id.shortDigest()
              + ": the unique index on key_id is gone; stop and restore it",
          null);
    }
    return count == 1;
  }

  private static KeyStoreException lostRaces(KeyId id) {
    return KeyStoreException.notApplied(
        Reason.CONFLICT,
        "concurrent calls changed the record of key " + id.shortDigest() + " again and again",
        null);
  }
}
