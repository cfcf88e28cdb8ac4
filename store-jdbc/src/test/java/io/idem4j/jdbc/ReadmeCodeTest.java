package io.idem4j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import javax.tools.ToolProvider;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first code of the README compiles as it stands, and does what it says. */
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

  @Test
  void readme_firstCode_compilesAndChargesOnce(@TempDir Path directory) throws Exception {
    JdbcDataSource dataSource = new JdbcDataSource();
    dataSource.setURL("jdbc:h2:mem:readme;DB_CLOSE_DELAY=-1");
    JdbcKeyStore.builder(dataSource).createTableIfMissing().build();
    List<String> code = firstJavaBlock();
    assertThat(code).hasSizeBetween(15, 20);
    compile(directory, CLASS.formatted(String.join("\n", code)));
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

  private static List<String> firstJavaBlock() throws IOException {
    return Files.readAllLines(Path.of("..", "README.md")).stream()
        .dropWhile(line -> !line.equals("```java"))
        .skip(1)
        .takeWhile(line -> !line.equals("```"))
        .toList();
  }

  private static void compile(Path directory, String source) throws IOException {
    Path file = Files.writeString(directory.resolve("Readme.java"), source);
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
