package io.idem4j.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL that can be killed and started again, on the same port and files. It is durable:
 * {@code fsync} and {@code synchronous_commit} are on.
 */
final class PostgresProcess implements KilledServer.Server {
  private final Path directory;
  private final int port;
  private EmbeddedPostgres server;

  PostgresProcess(Path directory) throws IOException {
    this.directory = directory;
    try (ServerSocket free = new ServerSocket(0)) {
      this.port = free.getLocalPort();
    }
    start();
  }

  @Override
  public void start() throws IOException {
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setDataDirectory(directory)
            .setCleanDataDirectory(false)
            .setPort(port);
    Map.of("fsync", "on", "synchronous_commit", "on", "full_page_writes", "on")
        .forEach(builder::setServerConfig);
    server = builder.start();
  }

  @Override
  public void kill() throws IOException {
    long pid = Long.parseLong(Files.readAllLines(directory.resolve("postmaster.pid")).get(0));
    ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
    List<ProcessHandle> all =
        Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList();
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(each -> each.onExit().join());
    // It finds nothing to stop, says so, and gives back its lock on the directory.
    server.close();
  }

  @Override
  public DataSource dataSource() {
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(server.getJdbcUrl("postgres", "postgres"));
    dataSource.setSocketTimeout(5);
    dataSource.setConnectTimeout(2);
    return dataSource;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
