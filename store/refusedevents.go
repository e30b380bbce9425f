package store

import (
	"context"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

// RefusedEvent is a usage event that could not be accepted, as far as it could
// be read, and why.
type RefusedEvent struct {
	Account string
	// ID names the refusal within the account; Source and Event (JSON) are what
	// was sent.
	ID, Source, Event string
	Code              refusal.Code
	Message, Place    string
	// Customer, Product, Resource, Point, From, To and Measures are the event's
	// body as far as it could be read. Customer is the account that it named,
	// whether there was one or not.
	Customer, Product, Resource string
	Point                       bool
	// From and To are zero where the event had no start or no end.
	From, To calendar.Instant
	// Measures are in the order in which they were judged, and may name a meter twice.
	Measures []metering.Measure
	// Unread says that the fault was met while the event was read, so that what
	// was at fault may be missing here.
	Unread bool
	// Terms says under which terms it was judged; zero where none bound.
	Terms    int64
	Recorded calendar.Instant
	// Digest is over the rest; PutRefusedEvents writes it.
	Digest int64
}

var refusedEvents = accountTable(
	"refused_events", "id, source, event, code, message, place, customer, product, resource, point, start, finish, measures, unread, terms, recorded, digest",
	func(e *RefusedEvent) []any {
		return []any{
			&e.ID, &e.Source, &e.Event, (*string)(&e.Code), &e.Message, &e.Place,
			&e.Customer, &e.Product, &e.Resource, &e.Point, (*int64)(&e.From), (*int64)(&e.To),
			(*sentMeasures)(&e.Measures), &e.Unread, &e.Terms, (*int64)(&e.Recorded), &e.Digest,
		}
	},
)

// PutRefusedEvents keeps refused events. One that is kept already stays as it is.
func (tx *Tx) PutRefusedEvents(ctx context.Context, list []RefusedEvent) error {
	rows := make([]owned[RefusedEvent], len(list))
	for i := range list {
		kept := list[i]
		kept.Digest = kept.Seal()
		rows[i] = owned[RefusedEvent]{kept.Account, &kept}
	}
	rows = sortedRows(rows, func(a, b *RefusedEvent) int { return strings.Compare(a.ID, b.ID) })
	_, err := refusedEvents.write(ctx, tx, refusedEvents.insert("ON CONFLICT DO NOTHING"), rows)
	return err
}

// RefusedEvent returns a refused event, and false when there is none.
func (tx *Tx) RefusedEvent(ctx context.Context, account, id string) (e RefusedEvent, found bool, err error) {
	e, found, err = refusedEvents.get(ctx, tx, "WHERE account = $1 AND id = $2", account, id)
	e.Account = account
	return e, found, err
}

// RefusedEventFilter chooses refused events of an account by when they were
// recorded. The zero filter chooses all of them.
type RefusedEventFilter struct {
	// From and To bound the events in time, To excluded; a zero is no bound.
	From, To calendar.Instant
	// After and AfterID are the place of the last event that the caller has seen.
	After   calendar.Instant
	AfterID string
	// Limit bounds the number of events; zero is no bound.
	Limit int
}

// RefusedEventsByTime returns an account's refused events that a filter
// chooses, in order of when they were recorded and then of id.
func (tx *Tx) RefusedEventsByTime(ctx context.Context, account string, f RefusedEventFilter) ([]RefusedEvent, error) {
	var s selection
	s.where("account = ?", account)
	if f.From != 0 {
		s.where("recorded >= ?", int64(f.From))
	}
	if f.To != 0 {
		s.where("recorded < ?", int64(f.To))
	}
	if f.AfterID != "" {
		s.where("(recorded, id) > (?, ?)", int64(f.After), f.AfterID)
	}
	s.add(" ORDER BY recorded, id")
	if f.Limit > 0 {
		s.add(" LIMIT ?", f.Limit)
	}
	list, err := refusedEvents.all(ctx, tx, s.text.String(), s.args...)
	for i := range list {
		list[i].Account = account
	}
	return list, err
}

// KeptRefusal is a refused event as verify reads it.
type KeptRefusal struct {
	RefusedEvent
	// Broken says what the row holds that was never written there; nil where it holds
	// nothing such.
	Broken error
}

// RefusedEvents returns an account's first refused events after an id, sorted by id.
func (tx *Tx) RefusedEvents(ctx context.Context, account, after string, limit int) (list []KeptRefusal, err error) {
	err = refusedEvents.eachKept(ctx, tx, func(_ string, e *RefusedEvent, broken error) {
		e.Account = account
		list = append(list, KeptRefusal{*e, broken})
	}, "WHERE account = $1 AND id > $2 ORDER BY id LIMIT $3", account, after, limit)
	return list, err
}
