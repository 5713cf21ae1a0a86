-- Partners: how an organisation is found, who works for whom, and links by which a partner asks.

CREATE TABLE partner_profiles (
    organisation_id TEXT NOT NULL,
    lookup_key TEXT,
    verified_name TEXT,
    verified_at BIGINT,
    changed_at BIGINT NOT NULL,
    CONSTRAINT partner_profiles_pkey PRIMARY KEY (organisation_id),
    CONSTRAINT partner_profiles_lookup_key UNIQUE (lookup_key),
    CONSTRAINT partner_profiles_organisation_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CONSTRAINT partner_profiles_whole_verification CHECK ((verified_name IS NULL) = (verified_at IS NULL))
);

CREATE TABLE partnerships (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    partner_organisation_id TEXT NOT NULL,
    role TEXT,
    actions BIGINT NOT NULL,
    node_id TEXT NOT NULL,
    valid_from BIGINT,
    valid_until BIGINT,
    message TEXT,
    proposed_by_person_id TEXT NOT NULL,
    proposed_at BIGINT NOT NULL,
    confirmed_by_person_id TEXT,
    confirmed_at BIGINT,
    ended_by TEXT,
    ended_at BIGINT,
    CONSTRAINT partnerships_pkey PRIMARY KEY (id),
    CONSTRAINT partnerships_organisation_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CONSTRAINT partnerships_partner_fkey FOREIGN KEY (partner_organisation_id) REFERENCES organisations (id),
    CONSTRAINT partnerships_two_sides CHECK (organisation_id <> partner_organisation_id),
    CONSTRAINT partnerships_whole_confirmation CHECK ((confirmed_by_person_id IS NULL) = (confirmed_at IS NULL)),
    CONSTRAINT partnerships_whole_end CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX partnerships_live_key ON partnerships (organisation_id, partner_organisation_id) WHERE ended_at IS NULL;
CREATE INDEX partnerships_organisation ON partnerships (organisation_id, id);
CREATE INDEX partnerships_partner ON partnerships (partner_organisation_id, id);

-- Partners that hold grants from before there were partnerships.
INSERT INTO partnerships (
    id, organisation_id, partner_organisation_id, role, actions, node_id, valid_from, valid_until,
    message, proposed_by_person_id, proposed_at, confirmed_by_person_id, confirmed_at
) SELECT
    id, organisation_id, partner_organisation_id, role, actions, node_id, valid_from, valid_until,
    reason, created_by_person_id, created_at, created_by_person_id, created_at
FROM grants AS held
WHERE revoked_at IS NULL AND effect = 'allow' AND created_by_person_id IS NOT NULL
    AND partner_organisation_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM grants AS earlier
        WHERE earlier.organisation_id = held.organisation_id
            AND earlier.partner_organisation_id = held.partner_organisation_id
            AND earlier.revoked_at IS NULL AND earlier.effect = 'allow'
            AND earlier.created_by_person_id IS NOT NULL AND earlier.id < held.id
    );

CREATE TABLE partner_links (
    id TEXT NOT NULL,
    partner_organisation_id TEXT NOT NULL,
    role TEXT,
    actions BIGINT NOT NULL,
    message TEXT,
    token_hash BYTEA NOT NULL,
    created_by_person_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    partnership_id TEXT,
    revoked_at BIGINT,
    CONSTRAINT partner_links_pkey PRIMARY KEY (id),
    CONSTRAINT partner_links_token_key UNIQUE (token_hash),
    CONSTRAINT partner_links_partner_fkey FOREIGN KEY (partner_organisation_id) REFERENCES organisations (id),
    CONSTRAINT partner_links_one_end CHECK (used_at IS NULL OR revoked_at IS NULL),
    CONSTRAINT partner_links_whole_use CHECK ((used_at IS NULL) = (partnership_id IS NULL))
);
CREATE INDEX partner_links_partner ON partner_links (partner_organisation_id, id);
