package io.idem4j.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import io.idem4j.Codec;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.KeyId;
import io.idem4j.KeyStoreException;
import io.idem4j.LeaseLostException;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Scope;
import io.idem4j.spi.KeyStore;
import io.idem4j.tck.History.Deed;
import io.idem4j.tck.History.Kind;
import io.idem4j.tck.HistoryFile;
import io.idem4j.tck.HistoryRecorder;
import io.idem4j.tck.WorkerProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import javax.sql.DataSource;

/**
 * Calls whose effect is a row of the store's own database: of two numbers one is called in atomic
 * mode and one in joined mode. Nothing keeps a number from having two rows but the mode. What a
 * caller was told is appended to a file, and so survives it; and so does the history of all calls,
 * transactions included.
 */
final class KillTransactions implements WorkerProgram {
  static final String EFFECTS = "killed_effects";

  private static final Duration LEASE = Duration.ofSeconds(1);
  private static final int LONGEST_NAP_MILLIS = 6;
  private static final int ONE_FAILS_IN = 24;

  /** What the names of histories begin with. */
  static final String HISTORY = "calls-";

  private static final Codec<String> TEXT = Codec.text();
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  KillTransactions() {}

  /** Opens it in a worker: the JDBC URL, and the directory of what callers were told. */
  @Override
  public Calls open(List<String> arguments) {
    Path told = Path.of(arguments.get(1), "told-" + ProcessHandle.current().pid());
    Path late = Path.of(arguments.get(1), "late-" + ProcessHandle.current().pid());
    String own = HISTORY + ProcessHandle.current().pid() + "-" + System.nanoTime();
    HistoryFile file = HistoryFile.create(Path.of(arguments.get(1), own));
    Caller caller =
        new Caller(
            KillWorkerStore.pool(arguments.get(0)), new HistoryRecorder(file), Duration.ZERO);
    return (number, random) -> {
      try {
        Optional<String> answer = caller.call(number, random);
        if (answer.isPresent()) {
          tell(told, number + "=" + answer.get() + "\n");
        }
      } finally {
        if (caller.wasLate()) {
          tell(late, number + "\n");
        }
      }
    };
  }

  /** One line, in one piece. */
  private static void tell(Path file, String line) throws IOException {
    Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /** Makes the tables. */
  static void prepare(DataSource dataSource) {
    Rows.store(dataSource, KillWorkerStore.TABLE);
    Sql.run(
        dataSource, "CREATE TABLE " + EFFECTS + " (number INTEGER, answer VARCHAR(100) NOT NULL)");
  }

  /** Who calls. Safe for use by many threads. */
  static final class Caller implements AutoCloseable {
    private final HikariDataSource pool;
    private final Idempotency idempotency;
    private final HistoryRecorder recorder;
    private final TransactionHistory history;
    private final KeyStore store;
    private final JdbcTransactions transactions;
    private final Operation<String> atomic;
    private final Operation<String> joined;
    private static final ThreadLocal<Boolean> WAS_LATE = ThreadLocal.withInitial(() -> false);

    /**
     * @param waitBudget for how long a duplicate waits, where the mode lets it
     */
    Caller(HikariDataSource pool, HistoryRecorder recorder, Duration waitBudget) {
      this.pool = pool;
      this.recorder = recorder;
      this.history = new TransactionHistory(pool, KillWorkerStore.TABLE, recorder);
      JdbcKeyStore jdbc = JdbcKeyStore.builder(history).table(KillWorkerStore.TABLE).build();
      this.store = recorder.around(jdbc);
      this.idempotency = Idempotency.builder(store).build();
      this.transactions = jdbc.transactions();
      OperationPolicy policy = OperationPolicy.rerun().withLease(LEASE).withWaitBudget(waitBudget);
      this.atomic = idempotency.operation("atomic", TEXT, policy);
      this.joined = idempotency.operation("joined", TEXT, policy);
    }

    /** Calls once; returns the answer that is recorded, if there is one. */
    Optional<String> call(int number, RandomGenerator random) throws Exception {
      WAS_LATE.set(false);
      Outcome<String> outcome;
      try {
        outcome =
            history.of(
                key(number).id(),
                () -> isAtomic(number) ? atomic(number, random) : joined(number, random));
      } catch (LeaseLostException e) {
        WAS_LATE.set(true);
        throw e;
      }
      if (outcome instanceof Outcome.Replayed<String> replayed) {
        WAS_LATE.set(replayed.ownRun().isPresent());
      }
      Optional<String> answer = answer(outcome);
      if (answer.isPresent()) {
        look(key(number).id());
      }
      return answer;
    }

    static boolean isAtomic(int number) {
      return number % 2 == 0;
    }

    static IdempotencyKey key(int number) {
      return IdempotencyKey.of(
          Scope.single(), isAtomic(number) ? "atomic" : "joined", Integer.toString(number));
    }

    /**
     * The action begins, and may end for nothing, before anybody sees the claim that it runs under:
     * the history tells of runs under recorded claims only, so here it is told what was given out
     * as recorded, whoever ran.
     */
    private Outcome<String> atomic(int number, RandomGenerator random) throws Exception {
      IdempotencyKey key = key(number);
      long invoked = recorder.now();
      Outcome<String> outcome =
          transactions.atomic(
              atomic,
              key,
              Fingerprint.none(),
              (connection, context) -> act(connection, number, context.fence(), random));
      Optional<String> answer = answer(outcome);
      if (answer.isPresent()) {
        recorder.add(
            Deed.of(key.id(), recorder.newCaller(), Kind.REPLAYED, invoked, recorder.now())
                .offering(Fingerprint.none().digests())
                .answering(TEXT.encode(answer.get(), key.id())));
      }
      return outcome;
    }

    private Outcome<String> joined(int number, RandomGenerator random) throws Exception {
      IdempotencyKey key = key(number);
      return recorder.call(
          TEXT,
          key,
          Fingerprint.none(),
          onStart -> {
            Outcome<String> outcome =
                transactions.joined(
                    joined,
                    key,
                    Fingerprint.none(),
                    (connection, context) -> {
                      onStart.accept(context);
                      return act(connection, number, context.fence(), random);
                    });
            if (history.hasUnanswered() && answer(outcome).isPresent()) {
              history.confirm(store.find(key.id()));
            }
            return outcome;
          });
    }

    /** Looks at the record of a key, for the history. */
    private void look(KeyId id) {
      try {
        store.find(id);
      } catch (KeyStoreException e) {
        // The server is down: a read without an answer says nothing.
      }
    }

    private static Optional<String> answer(Outcome<String> outcome) {
      return outcome.fold(
          executed -> executed.recorded() ? Optional.of(executed.value()) : Optional.empty(),
          Outcome.Replayed::answer,
          recovered -> Optional.empty(),
          inFlight -> Optional.empty(),
          keyReused -> Optional.empty(),
          failed -> Optional.empty(),
          inDoubt -> Optional.empty());
    }

    /** Whether this thread's latest call ran, and came too late. */
    boolean wasLate() {
      return WAS_LATE.get();
    }

    private String act(Connection connection, int number, long fence, RandomGenerator random)
        throws SQLException, InterruptedException, IOException {
      String answer = number + " by " + fence;
      Thread.sleep(random.nextInt(LONGEST_NAP_MILLIS));
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO " + EFFECTS + " VALUES (?, ?)")) {
        insert.setInt(1, number);
        insert.setString(2, answer);
        insert.executeUpdate();
      }
      if (random.nextInt(ONE_FAILS_IN) == 0) {
        throw new IOException("failed behind its effect");
      }
      Thread.sleep(random.nextInt(LONGEST_NAP_MILLIS));
      return answer;
    }

    /** Waits until nothing runs any more: what is under way is in no history of the memory. */
    @Override
    public void close() {
      try (pool) {
        if (!idempotency.close(PATIENCE)) {
          throw new AssertionError("something runs for ever");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted while it closed", e);
      }
    }
  }
}
