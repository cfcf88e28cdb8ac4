package io.idem4j.jdbc;

import io.idem4j.MisuseException;
import java.util.regex.Pattern;

/**
 * The validated name of the table, with its schema if one was given. Only such names ever become
 * part of a statement, and the database's own quoted form of them once the table was found.
 * Immutable.
 */
final class TableName {
  /** The name that the schema files use. */
  static final String DEFAULT = "idem4j_record";

  private static final Pattern VALID =
      Pattern.compile("([A-Za-z_][A-Za-z0-9_]{0,47}\\.)?[A-Za-z_][A-Za-z0-9_]{0,47}");

  private final String name;
  private final String resolved;

  private TableName(String name, String resolved) {
    this.name = name;
    this.resolved = resolved;
  }

  TableName(String name) {
    if (!VALID.matcher(name).matches()) {
      throw new MisuseException(
          "a table name is one identifier, or a schema, a dot and one; an identifier has at most 48"
              + " letters, digits and underscores, and does not begin with a digit");
    }
    this.name = name;
    this.resolved = name;
  }

  /**
   * Returns the same table under the name that statements are to use.
   *
   * @param quoted schema and name as the database has them, each in quotes where it needs them
   */
  TableName resolvedTo(String quoted) {
    return new TableName(name, quoted);
  }

  /** Returns the schema, or an empty text where the connection's own is meant. */
  String schema() {
    return name.substring(0, Math.max(name.indexOf('.'), 0));
  }

  /** Returns the name without its schema. */
  String simple() {
    return name.substring(name.indexOf('.') + 1);
  }

  /** Fills the name into a statement where it says {@code ${table}}. */
  String in(String sql) {
    return sql.replace("${table}", resolved);
  }

  /** Returns the name as it was given. */
  @Override
  public String toString() {
    return name;
  }
}
