package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;

import io.idem4j.examples.payments.StoreOption.Kind;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

class PostgresServiceTest extends ServiceContract {
  @Override
  String store() throws Exception {
    return Servers.at(Kind.POSTGRES);
  }

  private String url() throws Exception {
    return StoreOption.parse(store()).address();
  }

  @Test
  void silentServer_isWaitedForSomeSecondsOnly() throws Exception {
    String url = url();
    assertThat(networkTimeout(url)).isEqualTo(10_000);
    assertThat(networkTimeout(url + "&socketTimeout=3")).isEqualTo(3_000);
  }

  private static int networkTimeout(String url) throws SQLException {
    try (var pool = Database.pool(url, Database.limits(url));
        Connection connection = pool.getConnection()) {
      return connection.getNetworkTimeout();
    }
  }
}
