-- The right that a guest's or a one-time code was made with is for that code alone.

ALTER TABLE grants ADD COLUMN credential_id TEXT;
CREATE INDEX grants_credential ON grants (credential_id);
