package app

import (
	"context"

	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/store"
)

// Summary is what a database holds, at a glance. Amounts are in 1e-6 of Currency.
type Summary struct {
	Now      string         `json:"now"` // by the database's clock
	Currency money.Currency `json:"currency"`
	Accounts int64          `json:"accounts"`
	// Events counts usage events, ResourceHours the hours of a resource that
	// have usage, Lines the charges, Entries the journal's entries.
	Events        int64 `json:"usage_events"`
	ResourceHours int64 `json:"resource_hours"`
	Lines         int64 `json:"lines"`
	Entries       int64 `json:"journal_entries"`
	// Months holds what was charged for the hours of each month.
	Months   []Totals      `json:"months"`
	Revenue  money.Amount  `json:"revenue"`
	TopUps   CountedAmount `json:"top_ups"`
	LateFees CountedAmount `json:"late_fees"`
	Arrears  ArrearsTotals `json:"arrears"`
	// Services counts services by their state now.
	Services map[subscription.State]int64 `json:"services"`
	// Refused counts the parts of hours of usage that were not billed, by reason.
	Refused []RefusedCount `json:"refused"`
	// What happened to services, as often as it did.
	Suspensions int `json:"suspensions"`
	Resumptions int `json:"resumptions"`
	Releases    int `json:"releases"`
	Reopenings  int `json:"reopenings"`
}

// RefusedCount counts the parts of hours of usage that were not billed for one reason.
type RefusedCount struct {
	Code  refusal.Code `json:"code"`
	Parts int64        `json:"parts"`
}

// CountedAmount is a number of things and what they sum to.
type CountedAmount struct {
	Count  int64        `json:"count"`
	Amount money.Amount `json:"amount"`
}

// Summary counts everything; it reads whole tables.
func (a *App) Summary(ctx context.Context) (s Summary, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, now, err := a.providerNow(ctx, tx)
		if err != nil {
			return err
		}
		counts, err := tx.Summary(ctx)
		if err != nil {
			return err
		}
		s = Summary{
			Now: p.instant(now), Currency: p.Currency(), Accounts: counts.Accounts, Events: counts.Events,
			ResourceHours: counts.Hours, Lines: counts.Charges, Entries: counts.Entries, Services: counts.Services,
		}
		if s.Months, err = monthTotals(ctx, tx, p); err != nil {
			return err
		}
		for _, m := range s.Months {
			s.Revenue += m.Total
		}
		if s.Arrears, err = arrearsTotals(ctx, tx, p, p.Settings.Zone.Day(now)); err != nil {
			return err
		}
		return s.countEvents(ctx, tx)
	})
	return s, err
}

// countEvents counts and sums what happened.
func (s *Summary) countEvents(ctx context.Context, tx *store.Tx) (err error) {
	if s.TopUps.Count, s.TopUps.Amount, err = tx.PaidIn(ctx); err != nil {
		return err
	}
	if s.LateFees.Count, s.LateFees.Amount, err = tx.LateFeesCharged(ctx); err != nil {
		return err
	}
	counts, err := tx.RefusedCounts(ctx)
	if err != nil {
		return err
	}
	s.Refused = []RefusedCount{}
	for _, code := range refusal.Codes() {
		if n := counts[code]; n > 0 {
			s.Refused = append(s.Refused, RefusedCount{Code: code, Parts: n})
		}
	}
	histories, err := tx.Histories(ctx)
	for _, h := range histories {
		s.Suspensions += h.Suspensions
		s.Resumptions += h.Resumptions
		s.Releases += h.Releases
		s.Reopenings += h.Reopenings
	}
	return err
}

// monthTotals sums each month from the first charged hour to the last.
func monthTotals(ctx context.Context, tx *store.Tx, p *Provider) ([]Totals, error) {
	months := []Totals{}
	first, last, found, err := tx.ChargedHours(ctx)
	if err != nil || !found {
		return months, err
	}
	zone := p.Settings.Zone
	for month := zone.Month(first.Start()); month <= zone.Month(last.Start()); month++ {
		t, err := totals(ctx, tx, p, month, 0)
		if err != nil {
			return nil, err
		}
		months = append(months, t)
	}
	return months, nil
}
