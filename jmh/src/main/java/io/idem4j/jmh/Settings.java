package io.idem4j.jmh;

import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import redis.clients.jedis.RedisClient;

/**
 * What a server says of itself, as far as it tells how durable, and so how slow, its writes are.
 */
final class Settings {
  private static final List<String> POSTGRESQL =
      List.of("server_version", "fsync", "synchronous_commit", "shared_buffers", "wal_sync_method");
  private static final List<String> MARIADB =
      List.of(
          "version", "innodb_flush_log_at_trx_commit", "sync_binlog", "innodb_buffer_pool_size");

  private Settings() {}

  /**
   * Asks the server of a store.
   *
   * @param address where it is; not read for a store that needs none
   * @throws SQLException if the database cannot be asked
   */
  static Map<String, String> of(StoreType type, String address) throws SQLException {
    return switch (type) {
      case MEMORY -> Map.of("kept in", "this process");
      case H2 -> Map.of("version", org.h2.engine.Constants.VERSION, "kept in", "memory");
      case POSTGRESQL -> asked(address, "SHOW ", 1, POSTGRESQL);
      case MARIADB -> asked(address, "SHOW VARIABLES WHERE Variable_name = ", 2, MARIADB);
      case REDIS -> redis(address);
      case DYNAMODB -> Map.of("kind", "DynamoDB Local, in memory");
    };
  }

  private static Map<String, String> asked(
      String url, String question, int column, List<String> names) throws SQLException {
    Map<String, String> answers = new TreeMap<>();
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      for (String name : names) {
        String asked = column == 1 ? name : "'" + name + "'";
        try (ResultSet rows = statement.executeQuery(question + asked)) {
          if (rows.next()) {
            answers.put(name, rows.getString(column));
          }
        }
      }
    }
    return answers;
  }

  private static Map<String, String> redis(String address) {
    Map<String, String> answers = new TreeMap<>();
    try (RedisClient client = RedisClient.create(URI.create(address))) {
      client
          .info("server")
          .lines()
          .filter(line -> line.startsWith("redis_version:"))
          .forEach(line -> answers.put("version", line.substring(line.indexOf(':') + 1).strip()));
      for (String name : List.of("appendonly", "appendfsync")) {
        answers.putAll(client.configGet(name));
      }
    }
    return answers;
  }
}
