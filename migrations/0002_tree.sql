-- What there is to use: installations, areas, chargers with their EVSEs, locks with their doors,
-- and the stations that connect for them.

CREATE TABLE installations (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    address TEXT,
    authorization_required TEXT NOT NULL,
    concurrent_transactions BIGINT,
    stop_on_revocation BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT installations_pkey PRIMARY KEY (id),
    CONSTRAINT installations_organisation_key UNIQUE (organisation_id, id),
    CONSTRAINT installations_organisation_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id)
);

-- A parent is an installation or an area, so no foreign key can name it.
CREATE TABLE areas (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    installation_id TEXT NOT NULL,
    parent_node_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT areas_pkey PRIMARY KEY (id),
    CONSTRAINT areas_installation_fkey FOREIGN KEY (organisation_id, installation_id) REFERENCES installations (organisation_id, id)
);
CREATE INDEX areas_organisation ON areas (organisation_id, id);
CREATE INDEX areas_installation ON areas (installation_id, id);

CREATE TABLE chargers (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    installation_id TEXT NOT NULL,
    parent_node_id TEXT NOT NULL,
    station_id TEXT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    authorization_required TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT chargers_pkey PRIMARY KEY (id),
    CONSTRAINT chargers_installation_fkey FOREIGN KEY (organisation_id, installation_id) REFERENCES installations (organisation_id, id)
);
CREATE INDEX chargers_organisation ON chargers (organisation_id, id);
CREATE INDEX chargers_installation ON chargers (installation_id, id);

CREATE TABLE evses (
    id TEXT NOT NULL,
    charger_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    connectors TEXT NOT NULL,
    removed BOOLEAN NOT NULL,
    CONSTRAINT evses_pkey PRIMARY KEY (id),
    CONSTRAINT evses_charger_fkey FOREIGN KEY (charger_id) REFERENCES chargers (id),
    CONSTRAINT evses_number_from_one CHECK (number >= 1)
);
CREATE UNIQUE INDEX evses_live_number ON evses (charger_id, number) WHERE NOT removed;

CREATE TABLE locks (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    installation_id TEXT NOT NULL,
    station_id TEXT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    unlock_connector_opens BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT locks_pkey PRIMARY KEY (id),
    CONSTRAINT locks_organisation_key UNIQUE (organisation_id, id),
    CONSTRAINT locks_installation_fkey FOREIGN KEY (organisation_id, installation_id) REFERENCES installations (organisation_id, id)
);
CREATE INDEX locks_installation ON locks (installation_id, id);

CREATE TABLE doors (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    installation_id TEXT NOT NULL,
    parent_node_id TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    fail TEXT NOT NULL,
    remote_open BOOLEAN NOT NULL,
    open_seconds BIGINT NOT NULL,
    offline_policy TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT doors_pkey PRIMARY KEY (id),
    CONSTRAINT doors_installation_fkey FOREIGN KEY (organisation_id, installation_id) REFERENCES installations (organisation_id, id),
    CONSTRAINT doors_lock_fkey FOREIGN KEY (organisation_id, lock_id) REFERENCES locks (organisation_id, id),
    CONSTRAINT doors_number_from_one CHECK (number >= 1),
    CONSTRAINT doors_open_seconds CHECK (open_seconds BETWEEN 1 AND 3600)
);
CREATE UNIQUE INDEX doors_live_number ON doors (lock_id, number) WHERE deleted_at IS NULL;
CREATE INDEX doors_organisation ON doors (organisation_id, id);
CREATE INDEX doors_installation ON doors (installation_id, id);

-- The key is the identity in lower case: unique in the whole deployment.
CREATE TABLE stations (
    key TEXT NOT NULL,
    station_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    installation_id TEXT NOT NULL,
    charger_id TEXT,
    lock_id TEXT,
    password_salt BYTEA,
    password_hash BYTEA,
    assume_ocpp16 BOOLEAN NOT NULL,
    device_key_hash BYTEA,
    created_at BIGINT NOT NULL,
    CONSTRAINT stations_pkey PRIMARY KEY (key),
    CONSTRAINT stations_charger_key UNIQUE (charger_id),
    CONSTRAINT stations_lock_key UNIQUE (lock_id),
    CONSTRAINT stations_installation_fkey FOREIGN KEY (organisation_id, installation_id) REFERENCES installations (organisation_id, id),
    CONSTRAINT stations_charger_fkey FOREIGN KEY (charger_id) REFERENCES chargers (id),
    CONSTRAINT stations_lock_fkey FOREIGN KEY (lock_id) REFERENCES locks (id),
    CONSTRAINT stations_one_kind CHECK ((charger_id IS NULL) <> (lock_id IS NULL)),
    CONSTRAINT stations_whole_password CHECK ((password_salt IS NULL) = (password_hash IS NULL))
);
CREATE INDEX stations_organisation ON stations (organisation_id, key);
