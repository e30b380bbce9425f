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
		return execAll(ctx, tx, "CREATE INDEX journal_payments ON journal (account, "+e.paymentReference()+") WHERE "+isTopUp)
	}
}

func loseSightOfPayments(ctx context.Context, tx *sql.Tx) error {
	return execAll(ctx, tx, "DROP INDEX journal_payments")
}
