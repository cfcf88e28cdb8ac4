package io.idem4j.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.spi.KeyStore;
import io.idem4j.tck.KeyStorePauses;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.WorkerStore;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Paused holders on an H2 server, whose database is a file. */
@StoreUnderTest("JDBC, H2")
final class PauseH2Test extends KeyStorePauses {
  private static final String SETTINGS = ";WRITE_DELAY=0";

  @TempDir private Path directory;
  private H2Process server;
  private HikariDataSource pool;

  @BeforeEach
  void start() throws Exception {
    server = new H2Process(directory.resolve("data"));
    pool = KillWorkerStore.pool(server.url(SETTINGS));
  }

  @AfterEach
  void end() {
    pool.close();
    server.close();
  }

  @Override
  protected Class<? extends WorkerStore> opener() {
    return KillWorkerStore.class;
  }

  @Override
  protected List<String> arguments() {
    return List.of(server.url(SETTINGS), KillWorkerStore.TABLE);
  }

  @Override
  protected KeyStore store() {
    return Rows.store(pool, KillWorkerStore.TABLE);
  }
}
