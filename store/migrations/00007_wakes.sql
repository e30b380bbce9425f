-- +goose Up

-- REFERENCE: publications that every account has still to be woken for. It has
-- rows only where a transaction must not span accounts.
CREATE TABLE wakes (
    known BIGINT PRIMARY KEY
);

-- +goose Down
DROP TABLE wakes;
