package io.idem4j.examples.messages;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * The effects: a row for each order, whose id there can be once, and a row for each run of the
 * handler. It stands for another system: it shares no transaction with the key store.
 */
public final class Ledger {
  private final DataSource database;

  /** Opens the ledger of an H2 database, and makes its tables if they are missing. */
  public Ledger(DataSource database) throws SQLException {
    this.database = database;
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE IF NOT EXISTS orders (id UUID PRIMARY KEY, item VARCHAR)");
      statement.execute("CREATE TABLE IF NOT EXISTS runs (id UUID, item VARCHAR)");
    }
  }

  /** Notes that a handler began. */
  public void run(UUID id, String item) throws SQLException {
    write("INSERT INTO runs VALUES (?, ?)", id, item);
  }

  /** Makes an order; the same one again changes nothing. */
  public void order(UUID id, String item) throws SQLException {
    write("MERGE INTO orders KEY (id) VALUES (?, ?)", id, item);
  }

  private void write(String sql, UUID id, String item) throws SQLException {
    try (Connection connection = database.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setObject(1, id);
      statement.setString(2, item);
      int rows = statement.executeUpdate();
      if (rows != 1) {
        throw new SQLException(rows + " rows were written instead of one");
      }
    }
  }

  /** Returns how many orders there are. */
  public int orders() throws SQLException {
    return count("SELECT count(*) FROM orders");
  }

  /** Returns how many times a handler began. */
  public int runs() throws SQLException {
    return count("SELECT count(*) FROM runs");
  }

  private int count(String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getInt(1);
    }
  }
}
