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

    @Override
    String hex(String column) {
      return "RAWTOHEX(" + column + ")";
    }

    @Override
    String use(String schema) {
      return "SET SCHEMA " + schema;
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

    @Override
    String hex(String column) {
      return "encode(" + column + ", 'hex')";
    }

    @Override
    String use(String schema) {
      return "SET search_path = " + schema;
    }
  },
  MARIADB {
    @Override
    DataSource open() {
      return MariaDb.dataSource();
    }

    @Override
    String bytes(String hex) {
      return "X'" + hex + "'";
    }

    @Override
    String hex(String column) {
      return "COALESCE(HEX(" + column + "), '')";
    }

    @Override
    String use(String schema) {
      return "USE " + schema;
    }
  };

  /** Returns a data source without a pool. */
  abstract DataSource open();

  /** Returns a binary literal. */
  abstract String bytes(String hex);

  /** Returns an expression that writes a binary column in hexadecimal digits. */
  abstract String hex(String column);

  /** Returns the statement that drops an index. */
  String dropIndex(String index, String table) {
    return "DROP INDEX " + index + (this == MARIADB ? " ON " + table : "");
  }

  /** Returns the statement that makes a schema the session's own. */
  abstract String use(String schema);
}
