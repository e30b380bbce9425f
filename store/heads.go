package store

import (
	"context"
	"database/sql"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
)

// Heads returns the books of accounts without their usage and without locking them:
// what usage is checked against. An id that no account has is left out.
func (tx *Tx) Heads(ctx context.Context, ids []string) ([]*account.Books, error) {
	return apart(tx, ids, func(ids []string) ([]*account.Books, error) {
		l, err := tx.loader(ids)
		if err != nil {
			return nil, err
		}
		err = l.heads(ctx, "")
		return l.found, err
	})
}

// CountDue counts the accounts for which something falls due by now.
func (tx *Tx) CountDue(ctx context.Context, now calendar.Instant) (n int, err error) {
	_, err = tx.one(ctx, []any{&n}, "SELECT count(*) FROM accounts WHERE next_due <= $1", int64(now))
	return n, err
}

// Wake makes every account that waits for something, or is in arrears, be looked
// at from an instant on: what falls due, and when, may have changed. Where
// accounts live on several nodes it leaves that to do; see Wakes.
func (tx *Tx) Wake(ctx context.Context, from calendar.Instant) error {
	if tx.sharded {
		_, err := tx.exec(ctx, "INSERT INTO wakes (known) VALUES ($1) ON CONFLICT DO NOTHING", int64(from))
		return err
	}
	_, err := tx.exec(ctx, "UPDATE accounts SET next_due = "+earlier+" WHERE "+waits, int64(from), int64(calendar.EndOfTime))
	return err
}

// earlier is the instant $1, or that at which an account is looked at if it is before.
// Such an account is written all the same: who is just deciding on it, by what was
// published until then, must not put it off.
const earlier = "CASE WHEN next_due > $1 THEN $1 ELSE next_due END"

// waits is the condition that an account waits for something, or is in arrears; $2 is
// the end of time.
const waits = "(next_due < $2 OR in_arrears <> 0)"

// CountAccounts counts all accounts.
func (tx *Tx) CountAccounts(ctx context.Context) (n int, err error) {
	_, err = tx.one(ctx, []any{&n}, "SELECT count(*) FROM accounts")
	return n, err
}

// FirstOpened returns when the first account was opened, and false when there is none.
func (tx *Tx) FirstOpened(ctx context.Context) (at calendar.Instant, found bool, err error) {
	var first sql.NullInt64
	_, err = tx.one(ctx, []any{&first}, "SELECT min(opened) FROM accounts")
	return calendar.Instant(first.Int64), first.Valid, err
}

// CountAccepted counts the accounts that have accepted some version of a document,
// by an acceptance that no lapsed order took back.
func (tx *Tx) CountAccepted(ctx context.Context, document string) (n int, err error) {
	_, err = tx.one(ctx, []any{&n}, "SELECT count(DISTINCT account) FROM acceptances x WHERE document = $1 AND NOT EXISTS (SELECT 1 FROM lapses l WHERE "+voidedBy+")", document)
	return n, err
}

// CountAmong counts the accounts that exist among some ids.
func (tx *Tx) CountAmong(ctx context.Context, ids []string) (int, error) {
	found, err := apart(tx, ids, func(ids []string) ([]string, error) {
		wanted, err := list(tx, ids)
		if err != nil {
			return nil, err
		}
		return tx.texts(ctx, "SELECT account FROM accounts WHERE "+tx.among("account", "text"), wanted)
	})
	return len(found), err
}

// PutTermSets keeps sets of documents that rows name; one that is kept already
// is left as it is.
func (tx *Tx) PutTermSets(ctx context.Context, sets map[int64]account.TermSet) error {
	if len(sets) == 0 {
		return nil
	}
	return tx.putTermSets(ctx, sets)
}
