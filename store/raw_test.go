package store

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"termwise.dev/core/account"
)

// TestNothingIsWrittenBesideATransaction goes on with a transaction whose context
// has ended, under another one that has not.
func TestNothingIsWrittenBesideATransaction(t *testing.T) {
	onEngines(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		d, err := account.Open(w.env, account.New{ID: "a", Name: "A", Currency: "CNY"}, start)
		if err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithCancel(t.Context())
		err = db.Update(ctx, func(tx *Tx) error {
			end()
			for err = nil; !errors.Is(err, sql.ErrTxDone); { // until it has been rolled back
				_, err = tx.exec(t.Context(), "UPDATE clock SET now = 0 WHERE id = 0")
			}
			charged := []owned[account.Charge]{{"a", &account.Charge{}}}
			charged[0].row.Sequence, charged[0].row.Quantity = 1, 1
			if err := charges.add(t.Context(), tx, charged); err == nil {
				t.Error("rows were taken")
			}
			if _, err := tx.Books(t.Context(), []string{"a"}, start); err == nil {
				t.Error("books were read")
			}
			return tx.Apply(t.Context(), []*account.Decision{d})
		})
		if err == nil {
			t.Error("the transaction is said to have been committed")
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			var rows int
			_, err := tx.one(ctx, []any{&rows}, "SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM charges)")
			if rows != 0 {
				t.Errorf("%d rows were written", rows)
			}
			return err
		})
	})
}
