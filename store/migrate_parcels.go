package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
)

// parcelsVersion is the version of the schema in which usage is kept in parcels.
const parcelsVersion = 8

// parcelsSchema makes the tables. A parcel is fat and comes after all others, so
// on SQLite its table is in order of arrival and the key an index beside it.
const parcelsSchema = `
CREATE TABLE usage_parcels (
    account  TEXT   NOT NULL,
    parcel   BIGINT NOT NULL CHECK (parcel > 0),
    recorded BIGINT NOT NULL,
    first    BIGINT NOT NULL,
    last     BIGINT NOT NULL,
    events   BIGINT NOT NULL CHECK (events > 0),
    content  BYTEA  NOT NULL,
    digest   BIGINT NOT NULL,
    PRIMARY KEY (account, parcel)
); -- BY ARRIVAL

CREATE TABLE usage_runs (
    run    BIGINT NOT NULL CHECK (run > 0),
    names  BIGINT NOT NULL CHECK (names > 0),
    filter BYTEA  NOT NULL,
    digest BIGINT NOT NULL,
    PRIMARY KEY (run)
); -- BY ARRIVAL

CREATE TABLE usage_run_pages (
    run     BIGINT NOT NULL,
    page    BIGINT NOT NULL,
    content BYTEA  NOT NULL,
    digest  BIGINT NOT NULL,
    PRIMARY KEY (run, page)
); -- BY ARRIVAL

ALTER TABLE accounts ADD COLUMN parcels BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN folded BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN usage_to BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN indexed BIGINT NOT NULL DEFAULT 0;
`

// maxPacked bounds the events of one parcel that the migration makes.
const maxPacked = 5000

// packEvents moves the events that are kept, one row each, into parcels. All of
// their usage is in buckets.
func packEvents(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, e.schema().Replace(parcelsSchema)); err != nil {
			return err
		}
		ids, err := accountsWithEvents(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := packAccount(ctx, tx, id); err != nil {
				return fmt.Errorf("packing the usage of account %s: %w", id, err)
			}
		}
		_, err = tx.ExecContext(ctx, "DROP TABLE usage_events")
		return err
	}
}

func accountsWithEvents(ctx context.Context, tx *sql.Tx) (ids []string, err error) {
	err = eachSQL(ctx, tx, "SELECT DISTINCT account FROM usage_events ORDER BY account", nil, func(rows scanner) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// packAccount packs the events of an account, in the order in which they came.
func packAccount(ctx context.Context, tx *sql.Tx, id string) error {
	events, recorded, err := eventsOf(ctx, tx, id)
	if err != nil {
		return err
	}
	number := int64(0)
	for from := 0; from < len(events); {
		to := from + 1
		for to < len(events) && to-from < maxPacked && recorded[to] == recorded[from] {
			to++
		}
		number++
		p := account.NewParcel(id, number, recorded[from], events[from:to])
		if _, err := tx.ExecContext(ctx, `INSERT INTO usage_parcels (account, parcel, recorded, first, last, events, content, digest)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id, p.Number, int64(p.Recorded), int64(p.First), int64(p.Last), p.Events, p.Content, p.Digest); err != nil {
			return err
		}
		from = to
	}
	_, err = tx.ExecContext(ctx, `UPDATE accounts SET parcels = $2, folded = $2,
		usage_to = coalesce((SELECT max(hour) + 1 FROM buckets WHERE account = $1), 0) WHERE account = $1`, id, number)
	return err
}

func eventsOf(ctx context.Context, tx *sql.Tx, id string) (events []metering.Event, recorded []calendar.Instant, err error) {
	err = eachSQL(ctx, tx, `SELECT source, id, product, resource, point, start, finish, measures, recorded
		FROM usage_events WHERE account = $1 ORDER BY recorded, source, id`, []any{id}, func(rows scanner) error {
		e := metering.Event{Account: id}
		var at calendar.Instant
		err := rows.Scan(&e.Source, &e.ID, &e.Product, &e.Resource, &e.Point, &e.From, &e.To, (*measures)(&e.Measures), &at)
		events, recorded = append(events, e), append(recorded, at)
		return err
	})
	return events, recorded, err
}

// eventsSchema is the table of events as it was before there were parcels.
const eventsSchema = `
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
`

const withoutParcels = `
DROP TABLE usage_parcels;
DROP TABLE usage_run_pages;
DROP TABLE usage_runs;
ALTER TABLE accounts DROP COLUMN parcels;
ALTER TABLE accounts DROP COLUMN folded;
ALTER TABLE accounts DROP COLUMN usage_to;
ALTER TABLE accounts DROP COLUMN indexed;
`

// errNotFolded is the error of going back while usage is in no bucket yet.
var errNotFolded = errors.New("store: usage has come that is not in buckets yet: let what is due be done first")

// unpackEvents moves the events out of their parcels again.
func unpackEvents(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		var open int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM accounts WHERE parcels > folded").Scan(&open); err != nil {
			return err
		}
		if open > 0 {
			return errNotFolded
		}
		if _, err := tx.ExecContext(ctx, e.schema().Replace(eventsSchema)); err != nil {
			return err
		}
		for after, number := "", int64(0); ; {
			p := account.Parcel{}
			id := ""
			err := tx.QueryRowContext(ctx, `SELECT account, parcel, recorded, content FROM usage_parcels
				WHERE (account, parcel) > ($1, $2) ORDER BY account, parcel LIMIT 1`, after, number).
				Scan(&id, &p.Number, &p.Recorded, &p.Content)
			if errors.Is(err, sql.ErrNoRows) {
				_, err := tx.ExecContext(ctx, withoutParcels)
				return err
			}
			if err != nil {
				return err
			}
			if err := unpackParcel(ctx, tx, id, &p); err != nil {
				return err
			}
			after, number = id, p.Number
		}
	}
}

func unpackParcel(ctx context.Context, tx *sql.Tx, id string, p *account.Parcel) error {
	events, err := metering.Unpack(id, p.Content)
	if err != nil {
		return fmt.Errorf("parcel %d of account %s: %w", p.Number, id, err)
	}
	for i := range events {
		e := &events[i]
		var enc journal.Encoder
		enc.Text(id).Text("usage_event").Text(e.Source).Text(e.ID).Int(e.Body()).Int(bit(e.Point)).Int(int64(p.Recorded))
		measured := measures(e.Measures)
		if _, err := tx.ExecContext(ctx, `INSERT INTO usage_events
			(account, source, id, product, resource, point, start, finish, measures, body, recorded, digest)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			id, e.Source, e.ID, e.Product, e.Resource, bit(e.Point), int64(e.From), int64(e.To),
			measured.text(), e.Body(), int64(p.Recorded), enc.Digest()); err != nil {
			return err
		}
	}
	return nil
}
