package io.idem4j.examples.jobs;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.sql.DataSource;

/** Counts rows. */
final class Outboxes {
  private Outboxes() {}

  static int unsent(DataSource database) {
    return count(database, "SELECT count(*) FROM outbox WHERE NOT sent");
  }

  static int messages(DataSource database, String number) {
    return count(database, "SELECT count(*) FROM outbox WHERE text = ?", number);
  }

  static int orders(DataSource database, String number) {
    return count(database, "SELECT count(*) FROM orders WHERE number = ?", number);
  }

  static int records(DataSource database) {
    return count(database, "SELECT count(*) FROM idem4j_record");
  }

  private static int count(DataSource database, String sql, String... arguments) {
    try (Connection connection = database.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int index = 0; index < arguments.length; index++) {
        statement.setString(index + 1, arguments[index]);
      }
      try (ResultSet rows = statement.executeQuery()) {
        rows.next();
        return rows.getInt(1);
      }
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}
