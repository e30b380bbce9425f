package store

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
)

// Evidence loads one account whole, and says whether there is one. Use it in
// View, so that all of it is of one instant.
func (tx *Tx) Evidence(ctx context.Context, id string) (e *account.Evidence, found bool, err error) {
	if e, err = tx.loadAccount(ctx, id); e == nil || err != nil {
		return nil, false, err
	}
	const lines = "WHERE account = $1 ORDER BY entry, line"
	for _, load := range []func() error{
		func() error { return tx.loadJournal(ctx, e) },
		func() error { return load(ctx, tx, &e.Refused, &refused, lines, id) },
		func() error {
			return loadKept(ctx, tx, e, &e.LateFees, &lateFees, func(f *account.LateFee) account.RowID { return f.RowID }, lines)
		},
		func() error { return load(ctx, tx, &e.NoticeRows, &notices, lines, id) },
		func() error {
			return loadKept(ctx, tx, e, &e.Acceptances, &acceptances, func(a *account.Accepted) account.RowID { return a.RowID }, lines)
		},
		func() error { return load(ctx, tx, &e.Lapses, &lapses, lines, id) },
		func() error { return load(ctx, tx, &e.AddOns, &addOns, lines, id) },
		func() error { return tx.loadUsage(ctx, e) },
	} {
		if err := load(); err != nil {
			return nil, false, err
		}
	}
	e.OpenLines()
	return e, true, nil
}

// loadAccount reads the row of an account; nil where there is none.
func (tx *Tx) loadAccount(ctx context.Context, id string) (e *account.Evidence, err error) {
	var unpacked error
	err = keptAccounts.eachKept(ctx, tx, func(_ string, row *keptAccount, broken error) {
		e = &account.Evidence{
			Account: row.Books, NextDue: row.nextDue, State: row.content, Totals: row.Totals,
			Resources: map[account.Resource]calendar.Instant{},
		}
		e.Account.ID, unpacked = id, row.Broken
		unread(e, account.InAccounts, account.RowID{}, broken)
	}, "WHERE account = $1", id)
	if err == nil && unpacked != nil {
		return nil, &UnreadableRow{Table: "accounts", Owner: id, Err: unpacked}
	}
	return e, err
}

// unread notes that a row holds what was never written there.
func unread(e *account.Evidence, table account.Table, id account.RowID, broken error) {
	if broken != nil {
		e.Unread = append(e.Unread, &account.Fault{
			Truth: account.JournalReplays, Table: table, RowID: id, Message: "cannot be read: " + broken.Error(),
		})
	}
}

// keptAccount is the row of an account, with its state as it is stored, too.
type keptAccount struct {
	accountState
	content []byte
}

var keptAccounts = accountTable(
	"accounts", newAccounts.columns+", state",
	func(k *keptAccount) []any { return append(newAccounts.fields(&k.accountState), &k.content) },
)

func load[R any](ctx context.Context, tx *Tx, into *[]R, t *table[R], tail, id string) (err error) {
	*into, err = t.all(ctx, tx, tail, id)
	return err
}

// loadKept is load for rows of which not every value that a column takes can be read.
func loadKept[R any](ctx context.Context, tx *Tx, e *account.Evidence, into *[]R, t *table[R], of func(*R) account.RowID, tail string) error {
	return t.eachKept(ctx, tx, func(_ string, row *R, broken error) {
		*into = append(*into, *row)
		unread(e, account.Table(t.name), of(row), broken)
	}, tail, e.Account.ID)
}

func (tx *Tx) loadJournal(ctx context.Context, e *account.Evidence) error {
	return journalRows.eachKept(ctx, tx, func(_ string, row *entered, broken error) {
		unread(e, account.InJournal, account.RowID{Entry: row.entry.Seq}, broken)
		row.lines.Entry = row.entry.Seq
		if row.lines.Content == nil { // which is what no bytes are to SQLite
			row.lines.Content = []byte{}
		}
		e.Entries, e.Lines = append(e.Entries, row.entry), append(e.Lines, row.lines)
	}, "WHERE account = $1 ORDER BY seq", e.Account.ID)
}

func (tx *Tx) loadUsage(ctx context.Context, e *account.Evidence) (err error) {
	id := e.Account.ID
	if err := resources.each(ctx, tx, func(_ string, o *opened) { e.Resources[o.Resource] = o.at },
		"WHERE account = $1", id); err != nil {
		return err
	}
	if e.Hours, err = hours.all(ctx, tx, "WHERE account = $1 ORDER BY hour", id); err != nil {
		return err
	}
	for i := range e.Hours {
		if some, err := e.Hours[i].Buckets(); err == nil { // else Check names the hour
			e.Buckets = append(e.Buckets, some...)
		}
	}
	e.Parcels, err = parcels.all(ctx, tx, "WHERE account = $1 ORDER BY parcel", id)
	e.Unpack()
	return err
}
