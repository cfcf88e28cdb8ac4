package io.idem4j.jmh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import redis.clients.jedis.UnifiedJedis;

/**
 * Fills a store with copies of one of its records, made by the server itself: a million calls would
 * take longer than what is to be measured. Only their ids differ, which are spread like any.
 */
final class Copies {
  private static final int AT_ONCE = 20_000;
  private static final Duration LONGEST_REWRITE = Duration.ofMinutes(2);

  private static final String REDIS_COPY =
      """
      local record = redis.call('HGETALL', KEYS[1])
      local expiry = redis.call('PTTL', KEYS[1])
      for i = tonumber(ARGV[2]), tonumber(ARGV[3]) do
        local key = ARGV[1] .. i
        redis.call('HSET', key, unpack(record))
        redis.call('PEXPIRE', key, expiry)
      end
      """;

  private Copies() {}

  /** Adds rows to a table that has at least one, and tells the planner of them. */
  static void ofRow(DataSource dataSource, String table, int copies) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      List<String> columns = columns(statement, table);
      StringJoiner rest = new StringJoiner(", ");
      columns.stream().skip(1).forEach(column -> rest.add("s." + column));
      String product = connection.getMetaData().getDatabaseProductName();
      statement.execute(
          "INSERT INTO %s (%s) SELECT %s, %s FROM (SELECT * FROM %s LIMIT 1) s, %s"
              .formatted(
                  table,
                  String.join(", ", columns),
                  switch (product) {
                    case "PostgreSQL" -> "sha256(convert_to(n::text, 'UTF8'))";
                    case "H2" -> "HASH('SHA-256', STRINGTOUTF8(CAST(n AS VARCHAR)))";
                    default -> "UNHEX(SHA2(n, 256))";
                  },
                  rest,
                  table,
                  switch (product) {
                    case "PostgreSQL" -> "generate_series(1, " + copies + ") n";
                    case "H2" -> "(SELECT x AS n FROM SYSTEM_RANGE(1, " + copies + ")) c";
                    default -> "(SELECT seq AS n FROM seq_1_to_" + copies + ") c";
                  }));
      statement.execute(
          (product.equals("MariaDB") ? "ANALYZE TABLE " : "ANALYZE ") + table(product, table));
    }
  }

  private static String table(String product, String table) {
    return product.equals("H2") ? "TABLE " + table : table;
  }

  private static List<String> columns(Statement statement, String table) throws SQLException {
    try (ResultSet rows = statement.executeQuery("SELECT * FROM " + table + " WHERE 1 = 0")) {
      ResultSetMetaData meta = rows.getMetaData();
      List<String> columns = new ArrayList<>();
      for (int i = 1; i <= meta.getColumnCount(); i++) {
        columns.add(meta.getColumnName(i));
      }
      return columns;
    }
  }

  /** Adds hashes beside one that is there. */
  static void ofHash(UnifiedJedis client, String key, String prefix, int copies)
      throws InterruptedException {
    for (int from = 1; from <= copies; from += AT_ONCE) {
      int to = Math.min(from + AT_ONCE - 1, copies);
      client.eval(
          REDIS_COPY.getBytes(UTF_8),
          List.of(key.getBytes(UTF_8)),
          List.of(
              prefix.getBytes(UTF_8),
              Integer.toString(from).getBytes(UTF_8),
              Integer.toString(to).getBytes(UTF_8)));
    }
    awaitRewrite(client);
  }

  /** So many writes make the server rewrite its append-only file, on the same processors. */
  private static void awaitRewrite(UnifiedJedis client) throws InterruptedException {
    long end = System.nanoTime() + LONGEST_REWRITE.toNanos();
    while (client.info("persistence").contains("aof_rewrite_in_progress:1")
        && System.nanoTime() - end < 0) {
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }
}
