package io.idem4j.examples.payments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.idem4j.examples.payments.EmbeddedServer.UnavailableException;
import io.idem4j.examples.payments.StoreOption.Kind;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The servers that the program starts. */
class EmbeddedServerTest {
  private static final Pattern PORT = Pattern.compile("://(?:localhost|127\\.0\\.0\\.1):([0-9]+)");

  @TempDir Path directory;

  /** All that is the server's: its processes, its port, and its files below the directory. */
  @ParameterizedTest
  @EnumSource(names = {"POSTGRES", "MARIADB", "REDIS", "DYNAMODB"})
  void parentKilled_leavesNothingBehind(Kind kind) throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-Djava.io.tmpdir=" + directory,
            "-D" + EmbeddedServer.DIRECTORY + "=" + Path.of("../target/servers").toAbsolutePath(),
            "-cp",
            System.getProperty("java.class.path"),
            Payments.class.getName(),
            "server",
            kind.word());
    Process parent = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<ProcessHandle> descendants;
    int port;
    try {
      List<String> lines = new ArrayList<>();
      var reader = parent.inputReader();
      String line = "";
      while (line != null && !line.startsWith("ready for --store " + kind.word() + ":")) {
        lines.add(line);
        line = reader.readLine();
      }
      assertThat(line).as(String.join("\n", lines)).isNotNull();
      Matcher at = PORT.matcher(line);
      assertThat(at.find()).isTrue();
      port = Integer.parseInt(at.group(1));
      assertThat(isOpen(port)).isTrue();
      descendants = parent.descendants().toList();
      assertThat(descendants).isNotEmpty();
    } finally {
      parent.destroyForcibly();
    }
    for (ProcessHandle one : descendants) {
      one.onExit().get(30, TimeUnit.SECONDS);
    }
    assertThat(isOpen(port)).isFalse();
    try (var files = Files.list(directory)) {
      assertThat(files).isEmpty();
    }
  }

  private static boolean isOpen(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static void unavailable(String property, String value, String... saying) {
    String before = System.getProperty(property, "../target/servers");
    System.setProperty(property, value);
    try {
      assertThatThrownBy(
              () ->
                  EmbeddedServer.start(
                      Kind.REDIS,
                      new PrintStream(
                          new java.io.ByteArrayOutputStream(),
                          true,
                          java.nio.charset.StandardCharsets.UTF_8)))
          .isInstanceOf(UnavailableException.class)
          .hasMessageContainingAll(saying)
          .hasMessageContaining("--store redis:redis://HOST:6379");
    } finally {
      System.setProperty(property, before);
    }
  }

  @Test
  void anotherPlatform_isSaid() {
    unavailable("os.arch", "aarch64", "Linux x64 only");
    unavailable("os.name", "Mac OS X", "Linux x64 only");
  }

  @Test
  void noLibraries_isSaid() throws IOException {
    String missing = directory.resolve("none").toString();
    unavailable(EmbeddedServer.DIRECTORY, missing, missing, "mvn package");
  }
}
