-- What the owner decides about a station, as one JSON object: what is not said is as the
-- deployment has it. assume_ocpp16 moves into it; its column is still written, for programs of
-- the version before that run beside this one, and goes in a later version.
ALTER TABLE stations ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
UPDATE stations SET settings = '{"assume_ocpp16":true}' WHERE assume_ocpp16;
