-- The two logs, the counters, and the memory of answered API requests.

CREATE TABLE decisions (
    id TEXT NOT NULL,
    organisation_id TEXT,
    at BIGINT NOT NULL,
    as_of BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    entry TEXT NOT NULL,
    station_key TEXT,
    message_id TEXT,
    action TEXT NOT NULL,
    node_id TEXT,
    evse_number BIGINT,
    person_id TEXT,
    credential_id TEXT,
    api_key_id TEXT,
    token TEXT,
    reason TEXT NOT NULL,
    allowed BOOLEAN NOT NULL,
    grant_id TEXT,
    duration_ns BIGINT NOT NULL,
    CONSTRAINT decisions_pkey PRIMARY KEY (id)
);
CREATE INDEX decisions_message ON decisions (station_key, message_id);
CREATE INDEX decisions_organisation ON decisions (organisation_id, at, id);

CREATE TABLE change_log (
    revision BIGINT NOT NULL,
    organisation_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    row_id TEXT NOT NULL,
    actor_person_id TEXT,
    actor_api_key_id TEXT,
    request_id TEXT,
    at BIGINT NOT NULL,
    reason TEXT,
    before_row TEXT,
    after_row TEXT NOT NULL,
    CONSTRAINT change_log_pkey PRIMARY KEY (revision)
);
CREATE INDEX change_log_organisation ON change_log (organisation_id, revision);

-- A row is made by the first use of a counter. Never a sequence: numbers are taken in the
-- transaction that uses them, so the order of commits is the order of numbers.
CREATE TABLE counters (
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    CONSTRAINT counters_pkey PRIMARY KEY (name)
);

CREATE TABLE idempotency_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash BYTEA NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
