package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"termwise.dev/core/account"
)

// stepsVersion is the version of the schema in which an entry of the journal carries
// its moves, and its notices about no document.
const stepsVersion = 18

// stepsIndex finds the entries of an account in which something was said, or moved, and
// its top-ups by the reference of their payment. One index costs who writes less than
// two: PostgreSQL plans the condition of each anew for every statement.
func (e engine) stepsIndex() string {
	return "CREATE INDEX journal_steps ON journal (account, " + e.paymentReference() + ") WHERE steps > 0 OR " + isTopUp
}

// movesByRow is the table of moves as it was before their entry carried them.
var movesByRow = accountTable(
	"transitions", "entry, line, digest, product, from_state, to_state, at, since, told, owed, terms",
	func(m *account.Moved) []any {
		return stamped(
			&m.Stamp, &m.Product, (*string)(&m.From), (*string)(&m.To), (*int64)(&m.At),
			(*int64)(&m.Since), (*int64)(&m.Told), (*int64)(&m.Owed), &m.Terms,
		)
	},
)

const movesSchema = `
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
`

// isPacked is the condition of notices that their entry carries.
const isPacked = "document = ''"

// packSteps moves moves and most notices, one row each, into their entries of the
// journal. The digests of the rows are made again and not kept; one that did not fit
// its row is found as before, since the entry's seal does not fit either.
func packSteps(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := errors.Join(nothingLost(ctx, tx, "transitions", everyRow), nothingLost(ctx, tx, "notices", isPacked)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, e.schema().Replace("ALTER TABLE journal ADD COLUMN steps BIGINT NOT NULL DEFAULT 0")); err != nil {
			return err
		}
		err := eachEntries(ctx, tx, func(id string, entries []int64) error { return packStepsOf(ctx, tx, id, entries) })
		if err != nil {
			return err
		}
		return execAll(ctx, tx, "DROP INDEX journal_payments", e.stepsIndex(), "DELETE FROM notices WHERE "+isPacked, "DROP TABLE transitions")
	}
}

// packStepsOf packs the notices and moves of some consecutive entries.
func packStepsOf(ctx context.Context, tx *sql.Tx, id string, entries []int64) error {
	told, err := rowsBetween(ctx, tx, &notices, isPacked, id, entries)
	if err != nil {
		return err
	}
	moved, err := rowsBetween(ctx, tx, &movesByRow, everyRow, id, entries)
	if err != nil {
		return err
	}
	for _, seq := range entries {
		steps := account.Packed{
			Notices: account.CutEntry(&told, seq),
			Moves:   account.CutEntry(&moved, seq),
		}
		if len(steps.Notices)+len(steps.Moves) == 0 {
			continue
		}
		p, err := wholeLines(ctx, tx, id, seq)
		if err != nil {
			return fmt.Errorf("entry %d: %w", seq, err)
		}
		p.Notices, p.Moves = steps.Notices, steps.Moves
		if err := putLines(ctx, tx, id, account.NewLines(id, seq, p)); err != nil {
			return err
		}
	}
	return nil
}

// wholeLines reads what an entry carries, and refuses what was changed.
func wholeLines(ctx context.Context, tx *sql.Tx, id string, seq int64) (account.Packed, error) {
	l := account.Lines{Entry: seq}
	err := tx.QueryRowContext(ctx, "SELECT charges, first_hour, last_hour, steps, lines FROM journal WHERE account = $1 AND seq = $2", id, seq).
		Scan(&l.Charges, &l.First, &l.Last, &l.Steps, &l.Content)
	if err != nil {
		return account.Packed{}, err
	}
	return openWhole(&l, id)
}

func putLines(ctx context.Context, tx *sql.Tx, id string, l account.Lines) error {
	_, err := tx.ExecContext(ctx,
		"UPDATE journal SET charges = $3, first_hour = $4, last_hour = $5, steps = $6, lines = $7 WHERE account = $1 AND seq = $2",
		id, l.Entry, l.Charges, int64(l.First), int64(l.Last), l.Steps, l.Content)
	return err
}

// unpackSteps moves notices and moves out of their entries again.
func unpackSteps(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, e.schema().Replace(movesSchema)); err != nil {
			return err
		}
		err := eachEntry(ctx, tx, func(id string, seq int64) error { return unpackEntrySteps(ctx, tx, id, seq) })
		if err != nil {
			return err
		}
		return execAll(ctx, tx, "DROP INDEX journal_steps", e.paymentsIndex(), "ALTER TABLE journal DROP COLUMN steps")
	}
}

func unpackEntrySteps(ctx context.Context, tx *sql.Tx, id string, seq int64) error {
	p, err := wholeLines(ctx, tx, id, seq)
	if err != nil || len(p.Notices)+len(p.Moves) == 0 {
		return err
	}
	if err := insertRows(ctx, tx, &notices, id, p.Notices); err != nil {
		return err
	}
	if err := insertRows(ctx, tx, &movesByRow, id, p.Moves); err != nil {
		return err
	}
	p.Notices, p.Moves = nil, nil
	return putLines(ctx, tx, id, account.NewLines(id, seq, p))
}
