package io.idem4j.examples.messages;

import io.idem4j.Idempotency;
import io.idem4j.IdempotencyListener;
import io.idem4j.OperationPolicy;
import io.idem4j.jdbc.JdbcKeyStore;
import jakarta.jms.Session;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.h2.jdbcx.JdbcConnectionPool;

/**
 * A consumer in a process of its own, with its records and its ledger in an H2 file, to be killed.
 */
final class ConsumerChild implements AutoCloseable {
  /** Where a child stops and waits to be killed. */
  enum Point {
    /** The handler has begun, and has made no effect. */
    BEGUN,
    /** The effect is made, and nothing is recorded. */
    EFFECT,
    /** The completion is recorded, and the message is not acknowledged. */
    COMPLETED,
    /** Nowhere. */
    NONE
  }

  private final Process process;
  private final BufferedReader out;

  private ConsumerChild(Process process) {
    this.process = process;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  static ConsumerChild start(String url, Path database, Point point, OperationPolicy.Mode mode)
      throws IOException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-XX:TieredStopAtLevel=1",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
            "-cp",
            System.getProperty("java.class.path"),
            ConsumerChild.class.getName(),
            url,
            database.toString(),
            point.name(),
            mode.name());
    return new ConsumerChild(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** Waits for a line of the child. */
  void awaitLine(String expected) throws IOException {
    String line = out.readLine();
    if (!expected.equals(line)) {
      throw new AssertionError("the child said " + line);
    }
  }

  /** Kills the process with SIGKILL, wherever it is, and returns when it is gone. */
  void kill() {
    ProcessHandle handle = process.toHandle();
    handle.destroyForcibly();
    handle.onExit().orTimeout(30, TimeUnit.SECONDS).join();
  }

  @Override
  public void close() {
    kill();
  }

  static JdbcConnectionPool open(Path database) {
    return JdbcConnectionPool.create(
        "jdbc:h2:async:" + database + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0",
        "",
        "");
  }

  /** Consumes until it is killed, or its parent is gone. */
  public static void main(String[] arguments) throws Exception {
    Point point = Point.valueOf(arguments[2]);
    JdbcConnectionPool database = open(Path.of(arguments[1]));
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("RUNSCRIPT FROM 'classpath:io/idem4j/jdbc/schema-h2.sql'");
    }
    Ledger ledger = new Ledger(database);
    Idempotency idempotency =
        Idempotency.builder(JdbcKeyStore.builder(database).build())
            .listener(
                new IdempotencyListener() {
                  @Override
                  public void completed(Event event) {
                    stopAt(Point.COMPLETED, point);
                  }
                })
            .build();
    OperationPolicy policy =
        arguments[3].equals(OperationPolicy.Mode.HOLD.name())
            ? OperationPolicy.hold()
            : OperationPolicy.rerun();
    var connection = Broker.connect(arguments[0], "consumer", 100);
    Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
    session
        .createConsumer(session.createQueue("orders"))
        .setMessageListener(
            new IdempotentListener(
                session,
                session.createQueue("orders.dead"),
                idempotency,
                "orders",
                policy.withLease(Duration.ofSeconds(1)),
                10,
                (body, context) -> {
                  String item = new String(body, StandardCharsets.UTF_8);
                  UUID id = context.derivedUuid("order");
                  ledger.run(id, item);
                  stopAt(Point.BEGUN, point);
                  ledger.order(id, item);
                  stopAt(Point.EFFECT, point);
                }));
    System.out.println("ready");
    while (System.in.read() >= 0) {
      // Nothing is said; the end of the stream says that the parent is gone.
    }
    Runtime.getRuntime().halt(1);
  }

  private static void stopAt(Point here, Point point) {
    if (here == point) {
      System.out.println("at " + here);
      while (true) {
        LockSupport.park();
      }
    }
  }
}
