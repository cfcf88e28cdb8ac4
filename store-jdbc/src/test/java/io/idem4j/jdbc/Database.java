package io.idem4j.jdbc;

import javax.sql.DataSource;

/** The databases that a test of common behaviour runs against. */
enum Database {
  H2 {
    @Override
    DataSource open() {
      return Sql.h2();
    }

    @Override
    String bytes(String hex) {
      return "X'" + hex + "'";
    }
  },
  POSTGRESQL {
    @Override
    DataSource open() {
      return Postgres.dataSource();
    }

    @Override
    String bytes(String hex) {
      return "'\\x" + hex + "'";
    }
  };

  /** Returns a data source without a pool. */
  abstract DataSource open();

  /** Returns a binary literal. */
  abstract String bytes(String hex);
}
