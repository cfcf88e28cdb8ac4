package io.idem4j.jdbc;

import java.util.List;

/** The statements of MariaDB and MySQL; {@link Statements} says what each is for. */
final class MySqlSql {
  /**
   * The time in milliseconds, as of the beginning of the statement. In UTC, because a local time is
   * told twice in the hour that a session's time zone repeats.
   */
  static final String START = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000";

  /**
   * The time in milliseconds, as of the evaluation. A row that was committed after the statement
   * began would by its beginning have more time left than it was given.
   *
   * <p>Only {@code SYSDATE} goes on within a statement, and it is local; what it went on by is the
   * same in UTC. A zone that changes its offset meanwhile does so by half hours, so that what is
   * left beside them lies within a quarter each way. It is less than nothing where the clock was
   * set back meanwhile: that must not count as half an hour more.
   */
  static final String NOW =
      """
      (TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))
              + MOD(TIMESTAMPDIFF(MICROSECOND, NOW(6), SYSDATE(6)) + 87300000000, 1800000000)
              - 900000000)
          DIV 1000
      """
          .replaceAll("\\s+", " ")
          .strip();

  /** Whether this server takes writes from replication or not at all: then it is no authority. */
  static final String IS_REPLICA = "CAST(@@GLOBAL.read_only AS CHAR) NOT IN ('0', 'OFF')";

  /**
   * What each statement of MariaDB stands in. Isolation and the bounds of both kinds of lock wait
   * are those of the one statement, which costs no round trip and leaves the session as it was.
   *
   * <p>The rollback ends what somebody began in this session by a plain BEGIN and left (3.7.1), and
   * says that nothing follows, because completion_type may begin another transaction. Where there
   * is nothing, it does nothing. Auto-commit is what the driver believes it to be; a plain SET that
   * was left makes that untrue of Connector/J. In a transaction a write would be lost with it, and
   * a read would see the past.
   */
  static final String MARIADB_FRAME =
      """
      SET STATEMENT ${isolation} = 'READ-COMMITTED', innodb_lock_wait_timeout = ${wait},
          lock_wait_timeout = ${wait}
      FOR BEGIN NOT ATOMIC
      ROLLBACK AND NO CHAIN NO RELEASE;
      SET autocommit = 1;
      ${statement};
      END
      """;

  /**
   * What they stand in within a transaction of somebody else's: its isolation is READ COMMITTED
   * already, and it is neither ended nor begun.
   */
  static final String MARIADB_BOUND_FRAME =
      """
      SET STATEMENT innodb_lock_wait_timeout = ${wait}, lock_wait_timeout = ${wait}
      FOR BEGIN NOT ATOMIC
      ${statement};
      END
      """;

  /**
   * MySQL bounds the wait by a hint in each statement, which MariaDB takes for a comment. By its
   * manual MySQL ignores the one for rows, which Percona's takes: there the session bounds that
   * wait.
   */
  static final String MYSQL_HINT =
      "/*+ SET_VAR(innodb_lock_wait_timeout = ${wait}) SET_VAR(lock_wait_timeout = ${wait}) */";

  /**
   * Read, or insert and read, in one execution. The live row is looked for first by a consistent
   * read, so that a replay locks nothing, waits for nobody and writes no log; without it, ON
   * DUPLICATE KEY UPDATE would lock the row of each replay.
   *
   * <p>Only one of the two answers has a row. The insert's is the row as it stands afterwards, and
   * the variable tells whose it is: row counts mean different things by the driver's settings
   * (3.2.1), and the stamp alone cannot tell a call from its re-issue that ran at the same time
   * (S8). Assignments run from left to right, so the retention end, which all others test, comes
   * last, and all test it at one time, the statement's beginning (3.2.11). The key id is tested
   * because a further unique index would lead to another key's row.
   */
  static final String MARIADB_CLAIM =
      """
      SELECT key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms,
          ${now}, ${replica}, 0
      FROM ${table}
      WHERE key_id = ? AND retain_until_ms > ${now};
      IF FOUND_ROWS() = 0 THEN
      SET @idem4j_applied = 1;
      INSERT INTO ${table} (
          key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${start} + ?, ${start} + ?)
      ON DUPLICATE KEY UPDATE
          stamp = IF(${over}, VALUES(stamp), IF(@idem4j_applied := 0, stamp, stamp)),
          format = IF(${over}, VALUES(format), format),
          state = IF(${over}, VALUES(state), state),
          fence = IF(${over}, VALUES(fence), fence),
          attempt = IF(${over}, VALUES(attempt), attempt),
          grant_id = IF(${over}, VALUES(grant_id), grant_id),
          fingerprint_algorithm =
              IF(${over}, VALUES(fingerprint_algorithm), fingerprint_algorithm),
          fingerprint = IF(${over}, VALUES(fingerprint), fingerprint),
          reference = IF(${over}, VALUES(reference), reference),
          payload = IF(${over}, VALUES(payload), payload),
          checkpoint = IF(${over}, VALUES(checkpoint), checkpoint),
          lease_until_ms = IF(${over}, VALUES(lease_until_ms), lease_until_ms),
          retain_until_ms = IF(${over}, VALUES(retain_until_ms), retain_until_ms)
      RETURNING key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms,
          ${now}, ${replica}, @idem4j_applied;
      END IF
      """
          .replace("${over}", "key_id = VALUES(key_id) AND retain_until_ms <= ${start}");

  static final String LOCK_WAIT = "SELECT @@SESSION.innodb_lock_wait_timeout";

  /** At READ COMMITTED the inner SELECT locks nothing, so a replay does not either. */
  static final String MYSQL_CLAIM =
      """
      INSERT ${hint} INTO ${table} (
          key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms)
      SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${now} + ?, ${now} + ?
      FROM DUAL
      WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE key_id = ?)
      """;

  static final String CLAIM_OVER =
      """
      UPDATE ${hint} ${table}
      SET stamp = ?, format = ?, state = ?, fence = ?, attempt = ?, grant_id = ?,
          fingerprint_algorithm = ?, fingerprint = ?, reference = ?, payload = ?, checkpoint = ?,
          lease_until_ms = ${now} + ?, retain_until_ms = ${now} + ?
      WHERE key_id = ? AND retain_until_ms <= ${now}
      """;

  static final String REPLACE =
      """
      UPDATE ${hint} ${table}
      SET stamp = ?, format = ?, state = ?, fence = ?, attempt = ?, grant_id = ?,
          fingerprint_algorithm = ?, fingerprint = ?, reference = ?, payload = ?, checkpoint = ?,
          lease_until_ms = ${now} + ?, retain_until_ms = ${now} + ?
      WHERE key_id = ? AND stamp = ? AND retain_until_ms > ${now} AND ${readable}
      """;

  static final String REPLACE_KEEPING_SLOTS =
      """
      UPDATE ${hint} ${table}
      SET stamp = ?, format = ?, state = ?, fence = ?, attempt = ?, grant_id = ?,
          fingerprint_algorithm = ?, fingerprint = ?, reference = ?,
          lease_until_ms = ${now} + ?, retain_until_ms = ${now} + ?
      WHERE key_id = ? AND stamp = ? AND retain_until_ms > ${now} AND ${readable}
      """;

  static final String READ =
      """
      SELECT ${hint} key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms,
          ${now}, ${replica}
      FROM ${table}
      WHERE key_id = ?
      """;

  /**
   * The retention is tested when a row is locked and again when it is deleted, at the statement's
   * beginning, because a time that goes on uses no index. The join's order is fixed: the other way
   * round, rows that another session holds would be waited for.
   */
  static final String PURGE =
      """
      DELETE ${hint} doomed
      FROM (
          SELECT key_id
          FROM ${table}
          WHERE retain_until_ms <= ${start} AND format = 1
          ORDER BY retain_until_ms
          LIMIT ?
          FOR UPDATE SKIP LOCKED) AS lapsed
      STRAIGHT_JOIN ${table} AS doomed ON doomed.key_id = lapsed.key_id
      WHERE doomed.retain_until_ms <= ${start} AND doomed.format = 1
      """;

  static final String SCAN_ABANDONED =
      """
      SELECT ${hint} key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms,
          ${now}, ${replica}
      FROM ${table}
      WHERE state = 1 AND lease_until_ms <= ${now} AND retain_until_ms > ${now}
          AND format = 1 AND key_id > ? AND OCTET_LENGTH(key_id) = 32
      ORDER BY key_id
      LIMIT ?
      """;

  static final String SCAN_IN_DOUBT =
      """
      SELECT ${hint} key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
          fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms,
          ${now}, ${replica}
      FROM ${table}
      WHERE state = 5 AND retain_until_ms > ${now}
          AND format = 1 AND key_id > ? AND OCTET_LENGTH(key_id) = 32
      ORDER BY key_id
      LIMIT ?
      """;

  static final String IN_TRANSACTION = "SELECT @@in_transaction";

  /** The savepoint that the store set last in this session, in whatever transaction it was. */
  static final String LAST_SAVEPOINT = "SELECT @idem4j_savepoint";

  static final String SESSION =
      """
      SELECT DATABASE(), @@sql_mode, ${replica}, @@SESSION.${readOnly}, @@max_allowed_packet,
          @@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog
      """
          .replace("${replica}", IS_REPLICA);

  static final String TABLE =
      """
      SELECT TABLE_TYPE, ENGINE
      FROM INFORMATION_SCHEMA.TABLES
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?
      """;

  static final String COLUMNS =
      """
      SELECT LOWER(COLUMN_NAME), DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, IS_NULLABLE = 'YES',
          IS_NULLABLE = 'NO' AND COLUMN_DEFAULT IS NULL AND EXTRA NOT LIKE '%auto_increment%'
              AND EXTRA NOT LIKE '%GENERATED%'
      FROM INFORMATION_SCHEMA.COLUMNS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?
      """;

  /**
   * The columns of each unique index, and of one on a part of a column that it is. One that MariaDB
   * keeps on a hash of a long column lets concurrent inserts both pass.
   */
  static final String UNIQUE_INDEXES =
      """
      SELECT GROUP_CONCAT(
          COALESCE(LOWER(COLUMN_NAME), '(computed)'), IF(SUB_PART IS NULL, '', '(part)'),
          IF(INDEX_TYPE = 'HASH', '(hash)', '')
          ORDER BY SEQ_IN_INDEX)
      FROM INFORMATION_SCHEMA.STATISTICS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND NON_UNIQUE = 0
      GROUP BY INDEX_NAME
      """;

  /** What the store does, done to no row. */
  static final List<String> PRIVILEGES =
      List.of(
          """
          INSERT INTO ${table} (
              key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
              fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms)
          SELECT key_id, stamp, format, state, fence, attempt, grant_id, fingerprint_algorithm,
              fingerprint, reference, payload, checkpoint, lease_until_ms, retain_until_ms
          FROM ${table}
          WHERE 1 = 0
          """,
          "UPDATE ${table} SET stamp = stamp WHERE 1 = 0",
          "DELETE FROM ${table} WHERE 1 = 0");

  private MySqlSql() {}
}
