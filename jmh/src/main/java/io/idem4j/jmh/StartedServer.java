package io.idem4j.jmh;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server that is started for a run, by the payments example, which brings them: {@code java -jar
 * payments.jar server postgres}. Databases flush each commit, as they do by default.
 */
final class StartedServer implements AutoCloseable {
  /** Names another payments.jar than that of the same build. */
  static final String JAR = "idem4j.jmh.servers";

  private static final Pattern READY = Pattern.compile("ready for --store [a-z0-9]+:(.+)");
  private static final int END_SECONDS = 30;

  private final Process process;
  private final String address;

  private StartedServer(Process process, String address) {
    this.process = process;
    this.address = address;
  }

  /**
   * Starts one and waits until it can be used.
   *
   * @param name the name by which the payments example knows it
   * @throws IOException if it cannot be started; the message holds what it said
   */
  static StartedServer start(String name) throws IOException {
    Path jar = jar();
    if (!Files.exists(jar)) {
      throw new IOException("no " + jar + ", which mvn package makes, to start a server with");
    }
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-jar",
                jar.toString(),
                "server",
                name)
            .redirectErrorStream(true)
            .start();
    List<String> said = new ArrayList<>();
    BufferedReader lines = process.inputReader();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Matcher ready = READY.matcher(line);
      if (ready.matches()) {
        readOn(lines);
        return new StartedServer(process, ready.group(1));
      }
      said.add(line);
    }
    throw new IOException(String.join(System.lineSeparator(), said));
  }

  /** An unread pipe would stop the server once it is full. */
  private static void readOn(BufferedReader lines) {
    Thread reader =
        new Thread(
            () -> {
              try {
                while (lines.readLine() != null) {}
              } catch (IOException | UncheckedIOException e) {
                // It has ended.
              }
            },
            "server-output");
    reader.setDaemon(true);
    reader.start();
  }

  private static Path jar() {
    String named = System.getProperty(JAR);
    if (named != null) {
      return Path.of(named);
    }
    try {
      var own = StartedServer.class.getProtectionDomain().getCodeSource().getLocation();
      return Path.of(own.toURI()).resolveSibling("../../examples/target/payments.jar").normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns where it is. */
  String address() {
    return address;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
