package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.Action;
import io.idem4j.Codec;
import io.idem4j.Completer;
import io.idem4j.Fingerprint;
import io.idem4j.Idempotency;
import io.idem4j.IdempotencyKey;
import io.idem4j.Operation;
import io.idem4j.OperationPolicy;
import io.idem4j.Outcome;
import io.idem4j.Purger;
import io.idem4j.Recovery;
import io.idem4j.Scope;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import javax.tools.ToolProvider;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's code without HTTP compiles as it stands, and does what it says. */
class ReadmeCodeTest {
  private static final String CLASS =
      """
      import io.idem4j.*;
      import io.idem4j.jdbc.*;
      import io.idem4j.spi.*;
      import java.util.function.UnaryOperator;
      import javax.sql.DataSource;

      public class Readme {
        public interface Gateway {
          String charge(String key, String body);
        }

        public static int run(
            DataSource dataSource, String tenant, String keyFromClient, String body,
            UnaryOperator<String> effect) {
          Gateway gateway = (key, text) -> effect.apply(key + text);
          %s
          return status;
        }
      }
      """;

  private static final String MORE =
      """
      import io.idem4j.*;
      import io.idem4j.jdbc.*;
      import java.sql.Connection;
      import java.sql.SQLException;
      import java.util.Optional;
      import java.util.concurrent.ScheduledExecutorService;
      import static java.util.concurrent.TimeUnit.SECONDS;

      public class More {
        public interface Bank {
          Optional<String> find(String reference);
        }

        public static Operation<String> transfer(Idempotency idempotency, Bank bank) {
          %s
          return transfer;
        }

        public static Outcome<String> book(
            JdbcKeyStore jdbcStore, Operation<String> booking, IdempotencyKey key,
            Fingerprint fingerprint) throws SQLException {
          %s
          return outcome;
        }

        private static String book(Connection connection, OperationContext context)
            throws SQLException {
          try (var insert = connection.createStatement()) {
            insert.execute("INSERT INTO booking VALUES ('" + context.attempt() + "')");
          }
          return "booked";
        }

        private static boolean isOurs(Optional<String> reference) {
          return reference.isPresent();
        }

        public static Purger upkeep(
            JdbcKeyStore jdbcStore, Operation<String> operation,
            Completer.Callback<String> callback, ScheduledExecutorService scheduler) {
          Completer<String> completer = %s;
          %s;
          return %s;
        }
      }
      """;

  private static JdbcDataSource database() {
    JdbcDataSource dataSource = new JdbcDataSource();
    dataSource.setURL("jdbc:h2:mem:readme;DB_CLOSE_DELAY=-1");
    return dataSource;
  }

  @Test
  void readme_codeOnRecoveryTransactionsAndUpkeep_compilesAndMakesEachEffectOnce(
      @TempDir Path directory) throws Exception {
    JdbcDataSource dataSource = database();
    JdbcKeyStore store = JdbcKeyStore.builder(dataSource).createTableIfMissing().build();
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE booking (attempt VARCHAR(9))");
    }
    String source =
        MORE.formatted(
            block("OperationPolicy.recover()"),
            block("transactions().joined("),
            inline("operation.completer("),
            inline("scheduler.scheduleWithFixedDelay("),
            inline("Purger.builder("));
    compile(directory, "More", source);

    ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    try (Idempotency idempotency = Idempotency.builder(store).build();
        URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()})) {
      Class<?> more = loader.loadClass("More");
      assertRecovers(more, idempotency);
      var booking = idempotency.operation("book", Codec.text(), OperationPolicy.rerun());
      Method book =
          more.getMethod(
              "book", JdbcKeyStore.class, Operation.class, IdempotencyKey.class, Fingerprint.class);
      IdempotencyKey key = booking.key(Scope.single(), "k");
      assertThat(book.invoke(null, store, booking, key, Fingerprint.none()))
          .isEqualTo(new Outcome.Executed<>("booked", true));
      assertThat(book.invoke(null, store, booking, key, Fingerprint.none()))
          .isInstanceOf(Outcome.Replayed.class);
      try (Connection connection = dataSource.getConnection();
          Statement statement = connection.createStatement();
          ResultSet rows = statement.executeQuery("SELECT count(*) FROM booking")) {
        rows.next();
        assertThat(rows.getInt(1)).isEqualTo(1);
      }
      Completer.Callback<String> callback = (record, context) -> Recovery.Finding.unknown();
      Method upkeep =
          more.getMethod(
              "upkeep",
              JdbcKeyStore.class,
              Operation.class,
              Completer.Callback.class,
              ScheduledExecutorService.class);
      ((Purger) upkeep.invoke(null, store, booking, callback, scheduler)).close();
    } finally {
      scheduler.shutdownNow();
    }
  }

  /** Its reply is lost, and the bank knows the reference. */
  private static void assertRecovers(Class<?> more, Idempotency idempotency) throws Exception {
    Class<?> bank = more.getDeclaredClasses()[0];
    List<Object> asked = new ArrayList<>();
    Object knowing =
        Proxy.newProxyInstance(
            more.getClassLoader(),
            new Class<?>[] {bank},
            (self, method, arguments) -> {
              asked.add(arguments[0]);
              return Optional.of("transfer 1");
            });
    @SuppressWarnings("unchecked")
    var transfer =
        (Operation<String>)
            more.getMethod("transfer", Idempotency.class, bank).invoke(null, idempotency, knowing);
    IdempotencyKey key = transfer.key(Scope.single(), "k");
    Action<String, IOException> losesItsReply =
        context -> {
          throw new IOException("no reply to " + context.derivedKey("transfer"));
        };
    assertThatThrownBy(() -> transfer.execute(key, Fingerprint.none(), losesItsReply))
        .isInstanceOf(IOException.class);
    assertThat(transfer.execute(key, Fingerprint.none(), losesItsReply).orElseThrow())
        .isEqualTo("transfer 1");
    assertThat(asked).containsExactly(key.derivedKey("transfer"));
  }

  @Test
  void readme_firstCode_compilesAndChargesOnce(@TempDir Path directory) throws Exception {
    JdbcDataSource dataSource = database();
    JdbcKeyStore.builder(dataSource).createTableIfMissing().build();
    String code = block("OperationPolicy.rerun());");
    assertThat(code.lines()).hasSizeBetween(15, 20);
    compile(directory, "Readme", CLASS.formatted(code));
    AtomicInteger charges = new AtomicInteger();
    UnaryOperator<String> effect = request -> "receipt " + charges.incrementAndGet();

    try (URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()})) {
      var run =
          loader
              .loadClass("Readme")
              .getMethod(
                  "run",
                  DataSource.class,
                  String.class,
                  String.class,
                  String.class,
                  UnaryOperator.class);
      assertThat(run.invoke(null, dataSource, "tenant", "key", "body", effect)).isEqualTo(201);
      assertThat(run.invoke(null, dataSource, "tenant", "key", "body", effect)).isEqualTo(201);
      assertThat(run.invoke(null, dataSource, "tenant", "key", "other", effect)).isEqualTo(422);
    }
    assertThat(charges).hasValue(1);
  }

  /** The first block of code that says so. */
  private static String block(String says) throws IOException {
    return find("(?ms)^```java\\n(.*?)^```$", says);
  }

  /** The code within a line that says so. */
  private static String inline(String says) throws IOException {
    return find("`([^`\\n]+)`", says);
  }

  private static String find(String pattern, String says) throws IOException {
    String readme = Files.readString(Path.of("..", "README.md"));
    return Pattern.compile(pattern)
        .matcher(readme)
        .results()
        .map(found -> found.group(1))
        .filter(code -> code.contains(says))
        .findFirst()
        .orElseThrow(() -> new AssertionError("the README has no code that says " + says));
  }

  private static void compile(Path directory, String name, String source) throws IOException {
    Path file = Files.writeString(directory.resolve(name + ".java"), source);
    var compiler = ToolProvider.getSystemJavaCompiler();
    int failed =
        compiler.run(
            null,
            null,
            null,
            "-proc:none",
            "-Xlint:all",
            "-cp",
            System.getProperty("java.class.path"),
            "-d",
            directory.toString(),
            file.toString());
    assertThat(failed).isZero();
  }
}
