package io.idem4j.jmh;

import io.github.josipmusa.idempotency.core.ExecutionResult;
import io.github.josipmusa.idempotency.core.IdempotencyContext;
import io.github.josipmusa.idempotency.core.IdempotencyEngine;
import io.github.josipmusa.idempotency.core.IdempotencyStore;
import io.github.josipmusa.idempotency.core.StoredResponse;
import io.github.josipmusa.idempotency.jdbc.JdbcIdempotencyStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import javax.sql.DataSource;

/**
 * idempotency4j 0.2.0 on the databases it has a schema for, with its defaults: its engine acquires
 * the key and runs the operation, and then the response is recorded, as its Spring filter does it.
 */
public final class Idempotency4jRival implements ContenderProvider {
  private static final Set<String> DATABASES = Set.of("PostgreSQL", "MySQL", "MariaDB");
  private static final Duration RETENTION = Duration.ofHours(24);
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(10);
  private static final int STATUS = 200;

  /** A digest of the request, made once as idem4j's is. */
  private static final String FINGERPRINT = "0123456789abcdef".repeat(4);

  @Override
  public String contenderName() {
    return "idempotency4j";
  }

  @Override
  public Optional<Contender> on(OpenedStore opened) throws SQLException {
    Optional<DataSource> dataSource = opened.resource(DataSource.class);
    if (dataSource.isEmpty()) {
      return Optional.empty();
    }
    try (Connection connection = dataSource.get().getConnection()) {
      if (!DATABASES.contains(connection.getMetaData().getDatabaseProductName())) {
        return Optional.empty();
      }
    }
    return Optional.of(new OnDatabase(dataSource.get()));
  }

  private static final class OnDatabase implements Contender {
    private final DataSource dataSource;
    private final IdempotencyStore store;
    private final ScheduledExecutorService heartbeats =
        Executors.newSingleThreadScheduledExecutor();
    private final IdempotencyEngine engine;

    OnDatabase(DataSource dataSource) {
      this.dataSource = dataSource;
      this.store = new JdbcIdempotencyStore(dataSource);
      this.engine = new IdempotencyEngine(store, heartbeats);
    }

    @Override
    public IdempotencyContext prepare(String key) {
      return new IdempotencyContext(key, RETENTION, LOCK_TIMEOUT, FINGERPRINT);
    }

    @Override
    public Object first(Object prepared, byte[] answer) throws Exception {
      IdempotencyContext context = (IdempotencyContext) prepared;
      if (!(engine.execute(context, () -> {}) instanceof ExecutionResult.Executed executed)) {
        throw new IllegalStateException("not the first call");
      }
      StoredResponse response = new StoredResponse(STATUS, Map.of(), answer, Instant.now());
      store.complete(context.key(), executed.leaseId(), response, context.ttl());
      return answer;
    }

    @Override
    public Object replay(Object prepared) throws Exception {
      ExecutionResult result =
          engine.execute(
              (IdempotencyContext) prepared,
              () -> {
                throw new IllegalStateException("run again");
              });
      Keys.require(result instanceof ExecutionResult.Duplicate);
      return ((ExecutionResult.Duplicate) result).response().body();
    }

    @Override
    public void close() {
      heartbeats.shutdownNow();
      try (Connection connection = dataSource.getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute("DROP TABLE idempotency_records");
      } catch (SQLException e) {
        throw new IllegalStateException("the table is left behind", e);
      }
    }
  }
}
