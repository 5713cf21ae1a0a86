-- What was used of limited grants. One row for each use, by what it is known by, so that a retry
-- takes nothing again; one row for each grant and person with the sums, on which the limit is
-- kept by a conditional update.

CREATE TABLE grant_uses (
    id TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    running BOOLEAN NOT NULL,
    minutes BIGINT NOT NULL,
    wh BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    settled_at BIGINT,
    CONSTRAINT grant_uses_pkey PRIMARY KEY (id)
);
CREATE INDEX grant_uses_running ON grant_uses (running, id);

CREATE TABLE grant_totals (
    grant_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    uses BIGINT NOT NULL,
    minutes BIGINT NOT NULL,
    wh BIGINT NOT NULL,
    running BIGINT NOT NULL,
    CONSTRAINT grant_totals_pkey PRIMARY KEY (grant_id, person_id)
);
