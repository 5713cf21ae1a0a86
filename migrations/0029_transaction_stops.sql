-- Why the system asked a charge to stop: what of its right is used up.

CREATE TABLE transaction_stops (
    transaction_id TEXT NOT NULL,
    used_up TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    CONSTRAINT transaction_stops_pkey PRIMARY KEY (transaction_id)
);
