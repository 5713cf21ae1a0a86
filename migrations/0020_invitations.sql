-- Rights on their way to a person: invitations by e-mail, and handovers of ownership.

-- Of the token of a link only a keyed hash is kept.
CREATE TABLE invitations (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    email TEXT NOT NULL,
    person_id TEXT,
    role TEXT,
    actions BIGINT NOT NULL,
    node_id TEXT NOT NULL,
    valid_from BIGINT,
    valid_until BIGINT,
    message TEXT,
    token_hash BYTEA NOT NULL,
    created_by_person_id TEXT NOT NULL,
    created_by_api_key_id TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    accepted_at BIGINT,
    accepted_by_person_id TEXT,
    grant_id TEXT,
    revoked_at BIGINT,
    CONSTRAINT invitations_pkey PRIMARY KEY (id),
    CONSTRAINT invitations_token_key UNIQUE (token_hash),
    CONSTRAINT invitations_organisation_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CONSTRAINT invitations_one_end CHECK (accepted_at IS NULL OR revoked_at IS NULL),
    CONSTRAINT invitations_whole_acceptance CHECK (
        (accepted_at IS NULL) = (grant_id IS NULL) AND (accepted_at IS NULL) = (accepted_by_person_id IS NULL)
    )
);
CREATE INDEX invitations_organisation ON invitations (organisation_id, id);
CREATE INDEX invitations_email ON invitations (email);

CREATE TABLE handovers (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    from_person_id TEXT NOT NULL,
    to_person_id TEXT NOT NULL,
    leaves_role TEXT,
    message TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    accepted_at BIGINT,
    ended_at BIGINT,
    CONSTRAINT handovers_pkey PRIMARY KEY (id),
    CONSTRAINT handovers_from_fkey FOREIGN KEY (organisation_id, from_person_id) REFERENCES people (organisation_id, id),
    CONSTRAINT handovers_to_fkey FOREIGN KEY (organisation_id, to_person_id) REFERENCES people (organisation_id, id),
    CONSTRAINT handovers_two_people CHECK (from_person_id <> to_person_id),
    CONSTRAINT handovers_one_end CHECK (accepted_at IS NULL OR ended_at IS NULL)
);
CREATE INDEX handovers_organisation ON handovers (organisation_id, id);
