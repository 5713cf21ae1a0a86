-- The stop group of a person after each change of the person. The change log shows a row before
-- and after, and leaves the group out, since whoever reads it could stop others' transactions; a
-- question about the past needs the group of then. People not changed since this table was made
-- have no row here: theirs is the one they have.

CREATE TABLE stop_groups (
    revision BIGINT NOT NULL,
    person_id TEXT NOT NULL,
    stop_group TEXT NOT NULL,
    CONSTRAINT stop_groups_pkey PRIMARY KEY (person_id, revision)
);
