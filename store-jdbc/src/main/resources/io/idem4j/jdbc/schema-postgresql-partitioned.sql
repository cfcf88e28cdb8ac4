-- The same table as in schema-postgresql.sql, in 16 parts, for PostgreSQL 12 or later. Apply it with
-- your migration tool: createTableIfMissing() makes the plain one. For another name replace
-- idem4j_record throughout and name the table to the store's builder.
--
-- By key_id and by hash alone: a unique index of a partitioned table must contain the columns that it
-- is parted by (PostgreSQL, "Limitations" of declarative partitioning), and only an index on key_id
-- alone keeps two claims of a key apart. Parts by time would need the time in that index, so that one
-- key could be claimed once in each.
--
-- What it gives: indexes and vacuum runs of a sixteenth of the size, side by side, and parts that can
-- lie in several tablespaces. What stays: every statement, one round trip each, ON CONFLICT, and all
-- promises. A claim, a write and a read visit one part. The purge reads the retention index of each
-- part, merged. What it does not give: no part can be dropped to get rid of old records.
--
-- Below some ten million records the plain table does as well. The number of parts is chosen once:
-- more of them later means a new table.

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
) PARTITION BY HASH (key_id);

CREATE TABLE IF NOT EXISTS idem4j_record_00 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 0);
CREATE TABLE IF NOT EXISTS idem4j_record_01 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 1);
CREATE TABLE IF NOT EXISTS idem4j_record_02 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 2);
CREATE TABLE IF NOT EXISTS idem4j_record_03 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 3);
CREATE TABLE IF NOT EXISTS idem4j_record_04 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 4);
CREATE TABLE IF NOT EXISTS idem4j_record_05 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 5);
CREATE TABLE IF NOT EXISTS idem4j_record_06 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 6);
CREATE TABLE IF NOT EXISTS idem4j_record_07 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 7);
CREATE TABLE IF NOT EXISTS idem4j_record_08 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 8);
CREATE TABLE IF NOT EXISTS idem4j_record_09 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 9);
CREATE TABLE IF NOT EXISTS idem4j_record_10 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 10);
CREATE TABLE IF NOT EXISTS idem4j_record_11 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 11);
CREATE TABLE IF NOT EXISTS idem4j_record_12 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 12);
CREATE TABLE IF NOT EXISTS idem4j_record_13 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 13);
CREATE TABLE IF NOT EXISTS idem4j_record_14 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 14);
CREATE TABLE IF NOT EXISTS idem4j_record_15 PARTITION OF idem4j_record
    FOR VALUES WITH (MODULUS 16, REMAINDER 15);

-- For the purge, which reads the oldest entries only.
CREATE INDEX IF NOT EXISTS idem4j_record_retention ON idem4j_record (retain_until_ms);

-- For the scanner: only what runs or is in doubt, which is little.
CREATE INDEX IF NOT EXISTS idem4j_record_unsettled ON idem4j_record (state, key_id)
    WHERE state IN (1, 5);
