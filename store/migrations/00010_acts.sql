-- +goose Up

-- The order that an acceptance came with; empty where it came with none.
ALTER TABLE acceptances ADD COLUMN order_ref TEXT NOT NULL DEFAULT '';

-- What the lapse of an order did to the acceptance of a document that came with
-- it, and the clause by which it did.
CREATE TABLE lapses (
    account         TEXT   NOT NULL,
    entry           BIGINT NOT NULL,
    line            BIGINT NOT NULL,
    order_ref       TEXT   NOT NULL,
    document        TEXT   NOT NULL,
    version         TEXT   NOT NULL,
    effect          TEXT   NOT NULL CHECK (effect IN ('consensus', 'price', 'terms')),
    at              BIGINT NOT NULL,
    recorded        BIGINT NOT NULL,
    clause_document TEXT   NOT NULL,
    clause_code     TEXT   NOT NULL,
    clause_version  TEXT   NOT NULL,
    clause          TEXT   NOT NULL,
    terms           BIGINT NOT NULL,
    digest          BIGINT NOT NULL,
    PRIMARY KEY (account, entry, line)
);

-- Add-ons that were switched, and the clause by which they come or are demanded.
CREATE TABLE add_ons (
    account         TEXT   NOT NULL,
    entry           BIGINT NOT NULL,
    line            BIGINT NOT NULL,
    product         TEXT   NOT NULL,
    add_on          TEXT   NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN ('on', 'off')),
    at              BIGINT NOT NULL,
    order_ref       TEXT   NOT NULL,
    clause_document TEXT   NOT NULL,
    clause_code     TEXT   NOT NULL,
    clause_version  TEXT   NOT NULL,
    clause          TEXT   NOT NULL,
    terms           BIGINT NOT NULL,
    digest          BIGINT NOT NULL,
    PRIMARY KEY (account, entry, line)
);

-- +goose Down
DROP TABLE add_ons;
DROP TABLE lapses;
ALTER TABLE acceptances DROP COLUMN order_ref;
