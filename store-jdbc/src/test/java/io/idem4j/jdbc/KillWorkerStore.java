package io.idem4j.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.SQLExceptionOverride;
import io.idem4j.spi.KeyStore;
import io.idem4j.tck.WorkerStore;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;

/** Opens a store in a worker: the JDBC URL, user included, and the table. */
final class KillWorkerStore implements WorkerStore {
  static final String TABLE = "killed";

  private static final int CONNECTIONS = 4;

  KillWorkerStore() {}

  @Override
  public KeyStore open(List<String> arguments) {
    return JdbcKeyStore.builder(pool(arguments.get(0))).table(arguments.get(1)).build();
  }

  /**
   * Tells HikariCP which errors of H2 mean that a connection is gone. It knows none of them, and a
   * connection that was used a moment ago it lends unchecked, so that under steady traffic a dead
   * one would be lent for ever.
   */
  public static final class H2Errors implements SQLExceptionOverride {
    private static final Set<Integer> GONE = Set.of(90007, 90067, 90098, 90121);

    @java.lang.Override
    public SQLExceptionOverride.Override adjudicate(SQLException failure) {
      return GONE.contains(failure.getErrorCode())
          ? SQLExceptionOverride.Override.MUST_EVICT
          : SQLExceptionOverride.Override.CONTINUE_EVICT;
    }
  }

  /** Returns a pool whose calls end, one way or the other, within seconds. */
  static HikariDataSource pool(String url) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(0);
    config.setInitializationFailTimeout(-1);
    config.setConnectionTimeout(1_500);
    config.setValidationTimeout(1_000);
    config.setExceptionOverrideClassName(H2Errors.class.getName());
    return new HikariDataSource(config);
  }
}
