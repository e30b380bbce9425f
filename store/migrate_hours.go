package store

import (
	"context"
	"database/sql"
	"fmt"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// hoursVersion is the version of the schema in which the buckets of an hour are one row.
const hoursVersion = 14

const hoursSchema = `
CREATE TABLE bucket_hours (
    account TEXT   NOT NULL,
    hour    BIGINT NOT NULL,
    open    BIGINT NOT NULL CHECK (open IN (0, 1)),
    content BYTEA  NOT NULL,
    PRIMARY KEY (account, hour)
);
`

const bucketsSchema = `
CREATE TABLE single_buckets (
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
`

// packBuckets packs the buckets of each account's hours.
func packBuckets(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := e.takeTables(ctx, tx, "buckets"); err != nil {
			return err
		}
		if err := noStrays(ctx, tx, "buckets", everyRow); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, e.schema().Replace(hoursSchema)); err != nil {
			return err
		}
		if err := eachHour(ctx, tx, func(id string, hour calendar.Hour) error { return packBucketHour(ctx, tx, id, hour) }); err != nil {
			return err
		}
		return execAll(ctx, tx, "DROP TABLE buckets", "ALTER TABLE bucket_hours RENAME TO buckets",
			"CREATE INDEX buckets_open ON buckets (account, hour) WHERE open <> 0")
	}
}

// eachHour goes through the hours of which accounts have buckets, in order.
func eachHour(ctx context.Context, tx *sql.Tx, do func(id string, hour calendar.Hour) error) error {
	return eachAccount(ctx, tx, func(id string) error {
		var hours []calendar.Hour
		err := eachSQL(ctx, tx, "SELECT DISTINCT hour FROM buckets WHERE account = $1 ORDER BY hour", []any{id}, func(rows scanner) error {
			var hour calendar.Hour
			err := rows.Scan(&hour)
			hours = append(hours, hour)
			return err
		})
		if err != nil {
			return err
		}
		for _, hour := range hours {
			if err := do(id, hour); err != nil {
				return fmt.Errorf("the hour from %s: %w", hour.Start(), err)
			}
		}
		return nil
	})
}

func packBucketHour(ctx context.Context, tx *sql.Tx, id string, hour calendar.Hour) error {
	var buckets []metering.Bucket
	err := eachSQL(ctx, tx, `SELECT product, resource, meter, total, touched, pending, billed, refused, charged, lines
		FROM buckets WHERE account = $1 AND hour = $2 ORDER BY product, resource, meter`, []any{id, int64(hour)}, func(rows scanner) error {
		b := metering.Bucket{Key: metering.Key{Hour: hour}}
		err := rows.Scan(&b.Product, &b.Resource, &b.Meter, &b.Total, &b.Touched, &b.Pending, &b.Billed, &b.Refused, &b.Charged, &b.Lines)
		buckets = append(buckets, b)
		return err
	})
	if err != nil {
		return err
	}
	h := account.NewStoredHour(hour, buckets)
	_, err = tx.ExecContext(ctx, "INSERT INTO bucket_hours (account, hour, open, content) VALUES ($1, $2, $3, $4)",
		id, int64(hour), bit(h.Open), h.Content)
	return err
}

// unpackBuckets makes each bucket a row of its own again.
func unpackBuckets(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := e.takeTables(ctx, tx, "buckets"); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, e.schema().Replace(bucketsSchema)); err != nil {
			return err
		}
		if err := eachHour(ctx, tx, func(id string, hour calendar.Hour) error { return unpackBucketHour(ctx, tx, id, hour) }); err != nil {
			return err
		}
		return execAll(ctx, tx, "DROP TABLE buckets", "ALTER TABLE single_buckets RENAME TO buckets",
			"CREATE INDEX buckets_open ON buckets (account, hour) WHERE pending <> 0")
	}
}

func unpackBucketHour(ctx context.Context, tx *sql.Tx, id string, hour calendar.Hour) error {
	h := account.StoredHour{Hour: hour}
	if err := tx.QueryRowContext(ctx, "SELECT content FROM buckets WHERE account = $1 AND hour = $2", id, int64(hour)).Scan(&h.Content); err != nil {
		return err
	}
	buckets, err := h.Buckets()
	if err != nil {
		return err
	}
	for i := range buckets {
		b := &buckets[i]
		if _, err := tx.ExecContext(ctx, `INSERT INTO single_buckets
			(account, hour, product, resource, meter, total, touched, pending, billed, refused, charged, lines)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			id, int64(hour), b.Product, b.Resource, b.Meter, b.Total, int64(b.Touched), int64(b.Pending),
			b.Billed, b.Refused, int64(b.Charged), b.Lines); err != nil {
			return err
		}
	}
	return nil
}
