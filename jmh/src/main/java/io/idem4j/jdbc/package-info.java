/** What the benchmarks need of the JDBC store itself: its own statements, sent by hand. */
@org.jspecify.annotations.NullMarked
package io.idem4j.jdbc;
