-- +goose Up

-- Refused events have no journal entry, so people read them by when they came.
CREATE INDEX refused_events_recorded ON refused_events (account, recorded, id);

-- +goose Down
DROP INDEX refused_events_recorded;
