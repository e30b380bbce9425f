package store

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
)

// UsageOf returns the events of a resource that touch a clock hour, in the
// order in which they began.
func (tx *Tx) UsageOf(ctx context.Context, id string, r account.Resource, hour calendar.Hour) ([]account.StoredEvent, error) {
	found, err := events.all(ctx, tx, `WHERE account = $1 AND product = $2 AND resource = $3
		AND start < $4 AND (finish > $5 OR start >= $5) ORDER BY start, source, id`,
		id, r.Product, r.Resource, int64(hour.End()), int64(hour.Start()))
	for i := range found {
		found[i].Account = id
	}
	return found, err
}

// UsageEvent returns the event that was accepted under a name, and false when
// there is none.
func (tx *Tx) UsageEvent(ctx context.Context, id, source, event string) (e account.StoredEvent, found bool, err error) {
	e, found, err = events.get(ctx, tx, "WHERE account = $1 AND source = $2 AND id = $3", id, source, event)
	e.Account = id
	return e, found, err
}
