-- +goose Up

-- What is written to the table after it was copied would go with it.
LOCK TABLE services IN ACCESS EXCLUSIVE MODE;

-- What a notice of a change is about, and when a notice counts as served.
ALTER TABLE notices ADD COLUMN document TEXT NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN version TEXT NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN effective BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notices ADD COLUMN served BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notices ADD COLUMN inboxes TEXT NOT NULL DEFAULT '';
CREATE INDEX notices_of_changes ON notices (account, document, version) WHERE document <> '';
CREATE INDEX notices_of_ends ON notices (account, entry, line) WHERE kind IN ('exit_confirmed', 'product_ends', 'agreement_ends');

-- A service may end. SQLite cannot change a CHECK, so the table is made anew.
CREATE TABLE services_with_ends (
    account       TEXT   NOT NULL,
    product       TEXT   NOT NULL,
    state         TEXT   NOT NULL CHECK (state IN ('active', 'suspended', 'released', 'ended')),
    since         BIGINT NOT NULL,
    arrears_since BIGINT NOT NULL,
    noticed       BIGINT NOT NULL,
    warned        BIGINT NOT NULL,
    PRIMARY KEY (account, product)
);
INSERT INTO services_with_ends SELECT account, product, state, since, arrears_since, noticed, warned FROM services;
DROP TABLE services;
ALTER TABLE services_with_ends RENAME TO services;

-- REFERENCE: versions whose accounts are told one after the other, in the order of
-- their ids, and how far that has come.
CREATE TABLE announcements (
    document TEXT   NOT NULL,
    version  TEXT   NOT NULL,
    recorded BIGINT NOT NULL,
    after    TEXT   NOT NULL,
    told     BIGINT NOT NULL,
    state    TEXT   NOT NULL CHECK (state IN ('telling', 'told')),
    digest   BIGINT NOT NULL,
    PRIMARY KEY (document, version)
);

-- Accounts that could not be told when it was their turn, because what falls due
-- for them cannot be decided. They are told when it can.
CREATE TABLE untold (
    account  TEXT   NOT NULL,
    document TEXT   NOT NULL,
    version  TEXT   NOT NULL,
    recorded BIGINT NOT NULL,
    digest   BIGINT NOT NULL,
    PRIMARY KEY (account, document, version)
);

-- +goose Down
LOCK TABLE services IN ACCESS EXCLUSIVE MODE;
DROP TABLE untold;
DROP TABLE announcements;
CREATE TABLE services_without_ends (
    account       TEXT   NOT NULL,
    product       TEXT   NOT NULL,
    state         TEXT   NOT NULL CHECK (state IN ('active', 'suspended', 'released')),
    since         BIGINT NOT NULL,
    arrears_since BIGINT NOT NULL,
    noticed       BIGINT NOT NULL,
    warned        BIGINT NOT NULL,
    PRIMARY KEY (account, product)
);
INSERT INTO services_without_ends SELECT account, product, state, since, arrears_since, noticed, warned FROM services;
DROP TABLE services;
ALTER TABLE services_without_ends RENAME TO services;
DROP INDEX notices_of_ends;
DROP INDEX notices_of_changes;
ALTER TABLE notices DROP COLUMN inboxes;
ALTER TABLE notices DROP COLUMN served;
ALTER TABLE notices DROP COLUMN effective;
ALTER TABLE notices DROP COLUMN version;
ALTER TABLE notices DROP COLUMN document;
