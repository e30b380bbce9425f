package store

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/money"
	"termwise.dev/core/subscription"
)

// Total sums the charges of one meter in one currency.
type Total struct {
	Currency       money.Currency
	Product, Meter string
	// Quantity is in the meter's base units.
	Quantity int64
	// Lines counts the first lines of buckets, Adjustments the later ones.
	Lines, Adjustments int64
	Amount             money.Amount
}

// StatementTotals sums charges for usage from one hour to before another, as
// they were recorded by an instant (zero: by now), of one account or, for the
// empty id, of all. It is sorted by currency, product and meter.
func (tx *Tx) StatementTotals(ctx context.Context, id string, from, to calendar.Hour, known calendar.Instant) (totals []Total, err error) {
	var s selection
	s.holdsHours(from, to)
	if id != "" {
		s.where("journal.account = ?", id)
	}
	if known != 0 && !canary.On(canary.KnownIsNow) {
		s.where("journal.recorded <= ?", int64(known))
	}
	sums := map[totalled]*Total{}
	err = tx.each(ctx,
		"SELECT journal.account, journal.seq, journal.lines, accounts.currency FROM journal JOIN accounts ON accounts.account = journal.account "+
			s.text.String(), s.args,
		func(rows scanner) error {
			var owner string
			var l account.Lines
			var of totalled
			if err := rows.Scan(&owner, &l.Entry, &l.Content, &of.currency); err != nil {
				return err
			}
			p, err := l.Unpack()
			if err != nil {
				return unreadable(owner, &l, err)
			}
			return addCharges(sums, of, p.Charges, from, to)
		})
	for _, sum := range sums {
		totals = append(totals, *sum)
	}
	slices.SortFunc(totals, func(a, b Total) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Product, b.Product), cmp.Compare(a.Meter, b.Meter))
	})
	return totals, err
}

// totalled is what a Total is of.
type totalled struct {
	currency       money.Currency
	product, meter string
}

// addCharges adds those of an entry's charges that are for hours from one to before
// another to the totals of their meters. of gives the currency.
func addCharges(sums map[totalled]*Total, of totalled, charges []account.Charge, from, to calendar.Hour) error {
	for i := range charges {
		c := &charges[i]
		if c.Hour < from || c.Hour >= to {
			continue
		}
		of.product, of.meter = c.Product, c.Meter
		t := sums[of]
		if t == nil {
			t = &Total{Currency: of.currency, Product: of.product, Meter: of.meter}
			sums[of] = t
		}
		if c.Sequence == 1 {
			t.Lines++
		} else {
			t.Adjustments++
		}
		if err := errors.Join(addTo(&t.Quantity, c.Quantity), addTo(&t.Amount, c.Amount)); err != nil {
			return err
		}
	}
	return nil
}

// Summary counts what the database holds.
type Summary struct {
	Accounts, Entries int64
	// Events counts usage events, Hours the hours of resources that have usage.
	Events, Hours int64
	Charges       int64
	// Services counts services by their state, Moves transitions by where they led.
	Services, Moves map[subscription.State]int64
}

// Summary counts everything; it reads whole tables.
func (tx *Tx) Summary(ctx context.Context) (s Summary, err error) {
	for _, counted := range []struct {
		what string
		into *int64
	}{
		{"count(*) FROM accounts", &s.Accounts},
		{"count(*) FROM journal", &s.Entries},
		{"coalesce(CAST(sum(charges) AS BIGINT), 0) FROM journal", &s.Charges},
		{"coalesce(CAST(sum(events) AS BIGINT), 0) FROM usage_parcels", &s.Events},
	} {
		if _, err = tx.one(ctx, []any{counted.into}, "SELECT "+counted.what); err != nil {
			return s, err
		}
	}
	if s.Hours, err = tx.resourceHours(ctx); err != nil {
		return s, err
	}
	s.Services = map[subscription.State]int64{}
	var broken error
	if err = books.each(ctx, tx, func(_ string, b *account.Books) {
		broken = cmp.Or(broken, b.Broken)
		for _, service := range b.Services {
			s.Services[service.State]++
		}
	}, ""); err != nil || broken != nil {
		return s, cmp.Or(err, broken)
	}
	s.Moves = map[subscription.State]int64{}
	err = tx.eachStep(ctx, func(_ string, p *account.Packed) {
		for i := range p.Moves {
			s.Moves[p.Moves[i].To]++
		}
	})
	return s, err
}

// resourceHours counts the hours of resources that have usage.
func (tx *Tx) resourceHours(ctx context.Context) (n int64, err error) {
	var broken error
	err = hours.each(ctx, tx, func(id string, h *account.StoredHour) {
		buckets, err := h.Buckets()
		broken = cmp.Or(broken, err)
		for i, b := range buckets {
			if i == 0 || b.Product != buckets[i-1].Product || b.Resource != buckets[i-1].Resource {
				n++
			}
		}
	}, "")
	return n, errors.Join(err, broken)
}
