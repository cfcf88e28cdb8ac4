package io.idem4j.jdbc;

import com.mysql.cj.jdbc.MysqlDataSource;
import io.idem4j.tck.FaultSubject;
import io.idem4j.tck.KeyStoreFaults;
import io.idem4j.tck.StoreUnderTest;
import javax.sql.DataSource;

/** MariaDB behind MySQL's driver as it comes, but for a short socket timeout, and HikariCP. */
@StoreUnderTest("JDBC, MariaDB with Connector/J")
final class MariaDbConnectorJFaultsTest extends KeyStoreFaults {
  @Override
  protected FaultSubject newSubject() {
    return new JdbcFaultSubject(
        MariaDbFaultsTest.server(), MariaDb.connectorJ(), MariaDbConnectorJFaultsTest::through);
  }

  private static DataSource through(int port) {
    MysqlDataSource dataSource = new MysqlDataSource();
    // Without TLS, which the other driver does not use either: the faults are to cut messages.
    dataSource.setURL(
        MariaDbFaultsTest.throughUrl(port).replace("jdbc:mariadb:", "jdbc:mysql:")
            + "&sslMode=DISABLED");
    return dataSource;
  }
}
