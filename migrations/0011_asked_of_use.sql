-- What is asked of those who come, who decides, suspensions with dates, and emergencies.

ALTER TABLE people ADD COLUMN suspended_from BIGINT;
ALTER TABLE people ADD COLUMN suspended_until BIGINT;

ALTER TABLE credentials ADD COLUMN suspended_from BIGINT;
ALTER TABLE credentials ADD COLUMN suspended_until BIGINT;
ALTER TABLE credentials ADD COLUMN strength TEXT NOT NULL DEFAULT 'weak';
ALTER TABLE credentials ADD COLUMN places TEXT;
UPDATE credentials SET strength = 'medium' WHERE kind IN ('key', 'emaid');
UPDATE credentials SET strength = 'strong' WHERE kind = 'app';

ALTER TABLE installations ADD COLUMN open_schedule_id TEXT;
ALTER TABLE installations ADD COLUMN authority TEXT NOT NULL DEFAULT 'native';

ALTER TABLE areas ADD COLUMN anti_passback TEXT NOT NULL DEFAULT 'off';
ALTER TABLE areas ADD COLUMN anti_passback_minutes BIGINT;

ALTER TABLE chargers ADD COLUMN open_schedule_id TEXT;
ALTER TABLE chargers ADD COLUMN offline_policy TEXT NOT NULL DEFAULT 'list';

ALTER TABLE doors ADD COLUMN minimum_strength TEXT;
ALTER TABLE doors ADD COLUMN unlock_schedule_id TEXT;
ALTER TABLE doors ADD COLUMN entry_area_id TEXT;
ALTER TABLE doors ADD COLUMN exit_area_id TEXT;

CREATE TABLE emergencies (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    exempt_tag_id TEXT,
    created_by_person_id TEXT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    CONSTRAINT emergencies_pkey PRIMARY KEY (id),
    CONSTRAINT emergencies_organisation_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CONSTRAINT emergencies_exempt_fkey FOREIGN KEY (organisation_id, exempt_tag_id) REFERENCES tags (organisation_id, id)
);
CREATE INDEX emergencies_organisation ON emergencies (organisation_id, id);
