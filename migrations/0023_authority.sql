-- Outside authorities: where they are, what must be told them, and what they said beside.

CREATE TABLE webhooks (
    installation_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    url TEXT NOT NULL,
    login TEXT NOT NULL,
    login_name TEXT,
    secret BYTEA,
    deadline_ms BIGINT NOT NULL,
    breaker_failures BIGINT NOT NULL,
    breaker_seconds BIGINT NOT NULL,
    shadow_since BIGINT,
    former_authority TEXT,
    switched_at BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT webhooks_pkey PRIMARY KEY (installation_id),
    CONSTRAINT webhooks_installation_fkey FOREIGN KEY (organisation_id, installation_id) REFERENCES installations (organisation_id, id)
);

-- Written together with the transaction they tell of; removed when the other side has them. They
-- hold no token: what is told is read from the transaction.
CREATE TABLE webhook_deliveries (
    id TEXT NOT NULL,
    installation_id TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    event TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id)
);
CREATE INDEX webhook_deliveries_next ON webhook_deliveries (next_at, id);
CREATE INDEX webhook_deliveries_installation ON webhook_deliveries (installation_id);

-- What an authority that is asked beside said, by the decision it stands beside. `answer` is null
-- where there was none. Of an unknown token only a keyed hash is kept.
CREATE TABLE shadow_answers (
    decision_id TEXT NOT NULL,
    installation_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    node_id TEXT,
    person_id TEXT,
    credential_id TEXT,
    token TEXT,
    token_hash BYTEA,
    allowed_here BOOLEAN NOT NULL,
    answer TEXT,
    CONSTRAINT shadow_answers_pkey PRIMARY KEY (decision_id)
);
CREATE INDEX shadow_answers_installation ON shadow_answers (installation_id, at, decision_id);
