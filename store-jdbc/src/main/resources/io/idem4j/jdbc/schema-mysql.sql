-- The table of idem4j's JDBC store on MariaDB 10.6 or later and MySQL 8.0 or later. Apply it with
-- your migration tool; for another name replace idem4j_record throughout and name the table to the
-- store's builder. It must be InnoDB, and nothing but key_id may be unique.
--
-- No column knows a collation: keys are bytes of a fixed length, and the one text is ASCII. Payload
-- and checkpoint take 16 MiB less a byte each; what fits is set by max_allowed_packet, too.
--
-- InnoDB appends the primary key to each index, so the one on state serves the scanner in the order
-- of key ids. It costs one more entry a write; without a scanner it may be left out.
--
-- For people: SELECT HEX(key_id), state, attempt, CONVERT(reference USING utf8mb4),
-- FROM_UNIXTIME(retain_until_ms / 1000) FROM idem4j_record;
-- States: 1 LOCKED, 2 COMPLETED, 3 FAILED_RETRYABLE, 4 FAILED_FINAL, 5 FAILED_IN_DOUBT.

CREATE TABLE IF NOT EXISTS idem4j_record (
    key_id                BINARY(32)     NOT NULL PRIMARY KEY,
    stamp                 VARBINARY(16)  NOT NULL,
    format                INTEGER        NOT NULL,
    state                 INTEGER        NOT NULL,
    fence                 BIGINT         NOT NULL,
    attempt               INTEGER        NOT NULL,
    grant_id              VARBINARY(12)  NOT NULL,
    fingerprint_algorithm VARCHAR(100)   NOT NULL,
    fingerprint           VARBINARY(32)  NOT NULL,
    reference             VARBINARY(256),
    payload               MEDIUMBLOB,
    checkpoint            MEDIUMBLOB,
    lease_until_ms        BIGINT         NOT NULL,
    retain_until_ms       BIGINT         NOT NULL,
    -- For the purge, which reads the oldest entries only.
    INDEX idem4j_record_retention (retain_until_ms),
    -- For the scanner.
    INDEX idem4j_record_state (state)
) ENGINE = InnoDB CHARACTER SET ascii COLLATE ascii_bin;
