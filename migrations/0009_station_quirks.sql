-- The deviations seen of each station. The column `quirks` of station_records, names and counts
-- without more, is no longer read; it goes in a later version.
CREATE TABLE station_quirks (
    station_key TEXT NOT NULL,
    name TEXT NOT NULL,
    count BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    action TEXT NOT NULL,
    field TEXT NOT NULL,
    -- The payload of one message, masked; kept for seven days.
    example TEXT,
    example_at BIGINT,
    CONSTRAINT station_quirks_pkey PRIMARY KEY (station_key, name),
    CONSTRAINT station_quirks_whole_example CHECK ((example IS NULL) = (example_at IS NULL))
);
CREATE INDEX station_quirks_examples ON station_quirks (example_at);
