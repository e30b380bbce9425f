package store

import (
	"context"
	"database/sql"
	"errors"
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
	l, err := tx.loader(ctx, ids, tx.forUpdate())
	if err != nil || len(l.found) == 0 {
		return nil, err
	}
	loads := []func(context.Context) error{l.balances, l.debts, l.services, l.history, l.noted, l.acceptances, l.lapses}
	if upTo != 0 {
		loads = append(loads,
			func(ctx context.Context) error { return l.open(ctx, calendar.HourOf(upTo)-1) },
			func(ctx context.Context) error { return l.openAfter(ctx, calendar.HourOf(upTo)-1) },
			func(ctx context.Context) error { return l.fresh(ctx, upTo) })
	}
	for _, load := range loads {
		if err := load(ctx); err != nil {
			return nil, err
		}
	}
	return l.found, nil
}

// loader fills the books of several accounts, one kind of row after the other.
type loader struct {
	tx     *Tx
	wanted any
	found  []*account.Books
	books  map[string]*account.Books
}

// loader begins to load the books of accounts; lock ends the query for them.
func (tx *Tx) loader(ctx context.Context, ids []string, lock string) (*loader, error) {
	wanted, err := list(tx, ids)
	if err != nil {
		return nil, err
	}
	l := &loader{tx: tx, books: map[string]*account.Books{}}
	known := []string{}
	if err := books.each(ctx, tx, func(id string, b *account.Books) {
		b.ID = id
		b.Balances = ledger.Balances{}
		b.Services = map[string]*subscription.Service{}
		b.OpenAfter = calendar.EndOfTime
		l.books[id] = b
		l.found = append(l.found, b)
		known = append(known, id)
	}, "WHERE "+tx.among("account", "text")+" ORDER BY account"+lock, wanted); err != nil {
		return nil, err
	}
	if len(known) == 0 {
		return l, nil
	}
	// An account that somebody opens from here on is not looked at.
	l.wanted, err = list(tx, known)
	return l, err
}

// where begins the rest of a query for the rows of the wanted accounts.
func (l *loader) where(more string) string { return "WHERE " + l.tx.among("account", "text") + more }

func (l *loader) balances(ctx context.Context) error {
	return balances.each(ctx, l.tx, func(id string, b *balance) {
		l.books[id].Balances[b.name] = b.amount
	}, l.where(""), l.wanted)
}

func (l *loader) debts(ctx context.Context) error {
	return debts.each(ctx, l.tx, func(id string, d *arrears.Debt) {
		l.books[id].Debts = append(l.books[id].Debts, *d)
	}, l.where(" ORDER BY account, since, seller, product"), l.wanted)
}

func (l *loader) services(ctx context.Context) error {
	return services.each(ctx, l.tx, func(id string, s *subscription.Service) {
		l.books[id].Services[s.Product] = s
	}, l.where(""), l.wanted)
}

func (l *loader) history(ctx context.Context) error {
	var broken error
	err := transitions.each(ctx, l.tx, func(id string, m *account.Moved) {
		s, found := l.books[id].Services[m.Product]
		if !found {
			broken = fmt.Errorf("store: account %s has moves of %s but no such service: the database was changed by hand", id, m.Product)
			return
		}
		s.History = append(s.History, m.Transition)
	}, l.where(" ORDER BY account, entry, line"), l.wanted)
	return errors.Join(err, broken)
}

// noted reads the notices of which the books keep something. They come before the
// acceptances, which may lift an exit.
func (l *loader) noted(ctx context.Context) error {
	return notices.each(ctx, l.tx, func(id string, n *account.Noticed) { l.books[id].Note(n) },
		l.where(" AND "+isNoted+" ORDER BY account, entry, line"), l.wanted)
}

// isNoted is the condition of the index on notices of which the books keep
// something, as it stands there: so both engines see that the index serves.
const isNoted = "kind IN ('" + string(notice.ExitConfirmed) + "', '" + string(notice.ProductEnds) + "', '" + string(notice.AgreementEnds) + "')"

func (l *loader) acceptances(ctx context.Context) error {
	return acceptances.each(ctx, l.tx, func(id string, a *account.Accepted) {
		l.books[id].Acceptances = append(l.books[id].Acceptances, a.Acceptance)
		l.books[id].Lift(a)
	}, l.where(" ORDER BY account, entry, line"), l.wanted)
}

// lapses reads what lapsed orders did, which voids acceptances: they come after these.
func (l *loader) lapses(ctx context.Context) error {
	return lapses.each(ctx, l.tx, func(id string, row *account.Lapsed) { l.books[id].Lapse(row) },
		l.where(" ORDER BY account, entry, line"), l.wanted)
}

// LoadAddOns adds to books the add-ons that the account has switched.
func (tx *Tx) LoadAddOns(ctx context.Context, b *account.Books) (err error) {
	b.AddOns, err = tx.AddOns(ctx, b.ID, Filter[calendar.Instant]{})
	return err
}

func (l *loader) open(ctx context.Context, last calendar.Hour) error {
	return buckets.each(ctx, l.tx, func(id string, b *metering.Bucket) {
		l.books[id].Open = append(l.books[id].Open, b)
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
		func(rows *sql.Rows) error {
			var id string
			var first sql.NullInt64
			if err := rows.Scan(&id, &first); err != nil {
				return err
			}
			if first.Valid {
				l.books[id].OpenAfter = calendar.Hour(first.Int64).End()
			}
			return nil
		})
}
