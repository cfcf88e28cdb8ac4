package io.idem4j.jdbc;

import io.idem4j.KeyStoreException;
import io.idem4j.KeyStoreException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The part of the start-up check that is the same for all databases, and the schema files. A table
 * without its unique index would turn the whole library off without a word (stores.md 3.7.4).
 */
final class SchemaCheck {
  /**
   * A column as a database describes it; a length that is null is unlimited, and one that is
   * required cannot be left out of an insert.
   */
  record Column(
      String name, String type, @Nullable Long length, boolean isNullable, boolean isRequired) {}

  /** What a column must be. */
  private record Need(String name, Kind kind, long length, boolean isNullable) {}

  private enum Kind {
    BINARY,
    TEXT,
    INTEGER,
    BIGINT;

    boolean isCalled(String name) {
      return switch (name.toLowerCase(Locale.ROOT)) {
        case "bytea", "binary varying", "varbinary", PADDED, "blob", "mediumblob", "longblob" ->
            this == BINARY;
        case "character varying", "varchar_ignorecase", "varchar" -> this == TEXT;
        case "integer", "int" -> this == INTEGER;
        case "bigint" -> this == BIGINT;
        default -> false;
      };
    }
  }

  /** The type of MariaDB and MySQL that fills what is shorter with zeros. */
  private static final String PADDED = "binary";

  private final TableName table;
  private final String schemaFile;

  SchemaCheck(TableName table, String schemaFile) {
    this.table = table;
    this.schemaFile = schemaFile;
  }

  /**
   * Tests types and lengths of all columns.
   *
   * @param fold what the database does to a name without quotes
   */
  void requireColumns(List<Column> columns, int maximumSlot, UnaryOperator<String> fold) {
    if (columns.isEmpty()) {
      throw problem("does not exist");
    }
    List<Need> needs =
        List.of(
            new Need("key_id", Kind.BINARY, 32, false),
            new Need("stamp", Kind.BINARY, 16, false),
            new Need("format", Kind.INTEGER, 0, false),
            new Need("state", Kind.INTEGER, 0, false),
            new Need("fence", Kind.BIGINT, 0, false),
            new Need("attempt", Kind.INTEGER, 0, false),
            new Need("grant_id", Kind.BINARY, 12, false),
            new Need("fingerprint_algorithm", Kind.TEXT, 100, false),
            new Need("fingerprint", Kind.BINARY, 32, false),
            new Need("reference", Kind.BINARY, 256, true),
            new Need("payload", Kind.BINARY, maximumSlot, true),
            new Need("checkpoint", Kind.BINARY, maximumSlot, true),
            new Need("lease_until_ms", Kind.BIGINT, 0, false),
            new Need("retain_until_ms", Kind.BIGINT, 0, false));
    for (Need need : needs) {
      Column column =
          columns.stream()
              .filter(each -> each.name().equals(fold.apply(need.name())))
              .findFirst()
              .orElseThrow(() -> problem("has no column " + need.name()));
      require(need, column);
    }
    for (Column column : columns) {
      if (column.isRequired()
          && needs.stream().noneMatch(need -> column.name().equals(fold.apply(need.name())))) {
        throw problem("has a column " + column.name() + " that every insert must give a value");
      }
    }
  }

  private void require(Need need, Column column) {
    if (!need.kind().isCalled(column.type())) {
      throw problem("has a column " + need.name() + " of type " + column.type());
    }
    if (column.length() != null && column.length() < need.length()) {
      throw problem(
          "has a column %s for %d bytes, and %d are needed (widen it, or lower maximumSlot)"
              .formatted(need.name(), column.length(), need.length()));
    }
    if (column.type().equalsIgnoreCase(PADDED)
        && (column.length() == null || column.length() != need.length() || need.isNullable())) {
      throw problem("has a column " + need.name() + " that pads its values with zeros");
    }
    if (need.isNullable() && !column.isNullable()) {
      throw problem("has a column " + need.name() + " that does not take NULL");
    }
  }

  void requireUniqueIndex(boolean exists) {
    if (!exists) {
      throw problem(
          "has no valid, immediate, total unique index or primary key on key_id alone: nothing"
              + " would keep two claims of a key apart");
    }
  }

  /** Returns a failure that names the table and the file to compare it with. */
  KeyStoreException problem(String what) {
    return KeyStoreException.notApplied(
        Reason.MISCONFIGURED,
        "table %s %s; see %s in the jar, or createTableIfMissing()"
            .formatted(table, what, schemaFile),
        null);
  }

  /** Returns a failure that says what to do about the database's or the session's settings. */
  static KeyStoreException misconfigured(String message) {
    return KeyStoreException.notApplied(Reason.MISCONFIGURED, message, null);
  }

  /** Returns a failure that says what to do about a database that takes no writes. */
  static KeyStoreException readOnly(String message) {
    return KeyStoreException.notApplied(Reason.READ_ONLY, message, null);
  }

  /**
   * Returns the schema file for the table.
   *
   * @param indexPrefix what the index names begin with
   */
  String schema(String indexPrefix) {
    try (InputStream in = SchemaCheck.class.getResourceAsStream(schemaFile)) {
      if (in == null) {
        throw new IllegalStateException(schemaFile + " is missing from the jar");
      }
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return text.replace(TableName.DEFAULT + "_", indexPrefix + "_")
          .replaceAll(TableName.DEFAULT + "\\b(?!_)", table.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
