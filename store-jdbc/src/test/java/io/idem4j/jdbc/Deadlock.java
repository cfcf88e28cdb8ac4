package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A deadlock that the transaction of a test loses. */
final class Deadlock {
  /** MariaDB ends the transaction that changed fewer rows. */
  private static final int HEAVY = 20;

  private Deadlock() {}

  /** Makes MariaDB discard this transaction, and swallows its error. */
  static void lose(TransactionScene scene, Connection loser) throws Exception {
    String first = UUID.randomUUID().toString();
    String second = UUID.randomUUID().toString();
    Sql.run(
        scene.way.pool(),
        "INSERT INTO " + scene.effects + " VALUES ('" + first + "', 'first')",
        "INSERT INTO " + scene.effects + " VALUES ('" + second + "', 'second')");
    try (Connection winner = scene.begin()) {
      for (int row = 0; row < HEAVY; row++) {
        scene.insert(winner, "heavy");
      }
      touch(scene, winner, first);
      touch(scene, loser, second);
      CompletableFuture<Void> waiting =
          CompletableFuture.runAsync(
              () -> {
                try {
                  touch(scene, winner, second);
                } catch (SQLException e) {
                  throw new AssertionError(e);
                }
              });
      boolean isDiscarded = false;
      try {
        touch(scene, loser, first);
      } catch (SQLException e) {
        isDiscarded = e.getErrorCode() == 1213;
      }
      waiting.get(20, TimeUnit.SECONDS);
      winner.rollback();
      assertThat(isDiscarded).isTrue();
    }
  }

  private static void touch(TransactionScene scene, Connection connection, String id)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(
          "UPDATE " + scene.effects + " SET about = 'touched' WHERE id = '" + id + "'");
    }
  }
}
