-- +goose Up

-- What is written to the table after it was copied would go with it.
LOCK TABLE debts IN ACCESS EXCLUSIVE MODE;

-- Usage that arrives in parts is settled in parts, whenever somebody looks.
ALTER TABLE buckets ADD COLUMN pending BIGINT NOT NULL DEFAULT 0;
UPDATE buckets SET pending = touched WHERE total > billed + refused;

-- What falls due at different instants of a day is paid, and ages, apart.
CREATE TABLE debts_by_instant (
    account     TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    seller      TEXT   NOT NULL,
    product     TEXT   NOT NULL,
    due         BIGINT NOT NULL,
    outstanding BIGINT NOT NULL CHECK (outstanding > 0),
    PRIMARY KEY (account, since, seller, product)
);
INSERT INTO debts_by_instant SELECT account, since, seller, product, due, outstanding FROM debts;
DROP TABLE debts;
ALTER TABLE debts_by_instant RENAME TO debts;

-- +goose Down
LOCK TABLE debts IN ACCESS EXCLUSIVE MODE;
ALTER TABLE buckets DROP COLUMN pending;
CREATE TABLE debts_by_day (
    account     TEXT   NOT NULL,
    due         BIGINT NOT NULL,
    seller      TEXT   NOT NULL,
    product     TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    outstanding BIGINT NOT NULL CHECK (outstanding > 0),
    PRIMARY KEY (account, due, seller, product)
);
INSERT INTO debts_by_day SELECT account, due, seller, product, min(since), sum(outstanding) FROM debts
    GROUP BY account, due, seller, product;
DROP TABLE debts;
ALTER TABLE debts_by_day RENAME TO debts;
