package io.idem4j.jdbc;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;

/** An H2 server that can be killed and started again, on the same port and files. */
final class H2Process implements KilledServer.Server {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final Path directory;
  private final int port;
  private Process process;

  H2Process(Path directory) throws IOException {
    this.directory = directory;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      this.port = free.getLocalPort();
    }
    start();
  }

  @Override
  public void start() throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> machine =
        List.of(java, "-Xmx128m", "-XX:+UseSerialGC", "-Dh2.bindAddress=127.0.0.1");
    List<String> program =
        List.of("-cp", System.getProperty("java.class.path"), Main.class.getName());
    List<String> arguments = List.of(Integer.toString(port), directory.toString());
    List<String> command = new ArrayList<>(machine);
    command.addAll(program);
    command.addAll(arguments);
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolveSibling("h2.log").toFile())
            .start();
    awaitConnection();
  }

  /** The program: ends when its master is gone. */
  static final class Main {
    private Main() {}

    /** Serves: port, directory. */
    public static void main(String[] arguments) throws Exception {
      org.h2.tools.Server.createTcpServer(
              "-tcpPort", arguments[0], "-ifNotExists", "-baseDir", arguments[1])
          .start();
      System.in.readAllBytes();
      Runtime.getRuntime().halt(0);
    }
  }

  /** Opens the database, by its own settings; it is closed by the end of the process alone. */
  private void awaitConnection() throws IOException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      try (Connection connection = Sql.h2(url("")).getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute("SET DB_CLOSE_DELAY -1");
        return;
      } catch (SQLException e) {
        if (System.nanoTime() > end || !process.isAlive()) {
          throw new IOException(e);
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  @Override
  public void kill() {
    ProcessHandle handle = process.toHandle();
    handle.destroyForcibly();
    handle.onExit().orTimeout(30, TimeUnit.SECONDS).join();
  }

  /** Returns the URL, with these settings. */
  String url(String settings) {
    return "jdbc:h2:tcp://localhost:" + port + "/./data" + settings;
  }

  @Override
  public DataSource dataSource() {
    return Sql.h2(url(";WRITE_DELAY=0"));
  }

  @Override
  public void close() {
    kill();
  }
}
