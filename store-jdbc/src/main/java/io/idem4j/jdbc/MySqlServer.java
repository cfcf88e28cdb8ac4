package io.idem4j.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which server answers, by its own word: Connector/J takes MariaDB for a MySQL.
 *
 * @param version as the server says it
 */
record MySqlServer(boolean isMariaDb, int major, int minor, String version) {
  /** The oldest with SKIP LOCKED; INSERT … RETURNING came with 10.5. */
  static final String OLDEST_MARIADB = "10.6";

  /** The oldest with SKIP LOCKED and with hints that set variables. */
  static final String OLDEST_MYSQL = "8.0";

  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);

  static MySqlServer of(Connection connection) throws SQLException {
    return parse(Dialect.ask(connection, "SELECT VERSION()").orElse(""));
  }

  static MySqlServer parse(String version) {
    Matcher matcher = VERSION.matcher(version);
    boolean isNumbered = matcher.matches();
    return new MySqlServer(
        version.contains("MariaDB"),
        isNumbered ? Integer.parseInt(matcher.group(1)) : 0,
        isNumbered ? Integer.parseInt(matcher.group(2)) : 0,
        version);
  }

  /** Says whether the statements were written for this server. */
  boolean isSpoken() {
    return isMariaDb ? isFrom(10, 6) : isFrom(8, 0);
  }

  /** Returns what MariaDB calls the isolation; the old name is no longer there for ever. */
  String isolationVariable() {
    return isFrom(11, 1) ? "transaction_isolation" : "tx_isolation";
  }

  /** Returns what MariaDB calls the setting of sessions that may not write. */
  String readOnlyVariable() {
    return isFrom(11, 1) ? "transaction_read_only" : "tx_read_only";
  }

  private boolean isFrom(int wantedMajor, int wantedMinor) {
    return major > wantedMajor || (major == wantedMajor && minor >= wantedMinor);
  }
}
