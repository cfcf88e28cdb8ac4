package io.idem4j.examples.payments;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;

/** PostgreSQL, with commits as safe as they are by default. */
record PostgresServer(EmbeddedPostgres postgres) implements ServerProcess.Server {
  static PostgresServer start() throws IOException {
    return new PostgresServer(
        EmbeddedPostgres.builder()
            .setOverrideWorkingDirectory(Path.of(System.getProperty("java.io.tmpdir")).toFile())
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .start());
  }

  @Override
  public String address() {
    return postgres.getJdbcUrl("postgres", "postgres");
  }

  @Override
  public void stop() throws IOException {
    postgres.close();
  }
}
