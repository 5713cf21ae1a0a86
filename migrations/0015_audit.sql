-- The two logs as chains. Each row of a log stands in a segment, under a sequence number, with the
-- SHA-256 of the row before it and of itself; the record of a segment says how long it is and with
-- which hash it ends, signed with a key outside of the database. When retention deletes the rows
-- of a segment, its record stays: it is the checkpoint. Rows from before have no segment.

CREATE TABLE audit_segments (
    number BIGINT NOT NULL,
    log TEXT NOT NULL,
    organisation_id TEXT,
    node_id TEXT NOT NULL,
    form BIGINT NOT NULL,
    begun_at BIGINT NOT NULL,
    previous BIGINT,
    previous_length BIGINT NOT NULL,
    previous_head BYTEA NOT NULL,
    length BIGINT NOT NULL,
    head BYTEA NOT NULL,
    last_at BIGINT NOT NULL,
    deleted_at BIGINT,
    purged BOOLEAN NOT NULL,
    seal BYTEA,
    CONSTRAINT audit_segments_pkey PRIMARY KEY (number)
);
CREATE INDEX audit_segments_log ON audit_segments (log, organisation_id, number);
CREATE INDEX audit_segments_age ON audit_segments (log, last_at) WHERE NOT purged;

-- How many segments were ever begun, signed: a segment that is gone is missed.
CREATE TABLE audit_register (
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    seal BYTEA,
    CONSTRAINT audit_register_pkey PRIMARY KEY (name)
);

-- What people, their credentials and their API keys are called in the logs. Erasing a person
-- destroys who it was (`person_id`, `target_id`) and the key under which the change log keeps the
-- hashes of what it shows of them; the pseudonym stays.
CREATE TABLE pseudonyms (
    pseudonym TEXT NOT NULL,
    person_id TEXT,
    target_id TEXT,
    key BYTEA,
    erased_at BIGINT,
    seal BYTEA,
    CONSTRAINT pseudonyms_pkey PRIMARY KEY (pseudonym),
    CONSTRAINT pseudonyms_target_key UNIQUE (target_id)
);
CREATE INDEX pseudonyms_person ON pseudonyms (person_id);

ALTER TABLE decisions ADD COLUMN segment BIGINT;
ALTER TABLE decisions ADD COLUMN sequence BIGINT;
ALTER TABLE decisions ADD COLUMN hash BYTEA;
CREATE INDEX decisions_segment ON decisions (segment, sequence) WHERE segment IS NOT NULL;

ALTER TABLE change_log ADD COLUMN subject TEXT;
ALTER TABLE change_log ADD COLUMN content_hash BYTEA;
ALTER TABLE change_log ADD COLUMN segment BIGINT;
ALTER TABLE change_log ADD COLUMN sequence BIGINT;
ALTER TABLE change_log ADD COLUMN hash BYTEA;
CREATE INDEX change_log_segment ON change_log (segment, sequence) WHERE segment IS NOT NULL;
CREATE INDEX change_log_subject ON change_log (subject) WHERE subject IS NOT NULL;

-- Movements at doors are deleted by their age.
CREATE INDEX door_events_received ON door_events (received_at);
