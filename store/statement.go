package store

import (
	"cmp"
	"context"
	"errors"

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
	s.where("charges.hour >= ? AND charges.hour < ?", int64(from), int64(to))
	if id != "" {
		s.where("charges.account = ?", id)
	}
	if known != 0 && !canary.On(canary.KnownIsNow) {
		s.where(knownBy("charges"), int64(known))
	}
	err = tx.each(ctx,
		`SELECT accounts.currency, product, meter, CAST(sum(quantity) AS BIGINT),
			sum(CASE WHEN sequence = 1 THEN 1 ELSE 0 END), sum(CASE WHEN sequence > 1 THEN 1 ELSE 0 END),
			CAST(sum(amount) AS BIGINT)
		FROM charges JOIN accounts ON accounts.account = charges.account `+s.text.String()+`
		GROUP BY accounts.currency, product, meter ORDER BY accounts.currency, product, meter`, s.args,
		func(rows scanner) error {
			var t Total
			err := rows.Scan(&t.Currency, &t.Product, &t.Meter, &t.Quantity, &t.Lines, &t.Adjustments, &t.Amount)
			totals = append(totals, t)
			return err
		})
	return totals, err
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
		of   string
		into *int64
	}{
		{"accounts", &s.Accounts},
		{"journal", &s.Entries},
		{"charges", &s.Charges},
	} {
		if _, err = tx.one(ctx, []any{counted.into}, "SELECT count(*) FROM "+counted.of); err != nil {
			return s, err
		}
	}
	if _, err = tx.one(ctx, []any{&s.Events}, "SELECT coalesce(CAST(sum(events) AS BIGINT), 0) FROM usage_parcels"); err != nil {
		return s, err
	}
	if s.Hours, err = tx.resourceHours(ctx); err != nil {
		return s, err
	}
	s.Services = map[subscription.State]int64{}
	if err = books.each(ctx, tx, func(_ string, b *account.Books) {
		for _, service := range b.Services {
			s.Services[service.State]++
		}
	}, ""); err != nil {
		return s, err
	}
	s.Moves, err = tx.states(ctx, "SELECT to_state, count(*) FROM transitions GROUP BY to_state")
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

func (tx *Tx) states(ctx context.Context, text string) (map[subscription.State]int64, error) {
	counts := map[subscription.State]int64{}
	err := tx.each(ctx, text, nil, func(rows scanner) error {
		var state subscription.State
		var n int64
		err := rows.Scan(&state, &n)
		counts[state] = n
		return err
	})
	return counts, err
}
