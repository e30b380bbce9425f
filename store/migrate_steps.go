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

const noticesToPack = "(SELECT * FROM notices WHERE document = '')"

// packSteps moves moves and most notices, one row each, into their entries of the
// journal. The digests of the rows are made again and not kept; one that did not fit
// its row is found as before, since the entry's seal does not fit either.
func packSteps(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := noOrphans(ctx, tx, "transitions", noticesToPack); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, e.schema().Replace("ALTER TABLE journal ADD COLUMN steps BIGINT NOT NULL DEFAULT 0")); err != nil {
			return err
		}
		err := eachEntryWith(ctx, tx, "SELECT account, entry FROM transitions UNION SELECT account, entry FROM "+noticesToPack+" n",
			func(id string, seq int64) error { return packEntrySteps(ctx, tx, id, seq) })
		if err != nil {
			return err
		}
		return execAll(ctx, tx, "DROP INDEX journal_payments", e.stepsIndex(), "DELETE FROM notices WHERE document = ''", "DROP TABLE transitions")
	}
}

// eachEntryWith calls f with the accounts and numbers of entries that a query finds.
func eachEntryWith(ctx context.Context, tx *sql.Tx, query string, f func(id string, seq int64) error) error {
	const some = " WHERE (account, entry) > ($1, $2) ORDER BY account, entry LIMIT $3"
	for last := (Example{}); ; {
		rows, err := tx.QueryContext(ctx, "SELECT account, entry FROM ("+query+") q"+some, last.Account, last.Entry, entriesAtOnce)
		if err != nil {
			return err
		}
		var entries []Example
		if err := drainSQL(rows, func(rows scanner) error {
			var e Example
			err := rows.Scan(&e.Account, &e.Entry)
			entries = append(entries, e)
			return err
		}); err != nil || len(entries) == 0 {
			return err
		}
		for _, e := range entries {
			if err := f(e.Account, e.Entry); err != nil {
				return fmt.Errorf("entry %d of account %s: %w", e.Entry, e.Account, err)
			}
		}
		last = entries[len(entries)-1]
	}
}

func packEntrySteps(ctx context.Context, tx *sql.Tx, id string, seq int64) error {
	l, err := storedLines(ctx, tx, id, seq)
	if err != nil {
		return err
	}
	p, err := l.Unpack()
	if err == nil && !l.Whole(id) {
		err = errChangedLines
	}
	if err != nil {
		return err
	}
	gather := gathering{ctx, tx, id}
	of := fmt.Sprintf(" AND entry = %d", seq)
	if err := errors.Join(
		gathered(gather, &notices, of+" AND document = ''", func(n *account.Noticed) { p.Notices = append(p.Notices, *n) }),
		gathered(gather, &movesByRow, of, func(m *account.Moved) { p.Moves = append(p.Moves, *m) }),
	); err != nil {
		return err
	}
	return putLines(ctx, tx, id, account.NewLines(id, seq, p))
}

// errChangedLines is the error of lines that were changed: packed anew, they would be
// sealed anew.
var errChangedLines = errors.New("its rows are not as they were packed: the database was changed by hand; find out why with termwise verify")

func storedLines(ctx context.Context, tx *sql.Tx, id string, seq int64) (account.Lines, error) {
	l := account.Lines{Entry: seq}
	err := tx.QueryRowContext(ctx, "SELECT charges, first_hour, last_hour, steps, lines FROM journal WHERE account = $1 AND seq = $2", id, seq).
		Scan(&l.Charges, &l.First, &l.Last, &l.Steps, &l.Content)
	return l, err
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
		err := eachEntryWith(ctx, tx, "SELECT account, seq AS entry FROM journal WHERE steps > 0",
			func(id string, seq int64) error { return unpackEntrySteps(ctx, tx, id, seq) })
		if err != nil {
			return err
		}
		return execAll(ctx, tx, "DROP INDEX journal_steps", e.paymentsIndex(), "ALTER TABLE journal DROP COLUMN steps")
	}
}

func unpackEntrySteps(ctx context.Context, tx *sql.Tx, id string, seq int64) error {
	l, err := storedLines(ctx, tx, id, seq)
	if err != nil {
		return err
	}
	p, err := l.Open(id)
	if err == nil && !l.Whole(id) {
		err = errChangedLines
	}
	if err != nil {
		return err
	}
	for i := range p.Notices {
		if err := insertRow(ctx, tx, &notices, id, &p.Notices[i]); err != nil {
			return err
		}
	}
	for i := range p.Moves {
		if err := insertRow(ctx, tx, &movesByRow, id, &p.Moves[i]); err != nil {
			return err
		}
	}
	p.Notices, p.Moves = nil, nil
	return putLines(ctx, tx, id, account.NewLines(id, seq, p))
}

func insertRow[R any](ctx context.Context, tx *sql.Tx, t *table[R], id string, row *R) error {
	values := t.values(nil, owned[R]{id, row})
	places := make([]string, len(values))
	for i := range places {
		places[i] = "$" + strconv.Itoa(i+1)
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO "+t.name+" ("+t.owner+", "+t.columns+") VALUES ("+strings.Join(places, ", ")+")", values...)
	return err
}
