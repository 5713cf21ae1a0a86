-- Stations whose authorization cache must be cleared because a right has ended, until they have
-- answered. `revision` is the last change that made it so.

CREATE TABLE cache_debts (
    station_key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT cache_debts_pkey PRIMARY KEY (station_key)
);
