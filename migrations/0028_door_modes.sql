-- A lockdown is released by two owners where there are two: the first one's word is kept.
ALTER TABLE emergencies ADD COLUMN release_asked_by_person_id TEXT;
ALTER TABLE emergencies ADD COLUMN release_asked_at BIGINT;

-- What doors are to be set to, and what their locks confirmed when they were read back.
CREATE TABLE door_modes (
    door_id TEXT NOT NULL,
    requested TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    confirmed TEXT,
    confirmed_at BIGINT,
    CONSTRAINT door_modes_pkey PRIMARY KEY (door_id)
);
