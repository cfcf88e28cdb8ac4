package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyStoreException;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.tck.History;
import io.idem4j.tck.HistoryRecorder;
import io.idem4j.tck.Together;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;

/** Engines at work on a durable database that is killed and started again, and what they told. */
final class KilledServer {
  private static final int THREADS = 6;
  private static final int EXECUTED_BETWEEN_KILLS = 150;
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private KilledServer() {}

  /** A durable server of which the test is the master. */
  interface Server extends AutoCloseable {
    /** Starts it again on the same port and files, and returns when it takes connections. */
    void start() throws IOException;

    /** Ends all its processes at once, by SIGKILL. */
    void kill() throws IOException;

    /** Returns a data source without a pool, with time-outs of seconds. */
    DataSource dataSource();

    @Override
    void close() throws IOException;
  }

  /**
   * Runs operations from several threads, kills the server again and again, and asks at the end for
   * every key again. The callers' answers and all calls to the store are judged by the history.
   */
  static void run(Server server, int kills) throws Exception {
    HistoryRecorder recorder = new HistoryRecorder();
    Map<IdempotencyKey, AtomicInteger> effects = new ConcurrentHashMap<>();
    AtomicInteger executed = new AtomicInteger();
    AtomicInteger errors = new AtomicInteger();
    AtomicBoolean over = new AtomicBoolean();
    OperationPolicy policy =
        OperationPolicy.rerun().withLease(LEASE).withRetention(Duration.ofMinutes(10));
    try (HikariDataSource pool = pool(server.dataSource());
        Together together = new Together(THREADS + 1)) {
      Rows.store(pool, "killed");
      JdbcKeyStore store = JdbcKeyStore.builder(pool).table("killed").build();
      try (Idempotency idempotency = Idempotency.builder(recorder.around(store)).build()) {
        Operation<String> operation = idempotency.operation("effect", Codec.text(), policy);
        together.run(
            thread -> {
              if (thread == THREADS) {
                try {
                  killAgainAndAgain(server, kills, executed);
                } finally {
                  over.set(true);
                }
                return 0;
              }
              for (int i = 0; !over.get(); i++) {
                // Two threads ask for the same key at about the same time.
                IdempotencyKey key = key(thread / 2 + "-" + i);
                AtomicInteger count = effects.computeIfAbsent(key, it -> new AtomicInteger());
                while (!execute(recorder, operation, key, count, errors) && !over.get()) {
                  Thread.sleep(5);
                }
                executed.incrementAndGet();
              }
              return 0;
            });
        assertThat(errors.get()).as("calls that met the dead server").isPositive();
        assertThat(idempotency.close(LEASE.multipliedBy(5))).isTrue();
      }
      try (Idempotency later = Idempotency.builder(recorder.around(store)).build()) {
        Operation<String> operation =
            later.operation("effect", Codec.text(), policy.withWaitBudget(LEASE.multipliedBy(5)));
        long end = System.nanoTime() + PATIENCE.toNanos();
        for (Map.Entry<IdempotencyKey, AtomicInteger> each : effects.entrySet()) {
          // A connection that is dead, or slow to be made, is an error and not a lock.
          while (!execute(recorder, operation, each.getKey(), each.getValue(), errors)) {
            assertThat(System.nanoTime()).as("no key stays locked").isLessThan(end);
          }
        }
      }
      History history = recorder.history();
      assertThat(history.violations()).isEmpty();
      System.out.printf(
          "killed %d times: %d keys, %d executed, %d of them more than once, %d errors%n",
          kills,
          effects.size(),
          executed.get(),
          effects.values().stream().filter(count -> count.get() > 1).count(),
          errors.get());
    }
  }

  private static void killAgainAndAgain(Server server, int kills, AtomicInteger executed)
      throws IOException, InterruptedException {
    for (int kill = 1; kill <= kills; kill++) {
      int enough = executed.get() + EXECUTED_BETWEEN_KILLS;
      long end = System.nanoTime() + PATIENCE.toNanos();
      while (executed.get() < enough) {
        assertThat(System.nanoTime()).as("work goes on after a restart").isLessThan(end);
        Thread.sleep(1);
      }
      server.kill();
      server.start();
    }
  }

  /** Executes once; says whether there is a recorded answer now. */
  private static boolean execute(
      HistoryRecorder recorder,
      Operation<String> operation,
      IdempotencyKey key,
      AtomicInteger count,
      AtomicInteger errors) {
    try {
      return recorder
          .execute(
              operation,
              Codec.text(),
              key,
              Fingerprint.none(),
              context -> "effect " + count.incrementAndGet())
          .fold(
              Outcome.Executed::recorded,
              replayed -> true,
              recovered -> false,
              inFlight -> false,
              keyReused -> false,
              failed -> false,
              inDoubt -> false);
    } catch (KeyStoreException e) {
      errors.incrementAndGet();
      return false;
    }
  }

  private static IdempotencyKey key(String value) {
    return IdempotencyKey.of(Scope.single(), "effect", value);
  }

  private static HikariDataSource pool(DataSource dataSource) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(dataSource);
    config.setMaximumPoolSize(THREADS);
    config.setMinimumIdle(0);
    config.setConnectionTimeout(500);
    config.setValidationTimeout(400);
    return new HikariDataSource(config);
  }
}
