-- Tags of people and points, hours, and grants to tags and to partners, with conditions.

CREATE TABLE tags (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    smart BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT tags_pkey PRIMARY KEY (id),
    CONSTRAINT tags_organisation_key UNIQUE (organisation_id, id),
    CONSTRAINT tags_organisation_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id)
);

-- One row for whatever ever stood in a tag; `kind` says what `member_id` is the id of.
CREATE TABLE tag_members (
    organisation_id TEXT NOT NULL,
    tag_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    member_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT,
    CONSTRAINT tag_members_pkey PRIMARY KEY (tag_id, kind, member_id),
    CONSTRAINT tag_members_tag_fkey FOREIGN KEY (organisation_id, tag_id) REFERENCES tags (organisation_id, id)
);
CREATE INDEX tag_members_member ON tag_members (member_id);

CREATE TABLE calendars (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    dates TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT calendars_pkey PRIMARY KEY (id),
    CONSTRAINT calendars_organisation_key UNIQUE (organisation_id, id),
    CONSTRAINT calendars_organisation_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id)
);

CREATE TABLE schedules (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    slots TEXT NOT NULL,
    calendar_id TEXT,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT schedules_pkey PRIMARY KEY (id),
    CONSTRAINT schedules_organisation_key UNIQUE (organisation_id, id),
    CONSTRAINT schedules_organisation_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CONSTRAINT schedules_calendar_fkey FOREIGN KEY (organisation_id, calendar_id) REFERENCES calendars (organisation_id, id)
);
CREATE INDEX schedules_calendar ON schedules (calendar_id);

-- A grant names one subject of three kinds: `person_id` may be absent now, which neither database
-- can change in place. Nothing points at the table.
CREATE TABLE grants_before AS SELECT * FROM grants;
DROP TABLE grants;

CREATE TABLE grants (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    person_id TEXT,
    tag_id TEXT,
    partner_organisation_id TEXT,
    role TEXT,
    actions BIGINT NOT NULL,
    node_id TEXT NOT NULL,
    effect TEXT NOT NULL,
    schedule_id TEXT,
    kinds TEXT,
    minimum_strength TEXT,
    points_tag_id TEXT,
    limit_uses BIGINT,
    limit_minutes BIGINT,
    limit_wh BIGINT,
    valid_from BIGINT,
    valid_until BIGINT,
    reason TEXT,
    source TEXT NOT NULL,
    created_by_person_id TEXT,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    CONSTRAINT grants_pkey PRIMARY KEY (id),
    CONSTRAINT grants_person_fkey FOREIGN KEY (organisation_id, person_id) REFERENCES people (organisation_id, id),
    CONSTRAINT grants_tag_fkey FOREIGN KEY (organisation_id, tag_id) REFERENCES tags (organisation_id, id),
    CONSTRAINT grants_partner_fkey FOREIGN KEY (partner_organisation_id) REFERENCES organisations (id),
    CONSTRAINT grants_schedule_fkey FOREIGN KEY (organisation_id, schedule_id) REFERENCES schedules (organisation_id, id),
    CONSTRAINT grants_points_fkey FOREIGN KEY (organisation_id, points_tag_id) REFERENCES tags (organisation_id, id),
    CONSTRAINT grants_one_subject CHECK (
        (person_id IS NOT NULL AND tag_id IS NULL AND partner_organisation_id IS NULL)
        OR (person_id IS NULL AND tag_id IS NOT NULL AND partner_organisation_id IS NULL)
        OR (person_id IS NULL AND tag_id IS NULL AND partner_organisation_id IS NOT NULL)
    ),
    CONSTRAINT grants_validity CHECK (valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until)
);
INSERT INTO grants (
    id, organisation_id, person_id, role, actions, node_id, effect, valid_from, valid_until, reason,
    source, created_by_person_id, created_at, revoked_at
) SELECT
    id, organisation_id, person_id, role, actions, node_id, effect, valid_from, valid_until, reason,
    source, created_by_person_id, created_at, revoked_at
FROM grants_before;
DROP TABLE grants_before;
CREATE INDEX grants_organisation ON grants (organisation_id, id);
CREATE INDEX grants_person ON grants (person_id, id);
CREATE INDEX grants_tag ON grants (tag_id, id);
CREATE INDEX grants_partner ON grants (partner_organisation_id, id);
CREATE INDEX grants_node ON grants (node_id, id);
CREATE INDEX grants_schedule ON grants (schedule_id);
CREATE INDEX grants_points ON grants (points_tag_id);
