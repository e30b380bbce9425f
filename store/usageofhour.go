package store

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
)

// UsageOf returns the events of a resource that touch a clock hour, in the
// order in which they began.
func (tx *Tx) UsageOf(ctx context.Context, id string, r account.Resource, hour calendar.Hour) ([]account.StoredEvent, error) {
	found, err := tx.eventsBetween(ctx, id, hour.Start(), hour.End())
	return slices.DeleteFunc(found, func(e account.StoredEvent) bool {
		return e.Product != r.Product || e.Resource != r.Resource
	}), err
}

// UsageEvent returns the event that was accepted under a name, and false when
// there is none. It reads the account's usage.
func (tx *Tx) UsageEvent(ctx context.Context, id, source, event string) (e account.StoredEvent, found bool, err error) {
	err = tx.eachEvent(ctx, id, func(stored *account.StoredEvent) {
		if !found && stored.Source == source && stored.ID == event {
			e, found = *stored, true
		}
	}, "ORDER BY parcel")
	return e, found, err
}

// eventsBetween returns the events of an account that have a part in [from, to),
// in the order in which they began.
func (tx *Tx) eventsBetween(ctx context.Context, id string, from, to calendar.Instant) (found []account.StoredEvent, err error) {
	err = tx.eachEvent(ctx, id, func(e *account.StoredEvent) {
		if touches(e.From, e.To, from, to) {
			found = append(found, *e)
		}
	}, "AND first < $2 AND last >= $3 ORDER BY parcel", int64(to), int64(from))
	slices.SortFunc(found, byBeginning)
	return found, err
}

// eachEvent goes through the events of an account's parcels; more is the rest of
// the condition that chooses these, its arguments counted from $2.
func (tx *Tx) eachEvent(ctx context.Context, id string, yield func(*account.StoredEvent), more string, args ...any) error {
	var broken error
	err := parcels.each(ctx, tx, func(_ string, p *account.Parcel) {
		events, whole := p.Open(id)
		if !whole {
			broken = cmp.Or(broken, changedParcel(id, p.Number))
		}
		for i := range events {
			yield(&events[i])
		}
	}, "WHERE account = $1 "+more, append([]any{id}, args...)...)
	return errors.Join(err, broken)
}
