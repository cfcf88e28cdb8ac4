-- The table of idem4j's JDBC store on H2 2.x. For another name replace idem4j_record throughout and
-- name the table to the store's builder. Payload and checkpoint set the largest maximumSlot.
--
-- For people: SELECT RAWTOHEX(key_id), state, attempt, UTF8TOSTRING(reference) FROM idem4j_record;
-- States: 1 LOCKED, 2 COMPLETED, 3 FAILED_RETRYABLE, 4 FAILED_FINAL, 5 FAILED_IN_DOUBT.

CREATE TABLE IF NOT EXISTS idem4j_record (
    key_id                VARBINARY(32)       NOT NULL PRIMARY KEY,
    stamp                 VARBINARY(16)       NOT NULL,
    format                INTEGER             NOT NULL,
    state                 INTEGER             NOT NULL,
    fence                 BIGINT              NOT NULL,
    attempt               INTEGER             NOT NULL,
    grant_id              VARBINARY(12)       NOT NULL,
    fingerprint_algorithm VARCHAR(100)        NOT NULL,
    fingerprint           VARBINARY(32)       NOT NULL,
    reference             VARBINARY(256),
    payload               VARBINARY(16777216),
    checkpoint            VARBINARY(16777216),
    lease_until_ms        BIGINT              NOT NULL,
    retain_until_ms       BIGINT              NOT NULL
);

-- For the purge, which reads the oldest entries only.
CREATE INDEX IF NOT EXISTS idem4j_record_retention ON idem4j_record (retain_until_ms);
