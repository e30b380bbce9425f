package store

import (
	"context"
	"database/sql"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/money"
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
	// Wallet is the money at hand, Owed the principal that is outstanding, Fees
	// the late fees that are unpaid.
	Wallet, Owed, Fees money.Amount
}

// feesOwed is the condition that a balance is of unpaid late fees.
const feesOwed = "balances.name LIKE 'fees_receivable:%' AND balances.balance < 0"

var accounts = accountTable(
	"accounts",
	`name, currency, opened, seq, head, at, next_due,
	coalesce((SELECT balance FROM balances b WHERE b.account = accounts.account AND b.name = 'wallet'), 0),
	coalesce((SELECT CAST(sum(outstanding) AS BIGINT) FROM debts d WHERE d.account = accounts.account), 0),
	coalesce((SELECT CAST(-sum(balance) AS BIGINT) FROM balances WHERE balances.account = accounts.account AND `+feesOwed+`), 0)`,
	func(a *AccountRow) []any {
		return []any{
			&a.Name, &a.Currency, &a.Opened, &a.Seq, (*[32]byte)(&a.Head), &a.At, &a.NextDue,
			&a.Wallet, &a.Owed, &a.Fees,
		}
	},
)

func (tx *Tx) accounts(ctx context.Context, tail string, args ...any) (list []AccountRow, err error) {
	err = accounts.each(ctx, tx, func(id string, a *AccountRow) {
		a.ID = id
		list = append(list, *a)
	}, tail, args...)
	return list, err
}

// Account returns an account, and false when there is none.
func (tx *Tx) Account(ctx context.Context, id string) (AccountRow, bool, error) {
	list, err := tx.accounts(ctx, "WHERE account = $1", id)
	if err != nil || len(list) == 0 {
		return AccountRow{}, false, err
	}
	return list[0], true, nil
}

// Accounts returns the first accounts after an id, sorted by id.
func (tx *Tx) Accounts(ctx context.Context, after string, limit int) ([]AccountRow, error) {
	return tx.accounts(ctx, "WHERE account > $1 ORDER BY account LIMIT $2", after, limit)
}

// AccountIDs returns the first ids after an id, sorted.
func (tx *Tx) AccountIDs(ctx context.Context, after string, limit int) ([]string, error) {
	return tx.texts(ctx, "SELECT account FROM accounts WHERE account > $1 ORDER BY account LIMIT $2", after, limit)
}

// DueAccounts returns accounts for which something falls due by now, the
// longest due first. In Update on PostgreSQL it locks them and passes over
// those that another transaction has locked, so that workers share the work.
func (tx *Tx) DueAccounts(ctx context.Context, now calendar.Instant, limit int) ([]string, error) {
	return tx.texts(ctx,
		"SELECT account FROM accounts WHERE next_due <= $1 ORDER BY next_due, account LIMIT $2"+
			tx.forUpdate()+tx.skipLocked(),
		int64(now), limit)
}

// Lock waits until no other transaction writes to the accounts, and keeps it so
// until this one ends. Ids of accounts that do not exist lock nothing.
func (tx *Tx) Lock(ctx context.Context, ids []string) error {
	_, err := tx.lock(ctx, ids)
	return err
}

// lock is Lock, and returns the ids that exist, sorted.
func (tx *Tx) lock(ctx context.Context, ids []string) ([]string, error) {
	wanted, err := list(tx, ids)
	if err != nil {
		return nil, err
	}
	return tx.texts(ctx,
		"SELECT account FROM accounts WHERE "+tx.among("account", "text")+" ORDER BY account"+tx.forUpdate(), wanted)
}

// texts runs a query for one column of text.
func (tx *Tx) texts(ctx context.Context, query string, args ...any) (values []string, err error) {
	err = tx.each(ctx, query, args, func(rows *sql.Rows) error {
		var v string
		err := rows.Scan(&v)
		values = append(values, v)
		return err
	})
	return values, err
}
