package io.idem4j.jdbc;

import io.idem4j.jmh.Contender;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * What one would write by hand for this very task: the store's own statements, on a table like its
 * own, with the plainest JDBC around them. In this package because the statements are taken from
 * the store, so that both sides send the same, always.
 */
public final class JdbcFloor implements Contender {
  private static final byte[] GRANT = new byte[12];
  private static final byte[] DIGEST = new byte[32];
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(1);
  private static final int LOCKED = 1;
  private static final int COMPLETED = 2;
  private static final long LEASE = Duration.ofSeconds(30).toMillis();
  private static final long LOCKED_RETENTION = Duration.ofDays(7).toMillis();
  private static final long RETENTION = Duration.ofDays(1).toMillis();
  private static final int PAYLOAD = 11;

  private final DataSource dataSource;
  private final Statements statements;
  private final AtomicLong stamps = new AtomicLong();

  /**
   * Makes one on a table that exists.
   *
   * @throws SQLException if the database cannot be reached
   */
  public JdbcFloor(DataSource dataSource, String table) throws SQLException {
    this.dataSource = dataSource;
    try (Connection connection = dataSource.getConnection()) {
      this.statements = Dialect.of(connection).statements(new TableName(table), LOCK_TIMEOUT);
    }
  }

  @Override
  public byte[] prepare(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public byte[] first(Object prepared, byte[] answer) throws SQLException {
    byte[] id = (byte[]) prepared;
    byte[] stamp = stamp();
    if (claim(id, stamp) != null) {
      throw new IllegalStateException("not the first call");
    }
    try (Connection connection = dataSource.getConnection();
        PreparedStatement update = connection.prepareStatement(statements.replace())) {
      int at = bind(update, 0, stamp(), COMPLETED, answer, RETENTION);
      update.setBytes(++at, id);
      update.setBytes(++at, stamp);
      if (update.executeUpdate() != 1) {
        throw new IllegalStateException("not completed");
      }
    }
    return answer;
  }

  @Override
  public byte[] replay(Object prepared) throws SQLException {
    return Objects.requireNonNull(claim((byte[]) prepared, stamp()), "run again");
  }

  @Override
  public byte[] read(Object prepared) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement read = connection.prepareStatement(statements.read())) {
      read.setBytes(1, (byte[]) prepared);
      read.execute();
      return Objects.requireNonNull(payload(read), "no answer");
    }
  }

  /** Returns the recorded answer, or null if the key is claimed now. */
  private byte @Nullable [] claim(byte[] id, byte[] stamp) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      try (PreparedStatement claim = connection.prepareStatement(statements.claim())) {
        if (statements.claimForm() == Statements.Claim.ANSWERS) {
          return answer(claim, id, stamp);
        }
        claim.setBytes(1, id);
        int at = bind(claim, 1, stamp, LOCKED, null, LOCKED_RETENTION);
        claim.setBytes(++at, id);
        boolean reads = statements.claimForm() == Statements.Claim.INSERTS_AND_READS;
        if (reads) {
          claim.setBytes(++at, id);
        }
        claim.execute();
        if (claim.getUpdateCount() == 1) {
          return null;
        } else if (reads) {
          claim.getMoreResults();
          return payload(claim);
        }
      }
      try (PreparedStatement read = connection.prepareStatement(statements.read())) {
        read.setBytes(1, id);
        read.execute();
        return payload(read);
      }
    }
  }

  private static byte @Nullable [] answer(PreparedStatement claim, byte[] id, byte[] stamp)
      throws SQLException {
    claim.setBytes(1, id);
    claim.setBytes(2, id);
    bind(claim, 2, stamp, LOCKED, null, LOCKED_RETENTION);
    byte[] found = null;
    for (boolean hasRows = claim.execute(); hasRows; hasRows = claim.getMoreResults()) {
      try (ResultSet rows = claim.getResultSet()) {
        if (rows.next()) {
          found = rows.getInt("state") == COMPLETED ? rows.getBytes(PAYLOAD) : null;
        }
      }
    }
    return found;
  }

  private static byte @Nullable [] payload(PreparedStatement statement) throws SQLException {
    try (ResultSet rows = statement.getResultSet()) {
      return rows.next() ? rows.getBytes(PAYLOAD) : null;
    }
  }

  private static int bind(
      PreparedStatement statement,
      int before,
      byte[] stamp,
      int state,
      byte @Nullable [] payload,
      long retention)
      throws SQLException {
    int at = before;
    statement.setBytes(++at, stamp);
    statement.setInt(++at, 1);
    statement.setInt(++at, state);
    statement.setLong(++at, 1);
    statement.setInt(++at, 1);
    statement.setBytes(++at, GRANT);
    statement.setString(++at, "SHA-256");
    statement.setBytes(++at, DIGEST);
    statement.setBytes(++at, null);
    statement.setBytes(++at, payload);
    statement.setBytes(++at, null);
    statement.setLong(++at, state == LOCKED ? LEASE : 0);
    statement.setLong(++at, retention);
    return at;
  }

  private byte[] stamp() {
    return ByteBuffer.allocate(16).putLong(8, stamps.incrementAndGet()).array();
  }
}
