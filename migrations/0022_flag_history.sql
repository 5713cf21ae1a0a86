-- Whether authorization was required when a transaction began; null: not known, or decided
-- elsewhere. And the changes of one row, from which the history of a flag is told.

ALTER TABLE transactions ADD COLUMN authorization_required TEXT;

CREATE INDEX change_log_row ON change_log (row_id, revision);
