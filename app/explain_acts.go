package app

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// act explains what the lapse of an order did, or that an add-on was switched.
func (e *explainer) act(ctx context.Context) (Explanation, error) {
	if e.name.Kind == AddOnRow {
		row, err := found(e, e.tx.AddOn)(ctx)
		if err != nil {
			return Explanation{}, err
		}
		if err := e.under(ctx, row.Terms); err != nil {
			return Explanation{}, err
		}
		return e.of.Switch(row)
	}
	row, err := found(e, e.tx.Lapse)(ctx)
	if err != nil {
		return Explanation{}, err
	}
	return e.lapse(ctx, row)
}

// lapse asks the terms again what the order took, by what had been accepted then.
func (e *explainer) lapse(ctx context.Context, row account.Lapsed) (Explanation, error) {
	d, err := e.accepted(row.Document, row.Version)
	if err != nil {
		return Explanation{}, err
	}
	accepted, err := acceptedBefore(ctx, e.tx, e.name.Account, row.Entry)
	if err != nil {
		return Explanation{}, err
	}
	for _, a := range accepted {
		if a.Order == row.Order && a.Document == row.Document && a.Version == row.Version {
			lapse, err := e.provider.Corpus.Lapse(terms.Subject{Account: e.name.Account, Accepted: accepted}, a, row.Recorded)
			if err != nil {
				return Explanation{}, err
			}
			return e.of.Lapse(row, d, lapse)
		}
	}
	return Explanation{}, e.missing()
}

// acceptedBefore gives what an account had accepted when an entry was made.
func acceptedBefore(ctx context.Context, tx *store.Tx, id string, entry int64) ([]terms.Acceptance, error) {
	accepted, err := tx.Acceptances(ctx, id, store.Filter[calendar.Instant]{})
	if err != nil {
		return nil, err
	}
	lapses, err := tx.Lapses(ctx, id, store.Filter[calendar.Instant]{})
	return account.AcceptedBefore(entry, accepted, lapses), err
}
