/** Keeps idempotency records in a relational database through JDBC. */
module io.idem4j.jdbc {
  requires transitive io.idem4j;
  requires transitive java.sql;
  requires org.jdbi.v3.core;
  requires org.slf4j;
  requires static org.jspecify;

  exports io.idem4j.jdbc;
}
