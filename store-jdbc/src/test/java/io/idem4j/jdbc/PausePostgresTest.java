package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.KeyId;
import io.idem4j.spi.CasResult;
import io.idem4j.spi.KeyRecord;
import io.idem4j.spi.KeyState;
import io.idem4j.spi.KeyStore;
import io.idem4j.spi.Stamp;
import io.idem4j.spi.StoredRecord;
import io.idem4j.tck.KeyStorePauses;
import io.idem4j.tck.StoreUnderTest;
import io.idem4j.tck.WorkerStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Paused holders on PostgreSQL. */
@StoreUnderTest("JDBC, PostgreSQL")
final class PausePostgresTest extends KeyStorePauses {
  private final String table = Sql.freshTable();
  private final HikariDataSource pool = KillWorkerStore.pool(Postgres.url());

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
    return List.of(Postgres.url(), table);
  }

  @Override
  protected KeyStore store() {
    return Rows.store(pool, table);
  }

  /** A store that lets a holder write over whatever is there. */
  static final class Unfenced implements WorkerStore {
    @Override
    public KeyStore open(List<String> arguments) {
      KeyStore store = new KillWorkerStore().open(arguments);
      return new KeyStore() {
        @Override
        public CasResult compareAndSet(KeyId id, Stamp expected, KeyRecord next) {
          CasResult result = store.compareAndSet(id, expected, next);
          return next.state() == KeyState.COMPLETED
                  && result instanceof CasResult.Refused refused
                  && refused.live().isPresent()
              ? store.compareAndSet(id, refused.live().get().stamp(), next)
              : result;
        }

        @Override
        public Optional<StoredRecord> find(KeyId id) {
          return store.find(id);
        }
      };
    }
  }

  @Test
  void holderThatOverwrites_isFoundOut(@TempDir Path directory) throws Exception {
    assertThat(run(Unfenced.class, directory).problems())
        .anyMatch(each -> each.startsWith("S1"))
        .anyMatch(each -> each.startsWith("I4, I26"));
  }
}
