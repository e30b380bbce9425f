package store

import (
	"context"
	"database/sql"
)

// paymentsVersion is the version of the schema in which top-ups are found by the
// reference of their payment, and so as fast after ten thousand payments as after one.
const paymentsVersion = 15

// findPayments makes the index. The engines read a field of JSON in words of their own.
func findPayments(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		return execAll(ctx, tx, e.paymentsIndex())
	}
}

func (e engine) paymentsIndex() string {
	return "CREATE INDEX journal_payments ON journal (account, " + e.reference() + ") WHERE " + isTopUp
}

func loseSightOfPayments(ctx context.Context, tx *sql.Tx) error {
	return execAll(ctx, tx, "DROP INDEX journal_payments")
}

// leanVersion is the version of the schema without two indexes that others serve
// for: that of payments finds an account's top-ups, that of notices about versions
// finds those of exits. PostgreSQL plans the condition of such an index anew for every
// statement that adds a row, and that of a check, too.
const leanVersion = 17

const (
	withoutCount = "ALTER TABLE journal DROP CONSTRAINT IF EXISTS journal_seq_check"
	withCount    = "ALTER TABLE journal ADD CONSTRAINT journal_seq_check CHECK (seq > 0)"
)

func slim(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		texts := []string{"DROP INDEX journal_topped_up", "DROP INDEX notices_of_ends"}
		if e == postgres {
			texts = append(texts, withoutCount) // verify counts the entries
		}
		return execAll(ctx, tx, texts...)
	}
}

func fatten(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		texts := []string{
			"CREATE INDEX journal_topped_up ON journal (account, seq) WHERE kind = 'topped_up'",
			"CREATE INDEX notices_of_ends ON notices (account, entry, line) WHERE kind IN ('exit_confirmed', 'product_ends', 'agreement_ends')",
		}
		if e == postgres {
			texts = append(texts, withCount)
		}
		return execAll(ctx, tx, texts...)
	}
}
