package io.idem4j.examples.payments;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** PostgreSQL, with commits as safe as they are by default. */
record PostgresServer(EmbeddedPostgres postgres, ProcessHandle postmaster)
    implements ServerProcess.Server {
  static PostgresServer start() throws IOException {
    Path directory = Path.of(System.getProperty("java.io.tmpdir"));
    Path data = directory.resolve("data");
    EmbeddedPostgres postgres =
        EmbeddedPostgres.builder()
            .setOverrideWorkingDirectory(directory.toFile())
            .setDataDirectory(data)
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .start();
    // It is nobody's child: whoever started it has ended.
    String pid = Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip();
    ProcessHandle postmaster =
        ProcessHandle.of(Long.parseLong(pid))
            .orElseThrow(() -> new IOException("PostgreSQL has gone already"));
    return new PostgresServer(postgres, postmaster);
  }

  @Override
  public String address() {
    return postgres.getJdbcUrl("postgres", "postgres");
  }

  /**
   * Returns only when the process has ended. Closing does not wait for that where the library's own
   * shutdown hook is closing already, and the deletion of its files, which follows, would end that
   * hook's wait early.
   */
  @Override
  public void stop() throws IOException, InterruptedException, ExecutionException {
    postgres.close();
    try {
      postmaster.onExit().get(20, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      postmaster.destroyForcibly();
      postmaster.onExit().get();
    }
  }
}
