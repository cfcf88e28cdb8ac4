package io.idem4j.examples.jobs;

import java.nio.file.Path;

/** The databases that each test runs on, each test in one of its own. */
enum TestDatabase {
  H2 {
    @Override
    String create(Path directory) {
      return JobDatabase.h2(directory.resolve("jobs"));
    }
  },
  POSTGRESQL {
    @Override
    String create(Path directory) throws Exception {
      return Postgres.create();
    }
  };

  /** Returns the URL of an empty database. */
  abstract String create(Path directory) throws Exception;
}
