-- Reports are kept by kind: the newest of each, and listed by kind.
CREATE INDEX station_reports_kind ON station_reports (station_key, kind, received_at, id);
