package io.idem4j.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.spi.KeyStore;
import io.idem4j.tck.FaultSubject;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.IntFunction;
import javax.sql.DataSource;

/** A database server that is reached through ports of our choice. */
final class JdbcFaultSubject implements FaultSubject {
  /** How long a driver waits for a silent server while it sets up a connection. */
  static final int CONNECTING_MILLIS = 2_000;

  /** How long a driver waits for a silent server later. */
  private static final int SOCKET_TIMEOUT_MILLIS = 250;

  private final InetSocketAddress server;
  private final IntFunction<DataSource> through;
  private final String table = Sql.freshTable();
  private final HikariDataSource pool;
  private final KeyStore direct;

  /**
   * @param server where the server listens
   * @param plain a data source that reaches it directly
   * @param through makes a data source that reaches it through a port of localhost
   */
  JdbcFaultSubject(InetSocketAddress server, DataSource plain, IntFunction<DataSource> through) {
    this.server = server;
    this.through = through;
    this.pool = Postgres.pool(plain, 16);
    this.direct = JdbcKeyStore.builder(pool).table(table).createTableIfMissing().build();
  }

  @Override
  public InetSocketAddress server() {
    return server;
  }

  @Override
  public Proxied open(int port, int connections) {
    HikariDataSource proxied = Postgres.pool(new Impatient(through.apply(port)), connections);
    return new Proxied(JdbcKeyStore.builder(proxied).table(table).build(), proxied::close);
  }

  @Override
  public KeyStore direct() {
    return direct;
  }

  @Override
  public void close() {
    pool.close();
  }

  /** The driver's own data source, with a short timeout on each connection that is set up. */
  private static final class Impatient extends BareDataSource {
    private final DataSource driver;

    Impatient(DataSource driver) {
      this.driver = driver;
    }

    @Override
    public Connection getConnection() throws SQLException {
      Connection connection = driver.getConnection();
      connection.setNetworkTimeout(Runnable::run, SOCKET_TIMEOUT_MILLIS);
      return connection;
    }

    @Override
    public void setLoginTimeout(int seconds) {
      // The driver's timeout is set already.
    }
  }
}
