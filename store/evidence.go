package store

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
)

// Evidence loads one account whole, and says whether there is one. Use it in
// View, so that all of it is of one instant.
func (tx *Tx) Evidence(ctx context.Context, id string) (e *account.Evidence, found bool, err error) {
	row, found, err := tx.Account(ctx, id)
	if err != nil || !found {
		return nil, false, err
	}
	e = &account.Evidence{
		Account: account.Books{
			ID: id, Name: row.Name, Currency: row.Currency, Opened: row.Opened, Seq: row.Seq, Head: row.Head, At: row.At, Intake: row.Intake,
		},
		NextDue:   row.NextDue,
		Balances:  ledger.Balances{},
		Resources: map[account.Resource]calendar.Instant{},
	}
	const lines = "WHERE account = $1 ORDER BY entry, line"
	for _, load := range []func() error{
		func() error { return tx.loadJournal(ctx, e) },
		func() error { return load(ctx, tx, &e.Refused, &refused, lines, id) },
		func() error { return load(ctx, tx, &e.LateFees, &lateFees, lines, id) },
		func() error { return load(ctx, tx, &e.Notices, &notices, lines, id) },
		func() error { return load(ctx, tx, &e.Transitions, &transitions, lines, id) },
		func() error { return load(ctx, tx, &e.Acceptances, &acceptances, lines, id) },
		func() error { return load(ctx, tx, &e.Lapses, &lapses, lines, id) },
		func() error { return load(ctx, tx, &e.AddOns, &addOns, lines, id) },
		func() error { return tx.loadState(ctx, e) },
		func() error { return tx.loadUsage(ctx, e) },
	} {
		if err := load(); err != nil {
			return nil, false, err
		}
	}
	return e, true, nil
}

func load[R any](ctx context.Context, tx *Tx, into *[]R, t *table[R], tail, id string) (err error) {
	*into, err = t.all(ctx, tx, tail, id)
	return err
}

func (tx *Tx) loadJournal(ctx context.Context, e *account.Evidence) error {
	err := journalRows.each(ctx, tx, func(_ string, row *entered) {
		row.lines.Entry = row.entry.Seq
		if row.lines.Content == nil { // which is what no bytes are to SQLite
			row.lines.Content = []byte{}
		}
		e.Entries, e.Lines = append(e.Entries, row.entry), append(e.Lines, row.lines)
	}, "WHERE account = $1 ORDER BY seq", e.Account.ID)
	e.OpenLines()
	return err
}

func (tx *Tx) loadState(ctx context.Context, e *account.Evidence) (err error) {
	id := e.Account.ID
	if err := balances.each(ctx, tx, func(_ string, b *balance) { e.Balances[b.name] = b.amount },
		"WHERE account = $1", id); err != nil {
		return err
	}
	if e.Debts, err = debts.all(ctx, tx, "WHERE account = $1 ORDER BY since, seller, product", id); err != nil {
		return err
	}
	e.Services, err = services.all(ctx, tx, "WHERE account = $1 ORDER BY product", id)
	return err
}

func (tx *Tx) loadUsage(ctx context.Context, e *account.Evidence) (err error) {
	id := e.Account.ID
	if err := resources.each(ctx, tx, func(_ string, o *opened) { e.Resources[o.Resource] = o.at },
		"WHERE account = $1", id); err != nil {
		return err
	}
	if e.Buckets, err = buckets.all(ctx, tx,
		"WHERE account = $1 ORDER BY hour, product, resource, meter", id); err != nil {
		return err
	}
	e.Parcels, err = parcels.all(ctx, tx, "WHERE account = $1 ORDER BY parcel", id)
	e.Unpack()
	return err
}
