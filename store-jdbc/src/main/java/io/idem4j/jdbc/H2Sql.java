package io.idem4j.jdbc;

/** H2's statements; {@link Statements} says what each is for. */
final class H2Sql {
  /** The time in milliseconds, as of the beginning of the transaction. */
  static final String NOW = "CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * 1000 AS BIGINT)";

  /**
   * The same as of the beginning of the statement, which within a longer transaction is another
   * (stores.md 3.3.5).
   */
  static final String STATEMENT_NOW =
      """
      (SELECT CAST(EXTRACT(EPOCH FROM EXECUTING_STATEMENT_START) * 1000 AS BIGINT)
          FROM INFORMATION_SCHEMA.SESSIONS WHERE SESSION_ID = SESSION_ID())
      """
          .strip();

  static final String LOCK_TIMEOUT = "SELECT LOCK_TIMEOUT()";

  /** A plain insert would do too, but then each replay would be an error, with text to build. */
  static final String CLAIM =
      """
      INSERT INTO ${table} (
          key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms)
      SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${now} + ?, ${now} + ?
      WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE key_id = ?)
      """;

  static final String CLAIM_OVER =
      """
      UPDATE ${table}
      SET stamp = ?, format = ?, state = ?, fence = ?, attempt = ?, grant_id = ?,
          fingerprint_algorithm = ?, fingerprint = ?, reference = ?, payload = ?, checkpoint = ?,
          lease_until_ms = ${now} + ?, retain_until_ms = ${now} + ?
      WHERE key_id = ? AND retain_until_ms <= ${now}
      """;

  static final String REPLACE =
      """
      UPDATE ${table}
      SET stamp = ?, format = ?, state = ?, fence = ?, attempt = ?, grant_id = ?,
          fingerprint_algorithm = ?, fingerprint = ?, reference = ?, payload = ?, checkpoint = ?,
          lease_until_ms = ${now} + ?, retain_until_ms = ${now} + ?
      WHERE key_id = ? AND stamp = ? AND retain_until_ms > ${now} AND ${readable}
      """;

  static final String REPLACE_KEEPING_SLOTS =
      """
      UPDATE ${table}
      SET stamp = ?, format = ?, state = ?, fence = ?, attempt = ?, grant_id = ?,
          fingerprint_algorithm = ?, fingerprint = ?, reference = ?,
          lease_until_ms = ${now} + ?, retain_until_ms = ${now} + ?
      WHERE key_id = ? AND stamp = ? AND retain_until_ms > ${now} AND ${readable}
      """;

  static final String READ =
      """
      SELECT key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms,
          ${now}, FALSE
      FROM ${table}
      WHERE key_id = ?
      """;

  static final String PURGE =
      """
      DELETE FROM ${table}
      WHERE retain_until_ms <= ${now} AND format = 1
      FETCH FIRST ? ROWS ONLY
      """;

  static final String SCAN_ABANDONED =
      """
      SELECT key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms,
          ${now}, FALSE
      FROM ${table}
      WHERE state = 1 AND lease_until_ms <= ${now} AND retain_until_ms > ${now}
          AND format = 1 AND key_id > ? AND OCTET_LENGTH(key_id) = 32
      ORDER BY key_id
      FETCH FIRST ? ROWS ONLY
      """;

  static final String SCAN_IN_DOUBT =
      """
      SELECT key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms,
          ${now}, FALSE
      FROM ${table}
      WHERE state = 5 AND retain_until_ms > ${now}
          AND format = 1 AND key_id > ? AND OCTET_LENGTH(key_id) = 32
      ORDER BY key_id
      FETCH FIRST ? ROWS ONLY
      """;

  static final String TABLES =
      """
      SELECT COUNT(*)
      FROM INFORMATION_SCHEMA.TABLES
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?
      """;

  static final String KIND =
      """
      SELECT TABLE_TYPE
      FROM INFORMATION_SCHEMA.TABLES
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?
      """;

  static final String COLUMNS =
      """
      SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, IS_NULLABLE = 'YES',
          IS_NULLABLE = 'NO' AND COLUMN_DEFAULT IS NULL AND IS_IDENTITY = 'NO'
              AND IS_GENERATED = 'NEVER'
      FROM INFORMATION_SCHEMA.COLUMNS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?
      """;

  /** Unique indexes on key_id and nothing else; H2 has no partial or deferrable ones. */
  static final String UNIQUE_INDEXES =
      """
      SELECT i.INDEX_NAME
      FROM INFORMATION_SCHEMA.INDEXES i
      JOIN INFORMATION_SCHEMA.INDEX_COLUMNS c
          ON c.INDEX_SCHEMA = i.INDEX_SCHEMA AND c.INDEX_NAME = i.INDEX_NAME
      WHERE i.TABLE_SCHEMA = ? AND i.TABLE_NAME = ?
          AND i.INDEX_TYPE_NAME IN ('PRIMARY KEY', 'UNIQUE INDEX')
      GROUP BY i.INDEX_NAME
      HAVING COUNT(*) = 1 AND UPPER(MAX(c.COLUMN_NAME)) = 'KEY_ID'
      """;

  /** Names session and transaction; NULL where nothing is uncommitted. */
  static final String TRANSACTION = "SELECT SESSION_ID() || ' ' || TRANSACTION_ID()";

  static final String SETTING =
      "SELECT SETTING_VALUE FROM INFORMATION_SCHEMA.SETTINGS WHERE SETTING_NAME = ?";

  private H2Sql() {}
}
