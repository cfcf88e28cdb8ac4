/** A store that keeps its records in a table of a relational database. */
@NullMarked
package io.idem4j.jdbc;

import org.jspecify.annotations.NullMarked;
