package store

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
)

// Evidence loads one account whole, and says whether there is one. Use it in
// View, so that all of it is of one instant.
func (tx *Tx) Evidence(ctx context.Context, id string) (e *account.Evidence, found bool, err error) {
	row, found, err := keptAccounts.get(ctx, tx, "WHERE account = $1", id)
	if err != nil || !found {
		return nil, false, err
	}
	e = &account.Evidence{
		Account: row.Books, NextDue: row.nextDue, State: row.content, Totals: row.Totals,
		Resources: map[account.Resource]calendar.Instant{},
	}
	e.Account.ID = id
	if row.Broken != nil {
		return nil, false, &UnreadableRow{Table: "accounts", Owner: id, Err: row.Broken}
	}
	const lines = "WHERE account = $1 ORDER BY entry, line"
	for _, load := range []func() error{
		func() error { return tx.loadJournal(ctx, e) },
		func() error { return load(ctx, tx, &e.Refused, &refused, lines, id) },
		func() error { return load(ctx, tx, &e.LateFees, &lateFees, lines, id) },
		func() error { return load(ctx, tx, &e.NoticeRows, &notices, lines, id) },
		func() error { return load(ctx, tx, &e.Acceptances, &acceptances, lines, id) },
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

func (tx *Tx) loadJournal(ctx context.Context, e *account.Evidence) error {
	return journalRows.each(ctx, tx, func(_ string, row *entered) {
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
