-- What stations report. Facts are never refused, so nothing here points at another table with a
-- foreign key; texts made by stations are cut to an index's size by the program (see store::key).

CREATE TABLE station_records (
    station_key TEXT NOT NULL,
    accepted TEXT NOT NULL,
    vendor TEXT,
    model TEXT,
    serial TEXT,
    firmware TEXT,
    version TEXT,
    last_seen_at BIGINT,
    quirks TEXT NOT NULL,
    CONSTRAINT station_records_pkey PRIMARY KEY (station_key)
);

CREATE TABLE connector_states (
    station_key TEXT NOT NULL,
    evse_number BIGINT NOT NULL,
    connector BIGINT NOT NULL,
    status TEXT NOT NULL,
    error_code TEXT,
    info TEXT,
    at BIGINT NOT NULL,
    CONSTRAINT connector_states_pkey PRIMARY KEY (station_key, evse_number, connector)
);

CREATE TABLE station_reports (
    id TEXT NOT NULL,
    station_key TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    CONSTRAINT station_reports_pkey PRIMARY KEY (id)
);
CREATE INDEX station_reports_station ON station_reports (station_key, received_at, id);

CREATE TABLE refused_handshakes (
    identity TEXT NOT NULL,
    address TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    fix TEXT NOT NULL,
    count BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    CONSTRAINT refused_handshakes_pkey PRIMARY KEY (identity)
);
CREATE INDEX refused_handshakes_last ON refused_handshakes (last_at, identity);

CREATE TABLE transactions (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    charger_id TEXT,
    station_key TEXT NOT NULL,
    number BIGINT,
    station_transaction_id TEXT NOT NULL,
    station_transaction_key TEXT NOT NULL,
    evse_id TEXT,
    evse_number BIGINT,
    connector BIGINT,
    person_id TEXT,
    credential_id TEXT,
    id_token TEXT,
    token_key TEXT,
    stop_group TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    received_at BIGINT NOT NULL,
    meter_start_wh BIGINT,
    meter_stop_wh BIGINT,
    energy_wh BIGINT,
    stop_reason TEXT,
    authenticated BOOLEAN NOT NULL,
    refused BOOLEAN NOT NULL,
    late BOOLEAN NOT NULL,
    orphan BOOLEAN NOT NULL,
    remote_start_id BIGINT,
    decision_id TEXT,
    CONSTRAINT transactions_pkey PRIMARY KEY (id),
    CONSTRAINT transactions_number_key UNIQUE (station_key, number)
);
CREATE INDEX transactions_name ON transactions (station_key, station_transaction_key);
CREATE INDEX transactions_open ON transactions (station_key) WHERE ended_at IS NULL;
CREATE INDEX transactions_organisation ON transactions (organisation_id, started_at, id);
CREATE INDEX transactions_charger ON transactions (charger_id, started_at, id);
CREATE INDEX transactions_person ON transactions (person_id, started_at, id);

CREATE TABLE transaction_records (
    station_key TEXT NOT NULL,
    natural_key TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    phase TEXT NOT NULL,
    seq_no BIGINT,
    trigger_reason TEXT,
    time_text TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    answer TEXT,
    body TEXT,
    CONSTRAINT transaction_records_pkey PRIMARY KEY (station_key, natural_key)
);
CREATE INDEX transaction_records_transaction ON transaction_records (transaction_id);

-- `happened_at` is the station's time, or the time of receipt where that cannot be read.
CREATE TABLE meter_samples (
    station_key TEXT NOT NULL,
    natural_key TEXT NOT NULL,
    transaction_id TEXT,
    evse_number BIGINT,
    time_text TEXT NOT NULL,
    time_read BOOLEAN NOT NULL,
    happened_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    value TEXT NOT NULL,
    measurand TEXT NOT NULL,
    unit TEXT,
    context TEXT,
    phase TEXT,
    location TEXT,
    energy_wh BIGINT,
    signed TEXT,
    CONSTRAINT meter_samples_pkey PRIMARY KEY (station_key, natural_key)
);
CREATE INDEX meter_samples_transaction ON meter_samples (transaction_id, happened_at, natural_key);

CREATE TABLE remote_starts (
    id BIGINT NOT NULL,
    station_key TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    token_key TEXT NOT NULL,
    evse_number BIGINT,
    created_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    transaction_id TEXT,
    CONSTRAINT remote_starts_pkey PRIMARY KEY (id)
);
CREATE INDEX remote_starts_pending ON remote_starts (station_key, until) WHERE transaction_id IS NULL;

CREATE TABLE door_states (
    door_id TEXT NOT NULL,
    state TEXT,
    problem TEXT,
    at BIGINT NOT NULL,
    CONSTRAINT door_states_pkey PRIMARY KEY (door_id)
);

CREATE TABLE door_events (
    lock_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    door_id TEXT,
    door_number BIGINT NOT NULL,
    time_text TEXT NOT NULL,
    time_read BOOLEAN NOT NULL,
    happened_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    result TEXT NOT NULL,
    cause TEXT,
    person_id TEXT,
    credential_id TEXT,
    token TEXT,
    CONSTRAINT door_events_pkey PRIMARY KEY (lock_id, event_id)
);
CREATE INDEX door_events_door ON door_events (door_id, happened_at, event_id);
