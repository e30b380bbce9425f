-- +goose Up

-- What is written to the table after it was copied would go with it.
LOCK TABLE buckets IN ACCESS EXCLUSIVE MODE;

-- An account's buckets of one hour lie side by side, whatever its resources: an
-- hour is settled at once, and would touch a page for each resource otherwise.
CREATE TABLE buckets_by_hour (
    account  TEXT   NOT NULL,
    hour     BIGINT NOT NULL,
    product  TEXT   NOT NULL,
    resource TEXT   NOT NULL,
    meter    TEXT   NOT NULL,
    total    BIGINT NOT NULL,
    touched  BIGINT NOT NULL,
    pending  BIGINT NOT NULL,
    billed   BIGINT NOT NULL,
    refused  BIGINT NOT NULL,
    charged  BIGINT NOT NULL,
    lines    BIGINT NOT NULL,
    CHECK (billed >= 0 AND refused >= 0 AND total >= billed + refused),
    PRIMARY KEY (account, hour, product, resource, meter)
);
INSERT INTO buckets_by_hour
    SELECT account, hour, product, resource, meter, total, touched, pending, billed, refused, charged, lines FROM buckets
    ORDER BY account, hour, product, resource, meter;
DROP TABLE buckets;
ALTER TABLE buckets_by_hour RENAME TO buckets;
CREATE INDEX buckets_open ON buckets (account, hour) WHERE pending <> 0;

-- +goose Down
LOCK TABLE buckets IN ACCESS EXCLUSIVE MODE;
CREATE TABLE buckets_by_resource (
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
    pending  BIGINT NOT NULL DEFAULT 0,
    CHECK (billed >= 0 AND refused >= 0 AND total >= billed + refused),
    PRIMARY KEY (account, product, resource, meter, hour)
);
INSERT INTO buckets_by_resource
    SELECT account, product, resource, meter, hour, total, touched, billed, refused, charged, lines, pending FROM buckets;
DROP TABLE buckets;
ALTER TABLE buckets_by_resource RENAME TO buckets;
CREATE INDEX buckets_open ON buckets (account, hour) WHERE pending <> 0;
