-- What is noticed about the conversation with stations, and what they last said of their settings.

CREATE TABLE station_findings (
    station_key TEXT NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    count BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    CONSTRAINT station_findings_pkey PRIMARY KEY (station_key, code)
);

-- `value` is null where the station has none, does not know the setting, or where it is a secret.
CREATE TABLE station_configuration (
    station_key TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    value TEXT,
    read_only BOOLEAN,
    read_at BIGINT NOT NULL,
    CONSTRAINT station_configuration_pkey PRIMARY KEY (station_key, name)
);
