-- Who there is and what they may do. One text for SQLite and PostgreSQL:
-- ids are UUID text, times are UTC microseconds, JSON is text, every constraint has a name.

CREATE TABLE organisations (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT organisations_pkey PRIMARY KEY (id)
);

CREATE TABLE accounts (
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT,
    created_at BIGINT NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (id),
    CONSTRAINT accounts_email_key UNIQUE (email),
    CONSTRAINT accounts_email_length CHECK (length(email) BETWEEN 1 AND 320)
);

CREATE TABLE sessions (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_token_key UNIQUE (token_hash),
    CONSTRAINT sessions_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id)
);
CREATE INDEX sessions_account ON sessions (account_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Rows below an organisation carry its id in their foreign keys, so that no row can point into
-- another tenant.
CREATE TABLE people (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    account_id TEXT,
    managed_at_node_id TEXT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    state TEXT NOT NULL,
    member_until BIGINT,
    stop_group TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT people_pkey PRIMARY KEY (id),
    CONSTRAINT people_organisation_key UNIQUE (organisation_id, id),
    CONSTRAINT people_organisation_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CONSTRAINT people_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id)
);
CREATE INDEX people_account ON people (account_id);

-- `namespace` is `plate` for number plates and `token` for everything that is presented at a
-- point: within one of them a live key belongs to one credential of the organisation.
CREATE TABLE credentials (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    value TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    valid_from BIGINT,
    valid_until BIGINT,
    name TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT credentials_pkey PRIMARY KEY (id),
    CONSTRAINT credentials_person_fkey FOREIGN KEY (organisation_id, person_id) REFERENCES people (organisation_id, id),
    CONSTRAINT credentials_key_length CHECK (length(key) BETWEEN 1 AND 255),
    CONSTRAINT credentials_validity CHECK (valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until)
);
CREATE UNIQUE INDEX credentials_live_key ON credentials (organisation_id, namespace, key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX credentials_one_app ON credentials (person_id) WHERE kind = 'app' AND deleted_at IS NULL;
CREATE INDEX credentials_person ON credentials (person_id, id);

CREATE TABLE grants (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    role TEXT,
    actions BIGINT NOT NULL,
    node_id TEXT NOT NULL,
    effect TEXT NOT NULL,
    valid_from BIGINT,
    valid_until BIGINT,
    reason TEXT,
    source TEXT NOT NULL,
    created_by_person_id TEXT,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    CONSTRAINT grants_pkey PRIMARY KEY (id),
    CONSTRAINT grants_person_fkey FOREIGN KEY (organisation_id, person_id) REFERENCES people (organisation_id, id),
    CONSTRAINT grants_validity CHECK (valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until)
);
CREATE INDEX grants_organisation ON grants (organisation_id, id);
CREATE INDEX grants_person ON grants (person_id, id);
CREATE INDEX grants_node ON grants (node_id, id);

CREATE TABLE api_keys (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash BYTEA NOT NULL,
    scopes BIGINT NOT NULL,
    node_id TEXT NOT NULL,
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_prefix_key UNIQUE (prefix),
    CONSTRAINT api_keys_person_fkey FOREIGN KEY (organisation_id, person_id) REFERENCES people (organisation_id, id)
);
CREATE INDEX api_keys_organisation ON api_keys (organisation_id, id);
