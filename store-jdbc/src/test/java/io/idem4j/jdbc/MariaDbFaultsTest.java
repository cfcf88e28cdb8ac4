package io.idem4j.jdbc;

import io.idem4j.tck.FaultSubject;
import io.idem4j.tck.KeyStoreFaults;
import io.idem4j.tck.StoreUnderTest;
import java.net.InetSocketAddress;
import java.net.URI;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.mariadb.jdbc.MariaDbDataSource;

/** MariaDB behind its own driver as it comes, but for a short socket timeout, and HikariCP. */
@StoreUnderTest("JDBC, MariaDB")
final class MariaDbFaultsTest extends KeyStoreFaults {
  @Override
  protected FaultSubject newSubject() {
    return new JdbcFaultSubject(server(), MariaDb.dataSource(), MariaDbFaultsTest::through);
  }

  private static DataSource through(int port) {
    try {
      return new MariaDbDataSource(throughUrl(port));
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns where the server listens. */
  static InetSocketAddress server() {
    URI uri = URI.create(MariaDb.url().substring("jdbc:".length()));
    return new InetSocketAddress(uri.getHost(), uri.getPort());
  }

  /** Returns the server's URL with another port. */
  static String throughUrl(int port) {
    InetSocketAddress server = server();
    String place = "//" + server.getHostString() + ":" + server.getPort();
    String url = MariaDb.url().replace(place, "//localhost:" + port);
    String separator = url.contains("?") ? "&" : "?";
    return url + separator + "socketTimeout=" + JdbcFaultSubject.CONNECTING_MILLIS;
  }
}
