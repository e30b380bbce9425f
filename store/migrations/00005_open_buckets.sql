-- +goose Up

-- Most buckets are settled when usage comes for them, or once it has. The index
-- holds those that are open, and moves only when that changes: not with each
-- event that adds to a bucket.
DROP INDEX buckets_open;
CREATE INDEX buckets_open ON buckets (account, hour) WHERE pending <> 0;

-- +goose Down
DROP INDEX buckets_open;
CREATE INDEX buckets_open ON buckets (account, hour) WHERE total > billed + refused;
