-- How readers of a model seem to show cards: known cards were read as `profile` would explain.
-- Nothing is turned by it until an owner puts it into a station's settings.
CREATE TABLE reader_proposals (
    organisation_id TEXT NOT NULL,
    vendor TEXT NOT NULL,
    model TEXT NOT NULL,
    profile TEXT NOT NULL,
    count BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    CONSTRAINT reader_proposals_pkey PRIMARY KEY (organisation_id, vendor, model, profile)
);
