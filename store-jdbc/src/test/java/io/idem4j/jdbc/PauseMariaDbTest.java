package io.idem4j.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.spi.KeyStore;
import io.idem4j.tck.KeyStorePauses;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.WorkerStore;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** Paused holders on MariaDB. */
@StoreUnderTest("JDBC, MariaDB")
final class PauseMariaDbTest extends KeyStorePauses {
  private final String table = Sql.freshTable();
  private final HikariDataSource pool = KillWorkerStore.pool(MariaDb.url());

  @AfterEach
  void end() {
    pool.close();
  }

  @Override
  protected Class<? extends WorkerStore> opener() {
    return KillWorkerStore.class;
  }

  @Override
  protected List<String> arguments() {
    return List.of(MariaDb.url(), table);
  }

  @Override
  protected KeyStore store() {
    return Rows.store(pool, table);
  }
}
