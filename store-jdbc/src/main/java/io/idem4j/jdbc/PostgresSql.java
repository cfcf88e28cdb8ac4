package io.idem4j.jdbc;

/** PostgreSQL's statements; {@link Statements} says what each is for. */
final class PostgresSql {
  /**
   * The time in milliseconds, as of the evaluation. Never {@code now()}, which is the transaction's
   * start (stores.md 3.1.5).
   */
  static final String NOW = "CAST(date_part('epoch', clock_timestamp()) * 1000 AS bigint)";

  /**
   * Insert or read, in one execution (stores.md 3.1.4). The live row is looked for first, so that a
   * replay locks nothing, waits for nobody and writes no log. The second statement has a snapshot
   * of its own: it sees the row for whose insertion the first one waited (3.1.1). Measured on
   * PostgreSQL 18, this takes a fifth less time than one statement with a data-modifying CTE.
   *
   * <p>The wait for an uncommitted insert is bounded inside the statement (3.1.6): the setting ends
   * with the statement's own transaction, and a replay never evaluates it. SET LOCAL as a statement
   * before it does the same, but costs some 20 µs and in auto-commit logs a warning on each call.
   */
  static final String CLAIM =
      """
      INSERT INTO ${table} (
          key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms)
      SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${now} + ?, ${now} + ?
      FROM (SELECT ${wait}', true)) AS bounded
      WHERE NOT EXISTS (SELECT FROM ${table} WHERE key_id = ?)
      ON CONFLICT (key_id) DO NOTHING;
      SELECT key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms,
          ${now}, pg_is_in_recovery()
      FROM ${table}
      WHERE key_id = ?
      """;

  /** The beginning of the call that bounds the wait. */
  static final String SET_WAIT = "set_config('lock_timeout', '";

  /**
   * The same in a transaction that goes on, whose own bound is kept until {@link #RESTORE_WAIT}: a
   * setting of the transaction's would bound the caller's waits, too. A rollback to a savepoint
   * restores it by itself.
   */
  static final String SAVE_WAIT =
      "set_config('idem4j.lock_timeout', coalesce("
          + "nullif(current_setting('idem4j.lock_timeout', true), ''),"
          + " current_setting('lock_timeout')), true), "
          + SET_WAIT;

  /** Where a replay made the statement not wait, nothing was kept, and nothing is to restore. */
  static final String RESTORE_WAIT =
      """
      SELECT set_config('lock_timeout', coalesce(
          nullif(current_setting('idem4j.lock_timeout', true), ''),
          current_setting('lock_timeout')), true),
          set_config('idem4j.lock_timeout', '', true)
      """;

  static final String CLAIM_OVER =
      """
      UPDATE ${table}
      SET stamp = ?, format = ?, state = ?, fence = ?, attempt = ?, grant_id = ?,
          fingerprint_algorithm = ?, fingerprint = ?, reference = ?, payload = ?, checkpoint = ?,
          lease_until_ms = ${now} + ?, retain_until_ms = ${now} + ?
      FROM (SELECT ${wait}', true)) AS bounded
      WHERE key_id = ? AND retain_until_ms <= ${now}
      """;

  static final String REPLACE =
      """
      UPDATE ${table}
      SET stamp = ?, format = ?, state = ?, fence = ?, attempt = ?, grant_id = ?,
          fingerprint_algorithm = ?, fingerprint = ?, reference = ?, payload = ?, checkpoint = ?,
          lease_until_ms = ${now} + ?, retain_until_ms = ${now} + ?
      FROM (SELECT ${wait}', true)) AS bounded
      WHERE key_id = ? AND stamp = ? AND retain_until_ms > ${now} AND ${readable}
      """;

  static final String REPLACE_KEEPING_SLOTS =
      """
      UPDATE ${table}
      SET stamp = ?, format = ?, state = ?, fence = ?, attempt = ?, grant_id = ?,
          fingerprint_algorithm = ?, fingerprint = ?, reference = ?,
          lease_until_ms = ${now} + ?, retain_until_ms = ${now} + ?
      FROM (SELECT ${wait}', true)) AS bounded
      WHERE key_id = ? AND stamp = ? AND retain_until_ms > ${now} AND ${readable}
      """;

  /** A replica is no authority (S1), so it is asked whether it is one. */
  static final String READ =
      """
      SELECT key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms,
          ${now}, pg_is_in_recovery()
      FROM ${table}
      WHERE key_id = ?
      """;

  /**
   * The retention is tested when a row is locked and again when it is deleted, on its latest
   * version. A scalar subquery for the clock, because a volatile expression uses no index. An array
   * of keys and no join, for which the planner reads the whole of a table in parts, each time.
   */
  static final String PURGE =
      """
      WITH lapsed AS (
          SELECT key_id
          FROM ${table}
          WHERE retain_until_ms <= (SELECT ${now}) AND format = 1
          ORDER BY retain_until_ms
          LIMIT ?
          FOR UPDATE SKIP LOCKED)
      DELETE FROM ${table}
      WHERE key_id = ANY (ARRAY(SELECT key_id FROM lapsed))
          AND retain_until_ms <= ${now} AND format = 1
      """;

  /** States are literals: with a parameter the planner could not use the partial index. */
  static final String SCAN_ABANDONED =
      """
      SELECT key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms,
          ${now}, pg_is_in_recovery()
      FROM ${table}
      WHERE state = 1 AND lease_until_ms <= ${now} AND retain_until_ms > ${now}
          AND format = 1 AND key_id > ? AND octet_length(key_id) = 32
      ORDER BY key_id
      LIMIT ?
      """;

  static final String SCAN_IN_DOUBT =
      """
      SELECT key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms,
          ${now}, pg_is_in_recovery()
      FROM ${table}
      WHERE state = 5 AND retain_until_ms > ${now}
          AND format = 1 AND key_id > ? AND octet_length(key_id) = 32
      ORDER BY key_id
      LIMIT ?
      """;

  /** Names session and transaction: the backend, and when its transaction began. */
  static final String TRANSACTION =
      "SELECT pg_backend_pid() || ' ' || extract(epoch from transaction_timestamp())";

  /** The table's schema and name, quoted: what later sessions resolve must be this table. */
  static final String RESOLVE =
      """
      SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = to_regclass(CAST(? AS text))
      """;

  /** Concurrent starts queue here: IF NOT EXISTS alone does not keep them apart. */
  static final String SCHEMA_LOCK = "SELECT pg_advisory_xact_lock(115879413953642);\n";

  static final String SESSION =
      """
      SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
          current_setting('synchronous_commit'), current_setting('fsync')
      """;

  static final String TABLE =
      """
      SELECT c.relkind, c.relpersistence,
          has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
              AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')
      FROM pg_class c
      WHERE c.oid = to_regclass(CAST(? AS text))
      """;

  static final String COLUMNS =
      """
      SELECT attname, format_type(atttypid, NULL),
          CASE WHEN atttypmod > 4 THEN CAST(atttypmod - 4 AS bigint) END, NOT attnotnull,
          attnotnull AND NOT atthasdef AND attidentity = ''
      FROM pg_attribute
      WHERE attrelid = to_regclass(CAST(? AS text)) AND attnum > 0 AND NOT attisdropped
      """;

  /** Only these make ON CONFLICT (key_id) work, and inserts exclusive. */
  static final String UNIQUE_INDEXES =
      """
      SELECT i.indexrelid
      FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = to_regclass(CAST(? AS text)) AND a.attname = 'key_id'
          AND i.indnkeyatts = 1 AND i.indisunique AND i.indimmediate
          AND i.indisvalid AND i.indisready AND i.indislive
          AND i.indpred IS NULL AND i.indexprs IS NULL
      """;

  private PostgresSql() {}
}
