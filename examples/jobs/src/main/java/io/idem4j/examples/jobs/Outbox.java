package io.idem4j.examples.jobs;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Messages that wait in the database until they are sent. Written in the transaction that makes
 * what they tell of, sent by {@link #relay} afterwards: at least once, in whatever order relays
 * come to it, always with the same id. The id may be drawn, because the row that bears it is
 * committed once. A receiver that knows keys takes it for one.
 */
final class Outbox {
  private static final String ADD = "INSERT INTO outbox (id, text, sent) VALUES (?, ?, FALSE)";

  /**
   * What another relay is sending is passed over, and not waited for. H2 passes over all while one
   * is being sent: there one relay works at a time.
   */
  private static final String NEXT =
      """
      SELECT place, id, text FROM outbox WHERE NOT sent
      ORDER BY place LIMIT 1 FOR UPDATE SKIP LOCKED
      """;

  private static final String SENT = "UPDATE outbox SET sent = TRUE WHERE place = ?";

  private Outbox() {}

  /** Sends a message. */
  interface Sender {
    /**
     * Sends it; called again with the same id if it may not have been sent.
     *
     * @throws IOException if it may not have been sent
     */
    void send(UUID id, String text) throws IOException, InterruptedException;
  }

  /** Writes a message, as a part of the transaction that is open on the connection. */
  static void add(Connection connection, String text) throws SQLException {
    try (PreparedStatement add = connection.prepareStatement(ADD)) {
      add.setObject(1, UUID.randomUUID());
      add.setString(2, text);
      add.executeUpdate();
    }
  }

  /**
   * Sends the oldest message that nobody else is sending. Its row is locked meanwhile: a relay that
   * dies lets go of it, and another sends it again.
   *
   * @return whether there was one
   */
  static boolean relay(DataSource database, Sender sender)
      throws SQLException, IOException, InterruptedException {
    try (Connection connection = database.getConnection()) {
      connection.setAutoCommit(false);
      boolean isCommitted = false;
      try {
        boolean isFound = relay(connection, sender);
        connection.commit();
        isCommitted = true;
        return isFound;
      } finally {
        if (!isCommitted) {
          connection.rollback();
        }
      }
    }
  }

  private static boolean relay(Connection connection, Sender sender)
      throws SQLException, IOException, InterruptedException {
    try (PreparedStatement next = connection.prepareStatement(NEXT);
        ResultSet rows = next.executeQuery()) {
      if (!rows.next()) {
        return false;
      }
      long place = rows.getLong("place");
      sender.send(rows.getObject("id", UUID.class), rows.getString("text"));
      try (PreparedStatement sent = connection.prepareStatement(SENT)) {
        sent.setLong(1, place);
        sent.executeUpdate();
      }
      return true;
    }
  }
}
