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
	who, err := standingBefore(ctx, e.tx, e.name.Account, row.Entry)
	if err != nil {
		return Explanation{}, err
	}
	for _, a := range who.Accepted {
		if a.Order == row.Order && a.Document == row.Document && a.Version == row.Version {
			lapse, err := e.provider.Corpus.Lapse(who.For(""), a, row.Recorded)
			if err != nil {
				return Explanation{}, err
			}
			return e.of.Lapse(row, d, lapse)
		}
	}
	return Explanation{}, e.missing()
}

// standingBefore gives an account as it stood when an entry was made.
func standingBefore(ctx context.Context, tx *store.Tx, id string, entry int64) (who terms.Standing, err error) {
	var acts account.Acts
	if acts.Acceptances, err = tx.Acceptances(ctx, id, store.Filter[calendar.Instant]{}); err != nil {
		return who, err
	}
	if acts.Lapses, err = tx.Lapses(ctx, id, store.Filter[calendar.Instant]{}); err != nil {
		return who, err
	}
	acts.Notices, err = tx.Notices(ctx, id, store.Filter[calendar.Instant]{})
	return acts.Before(entry, id), err
}
