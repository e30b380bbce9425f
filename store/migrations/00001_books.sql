-- +goose Up

-- Types are PostgreSQL's; on SQLite BIGINT becomes INTEGER, BYTEA becomes BLOB
-- and every table is STRICT, so that a sum that leaves 64 bits is an error there
-- too. Instants are microseconds UTC, money is 1e-6 of the account's currency.
-- Tables of customers begin every key with the account, so that the account can
-- be the distribution column; tables marked REFERENCE are replicated.

-- REFERENCE
CREATE TABLE clock (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    mode TEXT   NOT NULL CHECK (mode IN ('real', 'virtual')),
    now  BIGINT NOT NULL
);

-- REFERENCE: the provider's own files (settings, working days), newest last.
CREATE TABLE provider_files (
    name     TEXT   NOT NULL,
    revision BIGINT NOT NULL,
    source   BYTEA  NOT NULL,
    hash     BYTEA  NOT NULL,
    recorded BIGINT NOT NULL,
    digest   BIGINT NOT NULL,
    PRIMARY KEY (name, revision)
);

-- REFERENCE: every published version of every document, as it was written.
CREATE TABLE documents (
    document  TEXT   NOT NULL,
    version   TEXT   NOT NULL,
    file      TEXT   NOT NULL,
    source    BYTEA  NOT NULL,
    hash      BYTEA  NOT NULL,
    recorded  BIGINT NOT NULL,
    digest    BIGINT NOT NULL,
    PRIMARY KEY (document, version)
);

-- REFERENCE: the sets of documents that rows were computed under.
CREATE TABLE term_sets (
    terms   BIGINT PRIMARY KEY,
    hash    BYTEA  NOT NULL,
    product TEXT   NOT NULL,
    refs    TEXT   NOT NULL
);

-- REFERENCE
CREATE TABLE api_keys (
    id      TEXT   PRIMARY KEY,
    name    TEXT   NOT NULL,
    role    TEXT   NOT NULL CHECK (role IN ('operator', 'customer', 'product')),
    scope   TEXT   NOT NULL, -- customer: the account; product: the product; operator: empty
    hash    BYTEA  NOT NULL,
    created BIGINT NOT NULL,
    revoked BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE accounts (
    account  TEXT   PRIMARY KEY,
    name     TEXT   NOT NULL,
    currency TEXT   NOT NULL,
    opened   BIGINT NOT NULL,
    seq      BIGINT NOT NULL CHECK (seq > 0),
    head     BYTEA  NOT NULL,
    at       BIGINT NOT NULL,
    next_due BIGINT NOT NULL
);
CREATE INDEX accounts_due ON accounts (next_due, account);

CREATE TABLE journal (
    account   TEXT   NOT NULL REFERENCES accounts (account),
    seq       BIGINT NOT NULL,
    kind      TEXT   NOT NULL,
    effective BIGINT NOT NULL,
    recorded  BIGINT NOT NULL,
    actor     TEXT   NOT NULL,
    payload   TEXT   NOT NULL,
    row_seal  BYTEA  NOT NULL,
    hash      BYTEA  NOT NULL,
    PRIMARY KEY (account, seq)
);

CREATE TABLE charges (
    account         TEXT   NOT NULL,
    entry           BIGINT NOT NULL,
    line            BIGINT NOT NULL,
    product         TEXT   NOT NULL,
    resource        TEXT   NOT NULL,
    meter           TEXT   NOT NULL,
    hour            BIGINT NOT NULL,
    sequence        BIGINT NOT NULL CHECK (sequence > 0),
    quantity_before BIGINT NOT NULL,
    quantity        BIGINT NOT NULL CHECK (quantity > 0),
    amount_before   BIGINT NOT NULL,
    amount          BIGINT NOT NULL,
    terms           BIGINT NOT NULL,
    digest          BIGINT NOT NULL,
    PRIMARY KEY (account, entry, line)
);

CREATE TABLE refused_usage (
    account  TEXT   NOT NULL,
    entry    BIGINT NOT NULL,
    line     BIGINT NOT NULL,
    product  TEXT   NOT NULL,
    resource TEXT   NOT NULL,
    meter    TEXT   NOT NULL,
    hour     BIGINT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    code     TEXT   NOT NULL,
    terms    BIGINT NOT NULL,
    digest   BIGINT NOT NULL,
    PRIMARY KEY (account, entry, line)
);

CREATE TABLE transfers (
    account TEXT   NOT NULL,
    entry   BIGINT NOT NULL,
    line    BIGINT NOT NULL,
    purpose TEXT   NOT NULL,
    debit   TEXT   NOT NULL,
    credit  TEXT   NOT NULL,
    amount  BIGINT NOT NULL CHECK (amount > 0),
    digest  BIGINT NOT NULL,
    CHECK (debit <> credit),
    PRIMARY KEY (account, entry, line)
);

CREATE TABLE late_fees (
    account TEXT   NOT NULL,
    entry   BIGINT NOT NULL,
    line    BIGINT NOT NULL,
    seller  TEXT   NOT NULL,
    product TEXT   NOT NULL,
    day     BIGINT NOT NULL,
    base    BIGINT NOT NULL CHECK (base > 0),
    amount  BIGINT NOT NULL CHECK (amount > 0),
    terms   BIGINT NOT NULL,
    digest  BIGINT NOT NULL,
    PRIMARY KEY (account, entry, line)
);

CREATE TABLE notices (
    account  TEXT   NOT NULL,
    entry    BIGINT NOT NULL,
    line     BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    product  TEXT   NOT NULL,
    channels TEXT   NOT NULL,
    recorded BIGINT NOT NULL,
    since    BIGINT NOT NULL,
    told     BIGINT NOT NULL,
    owed     BIGINT NOT NULL,
    terms    BIGINT NOT NULL,
    digest   BIGINT NOT NULL,
    PRIMARY KEY (account, entry, line)
);

CREATE TABLE transitions (
    account    TEXT   NOT NULL,
    entry      BIGINT NOT NULL,
    line       BIGINT NOT NULL,
    product    TEXT   NOT NULL,
    from_state TEXT   NOT NULL,
    to_state   TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    since      BIGINT NOT NULL,
    told       BIGINT NOT NULL,
    owed       BIGINT NOT NULL,
    terms      BIGINT NOT NULL,
    digest     BIGINT NOT NULL,
    PRIMARY KEY (account, entry, line)
);

CREATE TABLE acceptances (
    account   TEXT   NOT NULL,
    entry     BIGINT NOT NULL,
    line      BIGINT NOT NULL,
    document  TEXT   NOT NULL,
    version   TEXT   NOT NULL,
    form      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    recorded  BIGINT NOT NULL,
    actor     TEXT   NOT NULL,
    text_hash BYTEA  NOT NULL,
    digest    BIGINT NOT NULL,
    PRIMARY KEY (account, entry, line)
);

-- What the rows above sum to. Truths 2, 3 and 9 recompute these from them.
CREATE TABLE balances (
    account TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    balance BIGINT NOT NULL,
    CHECK (name <> 'wallet' OR balance >= 0),
    PRIMARY KEY (account, name)
);

CREATE TABLE debts (
    account     TEXT   NOT NULL,
    due         BIGINT NOT NULL,
    seller      TEXT   NOT NULL,
    product     TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    outstanding BIGINT NOT NULL CHECK (outstanding > 0),
    PRIMARY KEY (account, due, seller, product)
);

CREATE TABLE services (
    account       TEXT   NOT NULL,
    product       TEXT   NOT NULL,
    state         TEXT   NOT NULL CHECK (state IN ('active', 'suspended', 'released')),
    since         BIGINT NOT NULL,
    arrears_since BIGINT NOT NULL,
    noticed       BIGINT NOT NULL,
    warned        BIGINT NOT NULL,
    PRIMARY KEY (account, product)
);

-- Usage as it arrived. (source, id) names an event within its account for ever.
CREATE TABLE usage_events (
    account  TEXT   NOT NULL,
    source   TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    product  TEXT   NOT NULL,
    resource TEXT   NOT NULL,
    point    BIGINT NOT NULL CHECK (point IN (0, 1)),
    start    BIGINT NOT NULL,
    finish   BIGINT NOT NULL CHECK (finish >= start),
    measures TEXT   NOT NULL,
    body     BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    digest   BIGINT NOT NULL,
    PRIMARY KEY (account, source, id)
);

CREATE TABLE resources (
    account  TEXT   NOT NULL,
    product  TEXT   NOT NULL,
    resource TEXT   NOT NULL,
    opened   BIGINT NOT NULL,
    PRIMARY KEY (account, product, resource)
);

CREATE TABLE buckets (
    account  TEXT   NOT NULL,
    product  TEXT   NOT NULL,
    resource TEXT   NOT NULL,
    meter    TEXT   NOT NULL,
    hour     BIGINT NOT NULL,
    total    BIGINT NOT NULL,
    touched  BIGINT NOT NULL,
    billed   BIGINT NOT NULL DEFAULT 0,
    refused  BIGINT NOT NULL DEFAULT 0,
    charged  BIGINT NOT NULL DEFAULT 0,
    lines    BIGINT NOT NULL DEFAULT 0,
    CHECK (billed >= 0 AND refused >= 0 AND total >= billed + refused),
    PRIMARY KEY (account, product, resource, meter, hour)
);
CREATE INDEX buckets_open ON buckets (account, hour) WHERE total > billed + refused;

-- Events that could not be accepted, kept as far as they could be read so that
-- the refusal can be computed again. Nothing of them needs to be in range.
CREATE TABLE refused_events (
    account  TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    source   TEXT   NOT NULL,
    event    TEXT   NOT NULL,
    code     TEXT   NOT NULL,
    message  TEXT   NOT NULL,
    place    TEXT   NOT NULL,
    customer TEXT   NOT NULL,
    product  TEXT   NOT NULL,
    resource TEXT   NOT NULL,
    point    BIGINT NOT NULL CHECK (point IN (0, 1)),
    start    BIGINT NOT NULL,
    finish   BIGINT NOT NULL,
    measures TEXT   NOT NULL,
    unread   BIGINT NOT NULL CHECK (unread IN (0, 1)),
    terms    BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    digest   BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);

-- Answers of commands that may be repeated, by the caller's key.
CREATE TABLE idempotency (
    account  TEXT   NOT NULL,
    key      TEXT   NOT NULL,
    request  BYTEA  NOT NULL,
    status   BIGINT NOT NULL,
    answer   BYTEA  NOT NULL,
    recorded BIGINT NOT NULL,
    digest   BIGINT NOT NULL,
    PRIMARY KEY (account, key)
);

-- +goose Down
DROP TABLE idempotency;
DROP TABLE refused_events;
DROP TABLE buckets;
DROP TABLE resources;
DROP TABLE usage_events;
DROP TABLE services;
DROP TABLE debts;
DROP TABLE balances;
DROP TABLE acceptances;
DROP TABLE transitions;
DROP TABLE notices;
DROP TABLE late_fees;
DROP TABLE transfers;
DROP TABLE refused_usage;
DROP TABLE charges;
DROP TABLE journal;
DROP TABLE accounts;
DROP TABLE api_keys;
DROP TABLE term_sets;
DROP TABLE documents;
DROP TABLE provider_files;
DROP TABLE clock;
