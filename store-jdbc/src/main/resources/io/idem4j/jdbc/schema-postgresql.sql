-- The table of idem4j's JDBC store on PostgreSQL 12 or later. Apply it with your migration tool; for
-- another name replace idem4j_record throughout and name the table to the store's builder.
--
-- Indexes: each write changes retain_until_ms, and state is in a predicate, so no update is HOT: a
-- completion writes one more entry into the primary key and into the retention index. Both ways out
-- were weighed and left. A BRIN index keeps updates HOT, but with mixed retentions and space that is
-- used again its ranges soon cover everything, and each purge reads the whole table. Without the
-- index on state a scan for abandoned records does so, too. B-tree deduplication and bottom-up
-- deletion keep the indexes small; on a busy table let autovacuum run early, for example with
-- ALTER TABLE idem4j_record SET (autovacuum_vacuum_scale_factor = 0.05).
--
-- For people: SELECT encode(key_id, 'hex'), state, attempt, convert_from(reference, 'UTF8'),
-- to_timestamp(retain_until_ms / 1000.0) FROM idem4j_record;
-- States: 1 LOCKED, 2 COMPLETED, 3 FAILED_RETRYABLE, 4 FAILED_FINAL, 5 FAILED_IN_DOUBT.

CREATE TABLE IF NOT EXISTS idem4j_record (
    key_id                bytea        NOT NULL PRIMARY KEY,
    stamp                 bytea        NOT NULL,
    format                integer      NOT NULL,
    state                 integer      NOT NULL,
    fence                 bigint       NOT NULL,
    attempt               integer      NOT NULL,
    grant_id              bytea        NOT NULL,
    fingerprint_algorithm varchar(100) NOT NULL,
    fingerprint           bytea        NOT NULL,
    reference             bytea,
    payload               bytea,
    checkpoint            bytea,
    lease_until_ms        bigint       NOT NULL,
    retain_until_ms       bigint       NOT NULL
);

-- For the purge, which reads the oldest entries only.
CREATE INDEX IF NOT EXISTS idem4j_record_retention ON idem4j_record (retain_until_ms);

-- For the scanner: only what runs or is in doubt, which is little.
CREATE INDEX IF NOT EXISTS idem4j_record_unsettled ON idem4j_record (state, key_id)
    WHERE state IN (1, 5);
