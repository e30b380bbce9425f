package store

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
)

// AccountRow is what a list shows of an account.
type AccountRow struct {
	ID, Name string
	Currency money.Currency
	Opened   calendar.Instant
	// Seq and Head are the number and the hash of the last journal entry, At its
	// effective instant or a later one up to which nothing more was due.
	Seq  int64
	Head journal.Hash
	At   calendar.Instant
	// NextDue is when something next falls due by itself.
	NextDue calendar.Instant
	// Intake says how far its usage is on its way into buckets.
	Intake account.Intake
	// Wallet is the money at hand, Owed the principal that is outstanding, Fees
	// the late fees that are unpaid.
	Wallet, Owed, Fees money.Amount
}

var accounts = accountTable(
	"accounts", "name, currency, opened, seq, head, at, next_due, parcels, folded, usage_to, indexed, runs, runs_digest, wallet, owed, fees",
	func(a *AccountRow) []any {
		return []any{
			&a.Name, &a.Currency, &a.Opened, &a.Seq, (*[32]byte)(&a.Head), &a.At, &a.NextDue,
			&a.Intake.Parcels, &a.Intake.Folded, &a.Intake.To, &a.Intake.Indexed,
			&a.Intake.Reach.Runs, &a.Intake.Reach.Digest,
			&a.Wallet, &a.Owed, &a.Fees,
		}
	},
)

// accountsOf returns those accounts that exist among some ids, sorted by id.
func (tx *Tx) accountsOf(ctx context.Context, ids []string) ([]AccountRow, error) {
	return apart(tx, ids, func(ids []string) (rows []AccountRow, err error) {
		wanted, err := list(tx, ids)
		if err != nil {
			return nil, err
		}
		err = accounts.each(ctx, tx, func(id string, a *AccountRow) {
			a.ID = id
			rows = append(rows, *a)
		}, "WHERE "+tx.among("account", "text")+" ORDER BY account", wanted)
		return rows, err
	})
}

// Account returns an account, and false when there is none. What cannot be an id
// is not asked about: PostgreSQL takes no text that is not UTF-8.
func (tx *Tx) Account(ctx context.Context, id string) (AccountRow, bool, error) {
	if !terms.IsAccountID(id) {
		return AccountRow{}, false, nil
	}
	list, err := tx.accountsOf(ctx, []string{id})
	if err != nil || len(list) == 0 {
		return AccountRow{}, false, err
	}
	return list[0], true, nil
}

// Accounts returns the first accounts after an id, sorted by id.
func (tx *Tx) Accounts(ctx context.Context, after string, limit int) ([]AccountRow, error) {
	ids, err := tx.AccountIDs(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	return tx.accountsOf(ctx, ids)
}

// AccountIDs returns the first ids after an id, sorted.
func (tx *Tx) AccountIDs(ctx context.Context, after string, limit int) ([]string, error) {
	return tx.texts(ctx, "SELECT account FROM accounts WHERE account > $1 ORDER BY account LIMIT $2", after, limit)
}

// DueAccounts returns accounts for which something falls due by now, the
// longest due first. In Update on PostgreSQL it locks them and passes over
// those that another transaction has locked, so that workers share the work.
// Where accounts live on several nodes it locks nothing, as rows of one node can
// be locked at a time; see Claim.
func (tx *Tx) DueAccounts(ctx context.Context, now calendar.Instant, limit int) ([]string, error) {
	text := "SELECT account FROM accounts WHERE next_due <= $1 ORDER BY next_due, account LIMIT $2"
	if !tx.sharded {
		text += tx.forUpdate() + tx.skipLocked()
	}
	return tx.texts(ctx, text, int64(now), limit)
}

// Due is where an account stands among those for which something falls due.
type Due struct {
	At      calendar.Instant
	Account string
}

// DueAfter is DueAccounts without locks, for the accounts after one, the first
// when that is zero. It also returns where the last of them stands.
func (tx *Tx) DueAfter(ctx context.Context, now calendar.Instant, after Due, limit int) (ids []string, last Due, err error) {
	last = after
	err = tx.each(ctx, "SELECT next_due, account FROM accounts WHERE next_due <= $1 AND (next_due, account) > ($2, $3) ORDER BY next_due, account LIMIT $4",
		[]any{int64(now), int64(after.At), after.Account, limit},
		func(rows scanner) error {
			err := rows.Scan(&last.At, &last.Account)
			ids = append(ids, last.Account)
			return err
		})
	return ids, last, err
}

// Claim locks an account for which something falls due by now, and says false
// when another transaction holds it or has done it meanwhile.
func (tx *Tx) Claim(ctx context.Context, id string, now calendar.Instant) (bool, error) {
	claimed, err := tx.texts(ctx,
		"SELECT account FROM accounts WHERE account = $1 AND next_due <= $2"+tx.forUpdate()+tx.skipLocked(), id, int64(now))
	return len(claimed) > 0, err
}

// Lock waits until no other transaction writes to the accounts, and keeps it so
// until this one ends. Ids of accounts that do not exist lock nothing, and who has
// looked ahead without a lock has none: see LookAhead.
func (tx *Tx) Lock(ctx context.Context, ids []string) error {
	if len(ids) == 1 && taken(tx, ids[0], func(h *ahead) **bool { return &h.lock }) != nil {
		return nil
	}
	_, err := tx.lock(ctx, ids)
	return err
}

// lock is Lock, and returns the ids that exist, sorted.
func (tx *Tx) lock(ctx context.Context, ids []string) ([]string, error) {
	if len(ids) == 1 {
		return tx.texts(ctx, "SELECT account FROM accounts WHERE account = $1"+tx.forUpdate(), ids[0])
	}
	return apart(tx, ids, func(ids []string) ([]string, error) {
		wanted, err := list(tx, ids)
		if err != nil {
			return nil, err
		}
		return tx.texts(ctx,
			"SELECT account FROM accounts WHERE "+tx.among("account", "text")+" ORDER BY account"+tx.forUpdate(), wanted)
	})
}

// texts runs a query for one column of text.
func (tx *Tx) texts(ctx context.Context, query string, args ...any) (values []string, err error) {
	err = tx.each(ctx, query, args, func(rows scanner) error {
		var v string
		err := rows.Scan(&v)
		values = append(values, v)
		return err
	})
	return values, err
}
