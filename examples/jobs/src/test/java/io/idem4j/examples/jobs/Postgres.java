package io.idem4j.examples.jobs;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * One PostgreSQL for all tests of this JVM, on loopback and durable. It ends itself with the JVM.
 */
final class Postgres {
  private static EmbeddedPostgres server;
  private static int databases;

  private Postgres() {}

  /** Makes a database, and returns its URL, user included. */
  static synchronized String create() throws IOException, SQLException {
    if (server == null) {
      server =
          EmbeddedPostgres.builder()
              .setServerConfig("fsync", "on")
              .setServerConfig("synchronous_commit", "on")
              .start();
    }
    databases++;
    String name = "jobs" + databases;
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      try (ResultSet fsync = statement.executeQuery("SHOW fsync")) {
        if (!fsync.next() || !fsync.getString(1).equals("on")) {
          throw new IllegalStateException("the server is not durable");
        }
      }
      statement.execute("CREATE DATABASE " + name);
    }
    return server.getJdbcUrl("postgres", name);
  }
}
