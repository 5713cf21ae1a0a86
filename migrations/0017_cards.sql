-- Cards that were presented and are nobody's, one row a card and point, until they are given to
-- somebody; the oldest go when an organisation has too many.
CREATE TABLE unknown_cards (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    node_id TEXT NOT NULL,
    station_key TEXT,
    count BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    CONSTRAINT unknown_cards_pkey PRIMARY KEY (id),
    CONSTRAINT unknown_cards_place UNIQUE (organisation_id, key, node_id)
);
CREATE INDEX unknown_cards_last ON unknown_cards (organisation_id, last_at, id);

-- Windows in which a card presented at a point is meant for a person. `value` is the card's
-- number, and is forgotten when it is confirmed or the window ends.
CREATE TABLE enrolments (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    opened_by_person_id TEXT,
    opened_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    state TEXT NOT NULL,
    value TEXT,
    presented_at BIGINT,
    problem TEXT,
    credential_id TEXT,
    CONSTRAINT enrolments_pkey PRIMARY KEY (id),
    CONSTRAINT enrolments_person_fkey FOREIGN KEY (organisation_id, person_id) REFERENCES people (organisation_id, id)
);
CREATE UNIQUE INDEX enrolments_open ON enrolments (node_id) WHERE state = 'open';
CREATE INDEX enrolments_organisation ON enrolments (organisation_id, id);
CREATE INDEX enrolments_waiting ON enrolments (until) WHERE state IN ('open', 'presented');
