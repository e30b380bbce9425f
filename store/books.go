package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// Books returns the books of accounts, sorted by id; an id that no account has
// is left out. Open holds the buckets whose hour has ended by upTo, with the usage
// that came since buckets were last written, which the next decision writes. For
// an upTo of zero the books hold no usage, and no decision is made from them. In
// Update the accounts are locked first.
func (tx *Tx) Books(ctx context.Context, ids []string, upTo calendar.Instant) ([]*account.Books, error) {
	return apart(tx, ids, func(ids []string) ([]*account.Books, error) { return tx.books(ctx, ids, upTo) })
}

func (tx *Tx) books(ctx context.Context, ids []string, upTo calendar.Instant) ([]*account.Books, error) {
	if l := tx.takenBooks(ids); l != nil {
		return l.finish(ctx, upTo)
	}
	l, err := tx.loader(ids)
	if err != nil {
		return nil, err
	}
	if err := l.heads(ctx, tx.forUpdate()); err != nil {
		return nil, err
	}
	return l.finish(ctx, upTo)
}

// loader fills the books of several accounts.
type loader struct {
	tx     *Tx
	of     string // the condition that a row is of a wanted account
	wanted any
	found  []*account.Books
	books  map[string]*account.Books
}

// loader makes a loader of accounts.
func (tx *Tx) loader(ids []string) (*loader, error) {
	l := &loader{tx: tx, books: make(map[string]*account.Books, len(ids))}
	if len(ids) == 1 {
		l.of, l.wanted = "account = $1", ids[0]
		return l, nil
	}
	wanted, err := list(tx, ids)
	l.of, l.wanted = tx.among("account", "text"), wanted
	return l, err
}

// finish adds the usage when the accounts themselves have been answered.
func (l *loader) finish(ctx context.Context, upTo calendar.Instant) ([]*account.Books, error) {
	if upTo == 0 || len(l.found) == 0 {
		return l.found, nil
	}
	if err := l.unsettled(ctx, upTo); err != nil {
		return nil, err
	}
	return l.found, l.fresh(ctx, upTo)
}

// heads asks for the accounts themselves; lock ends the query. Begin with locking
// them: what is asked after that is as it is while they are locked.
func (l *loader) heads(ctx context.Context, lock string) error {
	return books.each(ctx, l.tx, func(id string, b *account.Books) {
		b.ID = id
		l.keep(b)
	}, l.where(" ORDER BY account"+lock), l.wanted)
}

func (l *loader) keep(b *account.Books) {
	l.books[b.ID] = b
	l.found = append(l.found, b)
}

// where begins a query for rows of the wanted accounts.
func (l *loader) where(more string) string { return "WHERE " + l.of + more }

// unsettled loads the buckets that fall due by an instant and whose usage is not
// settled, where an account says that it has any. Most have none: usage is settled
// by the decision that puts it into buckets.
func (l *loader) unsettled(ctx context.Context, upTo calendar.Instant) error {
	last := calendar.HourOf(upTo) - 1
	var ids []string
	for _, b := range l.found {
		if b.OpenAfter <= last.End() {
			ids = append(ids, b.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	some, err := l.tx.loader(ids)
	if err != nil {
		return err
	}
	some.books = l.books
	for _, id := range ids {
		l.books[id].OpenAfter = calendar.EndOfTime
	}
	return l.tx.together(ctx, func() error { return errors.Join(some.open(ctx, ids, last), some.openAfter(ctx, last)) })
}

// LoadAddOns adds to books the add-ons that the account has switched.
func (tx *Tx) LoadAddOns(ctx context.Context, b *account.Books) (err error) {
	b.AddOns, err = tx.AddOns(ctx, b.ID, Filter[calendar.Instant]{})
	return err
}

func (l *loader) open(ctx context.Context, ids []string, last calendar.Hour) error {
	keep := l.hour(func(b *account.Books, buckets []metering.Bucket) {
		for i := range buckets {
			if buckets[i].Pending != 0 {
				b.Open = append(b.Open, &buckets[i])
			}
		}
	})
	if l.tx.engine == sqlite { // one statement, and not one for each account
		return hours.each(ctx, l.tx, keep, l.where(" AND hour <= $2 AND open <> 0 ORDER BY account, hour"), l.wanted, int64(last))
	}
	until := make([]owned[calendar.Hour], len(ids))
	for i, id := range ids {
		until[i] = owned[calendar.Hour]{id, &last}
	}
	return namedHours.query(ctx, l.tx, openHours, until, hours.scan(keep))
}

// openHours finds the hours up to one in which something is open. Most that are open may
// be later: usage can be dated ahead.
var openHours = hours.selected("b") + ", {rows} WHERE b.account = r.account AND b.hour <= r.hour AND b.open <> 0 ORDER BY b.account, b.hour"

// hour returns what keeps the buckets of an hour with the books, and gives them to
// found. Those of an account that somebody opened since the accounts were asked
// for are passed over.
func (l *loader) hour(found func(*account.Books, []metering.Bucket)) func(id string, h *account.StoredHour) {
	return func(id string, h *account.StoredHour) {
		b := l.books[id]
		if b == nil {
			return
		}
		buckets, err := h.Buckets()
		if err != nil {
			b.Broken = cmp.Or(b.Broken, account.Unreadable("the usage of the hour from "+h.Hour.Start().String()+" is not what packing gives"))
			return
		}
		if b.Hours == nil {
			b.Hours = map[calendar.Hour][]metering.Bucket{}
		}
		b.Hours[h.Hour] = buckets
		found(b, buckets)
	}
}

// openAfter finds each account's first open bucket after an hour. Asked account
// by account it is one step in the index; a GROUP BY would walk through all
// usage that is dated ahead.
func (l *loader) openAfter(ctx context.Context, last calendar.Hour) error {
	of := "accounts.account"
	if l.tx.sharded {
		of = "$1" // what names the account by a parameter is sent to its node
	}
	return l.tx.each(ctx, `SELECT account, (SELECT hour FROM buckets
			WHERE buckets.account = `+of+` AND hour > $2 AND open <> 0
			ORDER BY hour LIMIT 1)
		FROM accounts `+l.where(""),
		[]any{l.wanted, int64(last)},
		func(rows scanner) error {
			var id string
			var first sql.NullInt64
			if err := rows.Scan(&id, &first); err != nil {
				return err
			}
			if first.Valid && l.books[id] != nil {
				l.books[id].OpenAfter = calendar.Hour(first.Int64).End()
			}
			return nil
		})
}
