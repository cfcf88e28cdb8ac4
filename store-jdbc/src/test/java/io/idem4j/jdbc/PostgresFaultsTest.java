package io.idem4j.jdbc;

import io.idem4j.tck.FaultSubject;
import io.idem4j.tck.KeyStoreFaults;
import io.idem4j.tck.StoreUnderTest;
import java.net.InetSocketAddress;
import org.postgresql.ds.PGSimpleDataSource;

/** PostgreSQL behind pgjdbc as it comes, but for a short socket timeout, and HikariCP. */
@StoreUnderTest("JDBC, PostgreSQL")
final class PostgresFaultsTest extends KeyStoreFaults {
  @Override
  protected FaultSubject newSubject() {
    PGSimpleDataSource plain = Postgres.dataSource();
    InetSocketAddress server =
        new InetSocketAddress(plain.getServerNames()[0], plain.getPortNumbers()[0]);
    return new JdbcFaultSubject(server, plain, PostgresFaultsTest::through);
  }

  private static PGSimpleDataSource through(int port) {
    PGSimpleDataSource proxied = new PGSimpleDataSource();
    proxied.setUrl(Postgres.url());
    proxied.setServerNames(new String[] {"localhost"});
    proxied.setPortNumbers(new int[] {port});
    proxied.setSocketTimeout(JdbcFaultSubject.CONNECTING_MILLIS / 1_000);
    return proxied;
  }
}
