package io.idem4j.examples.outbound;

import io.idem4j.Idempotency;
import io.idem4j.Scope;
import io.idem4j.jdbc.JdbcKeyStore;
import io.idem4j.memory.MemoryKeyStore;
import io.idem4j.spi.KeyStore;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.h2.jdbcx.JdbcConnectionPool;

/** The frame of the programs: runs each order's job twice in parallel, and looks at the ledger. */
final class Demo {
  private static final String USAGE =
      """
      options: --provider URL  (one in this process by default)
               --data FILE     keys in an H2 database, so that a killed run can be repeated
               --seed N        of the faults
               --orders N      (8)\
      """;

  /** How late a delayed request is: later than {@link #TIMEOUT}. */
  static final Duration DELAY = Duration.ofMillis(600);

  /** How old a transfer's request may be: see promises.txt. */
  static final Duration MAXIMUM_DELAY = Duration.ofSeconds(2);

  /** By how much the clocks of provider and caller may differ. */
  static final Duration CLOCKS = Duration.ofMillis(200);

  private static final Duration TIMEOUT = Duration.ofMillis(400);
  private static final Duration LEASE = Duration.ofSeconds(3);
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int MOST_SWEEPS = 20;
  private static final int MISUSED = 2;

  /** Makes an example. */
  interface Making {
    Example make(Idempotency idempotency, ProviderClient provider, Duration lease);
  }

  private Demo() {}

  /** Every second request has one of these. */
  static Faults faults(long seed) {
    return Faults.random(
        seed,
        Fault.REQUEST_LOST,
        Fault.REPLY_LOST,
        Fault.DELAYED,
        Fault.ERROR_AFTER,
        Fault.ERROR_BEFORE);
  }

  /** Returns the exit status. */
  static int run(String[] args, Making making) throws Exception {
    Map<String, String> options = new HashMap<>();
    for (int at = 0; at < args.length; at += 2) {
      if (at + 1 == args.length
          || !List.of("--provider", "--data", "--seed", "--orders").contains(args[at])) {
        System.err.println(USAGE);
        return MISUSED;
      }
      options.put(args[at], args[at + 1]);
    }
    int orders = Integer.parseInt(options.getOrDefault("--orders", "8"));
    JdbcConnectionPool pool = null;
    FakeProvider own = null;
    try {
      URI uri;
      if (options.containsKey("--provider")) {
        uri = URI.create(options.get("--provider"));
      } else {
        long seed = Long.parseLong(options.getOrDefault("--seed", "" + System.nanoTime()));
        System.out.println("seed " + seed);
        own = new FakeProvider(0, faults(seed), DELAY, MAXIMUM_DELAY);
        uri = own.uri();
      }
      KeyStore store = new MemoryKeyStore(10_000);
      if (options.containsKey("--data")) {
        pool = database(Path.of(options.get("--data")));
        store = JdbcKeyStore.builder(pool).build();
      }
      return run(store, uri, orders, making);
    } finally {
      if (own != null) {
        System.out.println("requests: " + own.played());
        own.close();
      }
      if (pool != null) {
        pool.dispose();
      }
    }
  }

  private static int run(KeyStore store, URI uri, int orders, Making making) throws Exception {
    ExecutorService jobs = Executors.newFixedThreadPool(8);
    try (Idempotency idempotency = Idempotency.builder(store).build()) {
      ProviderClient provider = new ProviderClient(uri, TIMEOUT);
      Example example = making.make(idempotency, provider, LEASE);
      List<Future<?>> running = new ArrayList<>();
      for (int number = 1; number <= orders; number++) {
        Order order = new Order("order-" + number, 1000 + number);
        // A job runner may start a job twice, and twice at a time.
        running.add(jobs.submit(() -> job(example, order)));
        running.add(jobs.submit(() -> job(example, order)));
      }
      for (Future<?> job : running) {
        job.get();
      }
      boolean isOnceEach = isOnceEach(provider, example, orders);
      if (example instanceof InvoiceExample invoice) {
        sweep(invoice);
      }
      return isOnceEach ? 0 : 1;
    } finally {
      jobs.shutdownNow();
    }
  }

  /** A sweep that fails is one for later; here that is at once. */
  private static void sweep(InvoiceExample invoice) throws Exception {
    for (int time = 1; ; time++) {
      try {
        System.out.println("leftover drafts that came late: " + invoice.sweep());
        return;
      } catch (NoAnswerException e) {
        if (time == MOST_SWEEPS) {
          throw e;
        }
      }
    }
  }

  private static Void job(Example example, Order order) throws Exception {
    Scope caller = Scope.of("shop");
    Retrying.Answer answer =
        Retrying.untilAnswered(
            () -> example.call(caller, "checkout-of-" + order.number(), order), PATIENCE);
    System.out.printf(
        "%s: %s, %s, call %d%n", order.number(), answer.value(), answer.origin(), answer.tries());
    return null;
  }

  private static boolean isOnceEach(ProviderClient provider, Example example, int orders)
      throws Exception {
    List<Map<String, String>> ledger = provider.ask("/ledger/" + example.kind().path()).lines();
    System.out.println("ledger: " + ledger);
    return ledger.size() == orders
        && ledger.stream().allMatch(order -> List.copyOf(order.values()).equals(List.of("1")));
  }

  /** Acknowledged writes survive a kill with this delay of none. */
  private static JdbcConnectionPool database(Path file) throws SQLException, IOException {
    JdbcConnectionPool pool =
        JdbcConnectionPool.create(
            "jdbc:h2:async:" + file.toAbsolutePath() + ";WRITE_DELAY=0", "", "");
    try (InputStream schema = JdbcKeyStore.class.getResourceAsStream("schema-h2.sql");
        Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      if (schema == null) {
        throw new IOException("schema-h2.sql is missing");
      }
      statement.execute(new String(schema.readAllBytes(), StandardCharsets.UTF_8));
    }
    return pool;
  }
}
