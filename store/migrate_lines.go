package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"termwise.dev/core/account"
)

// linesVersion is the version of the schema in which an entry of the journal carries
// its charges and transfers.
const linesVersion = 12

// linesSchema adds the columns. What is fat comes last, so that the others are read
// without it.
const linesSchema = `
ALTER TABLE journal ADD COLUMN charges BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal ADD COLUMN first_hour BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal ADD COLUMN last_hour BIGINT NOT NULL DEFAULT -1;
ALTER TABLE journal ADD COLUMN lines BYTEA NOT NULL DEFAULT {nothing};
`

// entriesAtOnce bounds the entries of an account whose rows a migration holds in
// memory.
const entriesAtOnce = 200

// packLines moves charges and transfers, one row each, into their entries of the
// journal. The digests of the rows are made again and not kept; one that did not fit
// its row is found as before, since the entry's seal does not fit either.
func packLines(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := errors.Join(nothingLost(ctx, tx, "charges", everyRow), nothingLost(ctx, tx, "transfers", everyRow)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, e.columns(linesSchema)); err != nil {
			return err
		}
		err := eachEntries(ctx, tx, func(id string, entries []int64) error { return packEntries(ctx, tx, id, entries) })
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DROP TABLE charges; DROP TABLE transfers;")
		return err
	}
}

// nothingLost refuses rows that would be lost where they are put into entries, account
// by account. which is the condition that the rows of the table meet which are.
func nothingLost(ctx context.Context, tx *sql.Tx, table, which string) error {
	return errors.Join(noOrphans(ctx, tx, table, which), noStrays(ctx, tx, table, which))
}

// noStrays refuses rows of accounts that do not exist, which a migration would lose.
func noStrays(ctx context.Context, tx *sql.Tx, table, which string) error {
	var id string
	err := tx.QueryRowContext(ctx, "SELECT account FROM "+table+
		" t WHERE "+which+" AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.account = t.account) LIMIT 1").Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("there is no account %s, and rows of it in %s: the database was changed by hand; "+
		"find out why with the termwise that wrote it (termwise verify), and put a backup back", id, table)
}

// everyRow is the condition that all rows of a table meet.
const everyRow = "1 = 1"

// noOrphans refuses rows that belong to no entry: there is nowhere to put them, and
// they may not be lost, since they show that somebody changed the database.
func noOrphans(ctx context.Context, tx *sql.Tx, table, which string) error {
	var id string
	var row account.RowID
	err := tx.QueryRowContext(ctx, `SELECT r.account, r.entry, r.line FROM (SELECT * FROM `+table+` WHERE `+which+`) r
		LEFT JOIN journal j ON j.account = r.account AND j.seq = r.entry WHERE j.seq IS NULL LIMIT 1`).
		Scan(&id, &row.Entry, &row.Line)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("line %d of entry %d of account %s in %s belongs to no journal entry: the database was changed by hand; "+
		"find out why with the termwise that wrote it (termwise verify), and put a backup back", row.Line, row.Entry, id, table)
}

// eachEntries calls f with the numbers of all entries, in order, some of one account
// at a time.
func eachEntries(ctx context.Context, tx *sql.Tx, f func(id string, entries []int64) error) error {
	return eachAccount(ctx, tx, func(id string) error {
		for after := int64(-1 << 63); ; {
			entries, err := entriesAfter(ctx, tx, id, after)
			if err != nil || len(entries) == 0 {
				return err
			}
			if err := f(id, entries); err != nil {
				return fmt.Errorf("what its entries carry: %w", err)
			}
			after = entries[len(entries)-1]
		}
	})
}

// eachEntry calls f with each entry, in order, account by account.
func eachEntry(ctx context.Context, tx *sql.Tx, f func(id string, seq int64) error) error {
	return eachEntries(ctx, tx, func(id string, entries []int64) error {
		for _, seq := range entries {
			if err := f(id, seq); err != nil {
				return fmt.Errorf("entry %d: %w", seq, err)
			}
		}
		return nil
	})
}

func entriesAfter(ctx context.Context, tx *sql.Tx, id string, after int64) (entries []int64, err error) {
	const text = "SELECT seq FROM journal WHERE account = $1 AND seq > $2 ORDER BY seq LIMIT $3"
	err = eachSQL(ctx, tx, text, []any{id, after, entriesAtOnce}, func(rows scanner) error {
		var seq int64
		err := rows.Scan(&seq)
		entries = append(entries, seq)
		return err
	})
	return entries, err
}

// rowsBetween reads the rows of consecutive entries as they were kept one by one.
func rowsBetween[R any](ctx context.Context, tx *sql.Tx, t *table[R], where, id string, entries []int64) (found []R, err error) {
	text := "SELECT account, " + t.columns + " FROM " + t.name +
		" WHERE account = $1 AND entry >= $2 AND entry <= $3 AND " + where + " ORDER BY entry, line"
	err = eachSQL(ctx, tx, text, []any{id, entries[0], entries[len(entries)-1]}, t.scan(func(_ string, row *R) { found = append(found, *row) }))
	return found, err
}

// The tables of charges and transfers as they were before their entry carried them.
var (
	chargesByRow = accountTable(
		"charges", "entry, line, digest, product, resource, meter, hour, quantity_before, quantity, amount_before, amount, sequence, terms",
		func(c *account.Charge) []any {
			return stamped(
				&c.Stamp, &c.Product, &c.Resource, &c.Meter, (*int64)(&c.Hour), &c.QuantityBefore, &c.Quantity,
				(*int64)(&c.AmountBefore), (*int64)(&c.Amount), &c.Sequence, &c.Terms,
			)
		},
	)
	transfersByRow = accountTable(
		"transfers", "entry, line, digest, purpose, debit, credit, amount",
		func(p *account.Posted) []any {
			return stamped(
				&p.Stamp, (*string)(&p.Purpose), (*string)(&p.Debit), (*string)(&p.Credit), (*int64)(&p.Transfer.Amount),
			)
		},
	)
)

// packEntries writes the lines of some consecutive entries, whatever they say: what was
// changed by hand before is packed as it is, and found by their seals.
func packEntries(ctx context.Context, tx *sql.Tx, id string, entries []int64) error {
	charges, err := rowsBetween(ctx, tx, &chargesByRow, everyRow, id, entries)
	if err != nil {
		return err
	}
	transfers, err := rowsBetween(ctx, tx, &transfersByRow, everyRow, id, entries)
	if err != nil {
		return err
	}
	for _, seq := range entries {
		l := account.NewLines(id, seq, account.Packed{
			Charges: account.CutEntry(&charges, seq), Transfers: account.CutEntry(&transfers, seq),
		})
		if len(l.Content) == 0 {
			continue // which is what the columns say by themselves
		}
		if _, err := tx.ExecContext(ctx,
			"UPDATE journal SET charges = $3, first_hour = $4, last_hour = $5, lines = $6 WHERE account = $1 AND seq = $2",
			id, l.Entry, l.Charges, int64(l.First), int64(l.Last), l.Content); err != nil {
			return err
		}
	}
	return nil
}

// rowsSchema is the tables of charges and transfers as they were before their entry
// carried them.
const rowsSchema = `
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
`

const withoutLines = `
ALTER TABLE journal DROP COLUMN charges;
ALTER TABLE journal DROP COLUMN first_hour;
ALTER TABLE journal DROP COLUMN last_hour;
ALTER TABLE journal DROP COLUMN lines;
`

// unpackLines moves charges and transfers out of their entries again.
func unpackLines(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, e.schema().Replace(rowsSchema)); err != nil {
			return err
		}
		err := eachEntry(ctx, tx, func(id string, seq int64) error { return unpackEntry(ctx, tx, id, seq) })
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, withoutLines)
		return err
	}
}

// unpackEntry writes the rows of one entry, which must be as they were packed.
func unpackEntry(ctx context.Context, tx *sql.Tx, id string, seq int64) error {
	l := account.Lines{Entry: seq}
	err := tx.QueryRowContext(ctx, "SELECT charges, first_hour, last_hour, lines FROM journal WHERE account = $1 AND seq = $2", id, seq).
		Scan(&l.Charges, &l.First, &l.Last, &l.Content)
	if err != nil {
		return err
	}
	p, err := openWhole(&l, id)
	if err != nil {
		return err
	}
	if err := insertRows(ctx, tx, &chargesByRow, id, p.Charges); err != nil {
		return err
	}
	return insertRows(ctx, tx, &transfersByRow, id, p.Transfers)
}

// openWhole unpacks what an entry carries, and refuses what was changed: packed anew, or
// row by row, it would be sealed anew.
func openWhole(l *account.Lines, id string) (account.Packed, error) {
	p, err := l.Open(id)
	if err == nil && !l.Whole(id) {
		err = errChangedLines
	}
	return p, err
}

var errChangedLines = errors.New("its rows are not as they were packed: the database was changed by hand; find out why with termwise verify")

func insertRows[R any](ctx context.Context, tx *sql.Tx, t *table[R], id string, rows []R) error {
	for i := range rows {
		values := t.values(nil, owned[R]{id, &rows[i]})
		places := make([]string, len(values))
		for i := range places {
			places[i] = "$" + strconv.Itoa(i+1)
		}
		text := "INSERT INTO " + t.name + " (" + t.owner + ", " + t.columns + ") VALUES (" + strings.Join(places, ", ") + ")"
		if _, err := tx.ExecContext(ctx, text, values...); err != nil {
			return err
		}
	}
	return nil
}
