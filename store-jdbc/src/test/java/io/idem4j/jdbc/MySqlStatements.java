package io.idem4j.jdbc;

import java.sql.Connection;
import java.sql.SQLException;

/** Chooses the statements that the store has for MySQL, on MariaDB: MySQL itself is not run. */
final class MySqlStatements {
  private MySqlStatements() {}

  static Dialect on(Connection connection) throws SQLException {
    return new MySqlDialect(MySqlServer.of(connection), false);
  }
}
