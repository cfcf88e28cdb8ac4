package io.idem4j.jdbc;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;

/**
 * A MariaDB that can be killed and started again, on the same port and files. It is durable: each
 * commit is flushed, and by its binary log before anybody sees it. Without that log InnoDB shows a
 * commit first and flushes it then; killed in between, it forgot what other sessions had read (rows
 * that a reader had seen were gone after 2 of 3 kills; with the log, after none of 8).
 */
final class MariaDbProcess implements KilledServer.Server {
  private final Path directory;
  private final int port;
  private Process process;

  MariaDbProcess(Path directory) throws IOException {
    this.directory = directory;
    this.port = MariaDb.freePort();
    MariaDb.prepare(directory);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> process.destroyForcibly()));
    start();
  }

  @Override
  public void start() throws IOException {
    List<String> command = MariaDb.server(directory, port);
    // The last one counts.
    command.addAll(
        List.of(
            "--innodb-flush-log-at-trx-commit=1",
            "--innodb-flush-method=fsync",
            "--log-bin=binlog",
            "--server-id=1",
            "--sync-binlog=1"));
    process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("server.log").toFile())
            .start();
    MariaDb.awaitAnswer(MariaDb.url(port), process, directory);
  }

  @Override
  public void kill() {
    process.destroyForcibly();
    process.onExit().join();
  }

  @Override
  public DataSource dataSource() {
    return MariaDb.at(MariaDb.url(port) + "&socketTimeout=5000&connectTimeout=2000");
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      kill();
    }
  }
}
