package store

import (
	"context"
	"database/sql"
	"fmt"

	"termwise.dev/core/account"
	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/notice"
	"termwise.dev/core/subscription"
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
	if l := tx.takenBooks(ids, upTo); l != nil {
		return l.finish(ctx, upTo)
	}
	l, err := tx.loader(ids)
	if err != nil {
		return nil, err
	}
	if err := tx.together(ctx, func() error { return l.all(ctx, upTo) }); err != nil {
		return nil, err
	}
	return l.finish(ctx, upTo)
}

// loader fills the books of several accounts, one kind of row after the other.
type loader struct {
	tx     *Tx
	of     string // the condition that a row is of a wanted account
	wanted any
	found  []*account.Books
	books  map[string]*account.Books
	broken error // what rows contradict
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

// all asks for everything but fresh usage. Begin with locking the accounts: what is
// asked after that is as they are while they are locked.
func (l *loader) all(ctx context.Context, upTo calendar.Instant) error {
	if err := l.heads(ctx, l.tx.forUpdate()); err != nil {
		return err
	}
	loads := []func(context.Context) error{l.balances, l.debts, l.services, l.history, l.noted, l.acceptances, l.lapses}
	if upTo != 0 {
		loads = append(loads,
			func(ctx context.Context) error { return l.open(ctx, calendar.HourOf(upTo)-1) },
			func(ctx context.Context) error { return l.openAfter(ctx, calendar.HourOf(upTo)-1) })
	}
	for _, load := range loads {
		if err := load(ctx); err != nil {
			return err
		}
	}
	return nil
}

// finish returns the books when what was asked for has been answered.
func (l *loader) finish(ctx context.Context, upTo calendar.Instant) ([]*account.Books, error) {
	if l.broken != nil || upTo == 0 || len(l.found) == 0 {
		return l.found, l.broken
	}
	return l.found, l.fresh(ctx, upTo)
}

// heads asks for the accounts themselves; lock ends the query.
func (l *loader) heads(ctx context.Context, lock string) error {
	return books.each(ctx, l.tx, func(id string, b *account.Books) {
		b.ID = id
		b.Balances = ledger.Balances{}
		b.Services = map[string]*subscription.Service{}
		b.OpenAfter = calendar.EndOfTime
		l.books[id] = b
		l.found = append(l.found, b)
	}, l.where(" ORDER BY account"+lock), l.wanted)
}

// where begins a query for rows of the wanted accounts.
func (l *loader) where(more string) string { return "WHERE " + l.of + more }

// fill asks for rows. Those of an account that somebody opened since the accounts
// were asked for are passed over.
func fill[R any](ctx context.Context, l *loader, t *table[R], more string, add func(*account.Books, *R)) error {
	return t.each(ctx, l.tx, func(id string, row *R) {
		if b := l.books[id]; b != nil {
			add(b, row)
		}
	}, l.where(more), l.wanted)
}

func (l *loader) balances(ctx context.Context) error {
	return fill(ctx, l, &balances, "", func(b *account.Books, row *balance) { b.Balances[row.name] = row.amount })
}

func (l *loader) debts(ctx context.Context) error {
	return fill(ctx, l, &debts, " ORDER BY account, since, seller, product", func(b *account.Books, d *arrears.Debt) {
		b.Debts = append(b.Debts, *d)
	})
}

func (l *loader) services(ctx context.Context) error {
	return fill(ctx, l, &services, "", func(b *account.Books, s *subscription.Service) { b.Services[s.Product] = s })
}

func (l *loader) history(ctx context.Context) error {
	return fill(ctx, l, &transitions, inOrder, func(b *account.Books, m *account.Moved) {
		s, found := b.Services[m.Product]
		if !found {
			l.broken = fmt.Errorf("store: account %s has moves of %s but no such service: the database was changed by hand", b.ID, m.Product)
			return
		}
		s.History = append(s.History, m.Transition)
	})
}

// inOrder sorts rows that belong to entries of the journal.
const inOrder = " ORDER BY account, entry, line"

// noted reads the notices of which the books keep something. They come before the
// acceptances, which may lift an exit.
func (l *loader) noted(ctx context.Context) error {
	return fill(ctx, l, &notices, " AND "+isNoted+inOrder, (*account.Books).Note)
}

// isNoted is the condition of the index on notices of which the books keep
// something, as it stands there: so both engines see that the index serves.
const isNoted = "kind IN ('" + string(notice.ExitConfirmed) + "', '" + string(notice.ProductEnds) + "', '" + string(notice.AgreementEnds) + "')"

func (l *loader) acceptances(ctx context.Context) error {
	return fill(ctx, l, &acceptances, inOrder, func(b *account.Books, a *account.Accepted) {
		b.Acceptances = append(b.Acceptances, a.Acceptance)
		b.Lift(a)
	})
}

// lapses reads what lapsed orders did, which voids acceptances: they come after these.
func (l *loader) lapses(ctx context.Context) error {
	return fill(ctx, l, &lapses, inOrder, (*account.Books).Lapse)
}

// LoadAddOns adds to books the add-ons that the account has switched.
func (tx *Tx) LoadAddOns(ctx context.Context, b *account.Books) (err error) {
	b.AddOns, err = tx.AddOns(ctx, b.ID, Filter[calendar.Instant]{})
	return err
}

func (l *loader) open(ctx context.Context, last calendar.Hour) error {
	return buckets.each(ctx, l.tx, func(id string, row *metering.Bucket) {
		if b := l.books[id]; b != nil {
			b.Open = append(b.Open, row)
		}
	}, l.where(` AND hour <= $2 AND pending <> 0
		ORDER BY account, hour, product, resource, meter`), l.wanted, int64(last))
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
			WHERE buckets.account = `+of+` AND hour > $2 AND pending <> 0
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
