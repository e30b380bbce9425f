package store

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
)

// Missing is what a decision on books asked for.
type Missing struct {
	Books *account.Books
	*account.MissingUsage
}

// LoadUsage adds to books the usage that decisions on them asked for: for each
// hour the events that touch it, and when each resource was first used. It does
// so in a number of statements that does not depend on how many ask, nor for how
// much.
func (tx *Tx) LoadUsage(ctx context.Context, missing ...Missing) error {
	if err := tx.loadResources(ctx, missing); err != nil {
		return err
	}
	return tx.loadEvents(ctx, missing)
}

func (tx *Tx) loadResources(ctx context.Context, missing []Missing) error {
	first := map[string]map[account.Resource]calendar.Instant{}
	for _, m := range missing {
		if m.Resources {
			opened := maps.Clone(m.Books.Fresh.Resources)
			if opened == nil {
				opened = map[account.Resource]calendar.Instant{}
			}
			first[m.Books.ID], m.Books.Usage.Opened = opened, opened
		}
	}
	_, err := apart(tx, slices.Sorted(maps.Keys(first)), func(ids []string) ([]string, error) {
		if len(ids) == 0 {
			return nil, nil
		}
		wanted, err := list(tx, ids)
		if err != nil {
			return nil, err
		}
		return nil, resources.each(ctx, tx, func(id string, o *opened) {
			if at, fresh := first[id][o.Resource]; !fresh || o.at < at {
				first[id][o.Resource] = o.at
			}
		}, "WHERE "+tx.among("account", "text"), wanted)
	})
	return err
}

// span is the usage of an account that is wanted: the parcels that have a part in
// an interval, up to the last one that the books know.
type span struct {
	from, to calendar.Instant
	reach    int64
}

// parcelSpans names spans to look for, and spannedParcels finds their parcels. The
// last instant of a parcel belongs to it: it may be that of an event at a point in
// time, whatever else came with it.
var (
	parcelSpans = accountTable(
		"usage_parcels", "since, upto, reach",
		func(s *span) []any { return []any{(*int64)(&s.from), (*int64)(&s.to), &s.reach} },
	)
	spannedParcels = parcels.selected("p") + `, {rows} WHERE p.account = r.account AND p.parcel <= r.reach
		AND p.first < r.upto AND p.last >= r.since ORDER BY p.account, p.parcel`
)

// loadEvents reads the events of the whole span of hours, of as many parcels as
// the books know, and gives each hour those that touch it. An event at a point in
// time touches the hour it is in.
func (tx *Tx) loadEvents(ctx context.Context, missing []Missing) error {
	var spans []owned[span]
	wanted := map[string]*wantedHours{}
	for _, m := range missing {
		if len(m.Hours) == 0 {
			continue
		}
		w := newWantedHours(m)
		wanted[m.Books.ID] = w
		spans = append(spans, owned[span]{m.Books.ID, &span{
			w.hours[0].Start(), w.hours[len(w.hours)-1].End(), max(m.Books.Intake.Folded, m.Books.Fresh.Parcel),
		}})
	}
	spans = sortedRows(spans, func(a, b *span) int { return cmp.Compare(a.from, b.from) })
	var broken error
	err := parcelSpans.query(ctx, tx, spannedParcels, spans,
		parcels.scan(func(id string, p *account.Parcel) { broken = cmp.Or(broken, wanted[id].add(id, p)) }))
	for _, w := range wanted {
		w.sort()
	}
	return errors.Join(err, broken)
}

// wantedHours are the hours of an account whose events are wanted, in order.
type wantedHours struct {
	hours  []calendar.Hour
	events map[calendar.Hour][]account.StoredEvent // what the books hold
}

func newWantedHours(m Missing) *wantedHours {
	if m.Books.Usage.Events == nil {
		m.Books.Usage.Events = map[calendar.Hour][]account.StoredEvent{}
	}
	w := &wantedHours{m.Hours, m.Books.Usage.Events}
	for _, h := range w.hours {
		w.events[h] = []account.StoredEvent{}
	}
	return w
}

// touched lists the wanted hours in which something happened that began and
// ended at instants.
func (w *wantedHours) touched(begin, end calendar.Instant) []calendar.Hour {
	from, _ := slices.BinarySearch(w.hours, calendar.HourOf(begin))
	to := from
	for to < len(w.hours) && touches(begin, end, w.hours[to].Start(), w.hours[to].End()) {
		to++
	}
	return w.hours[from:to]
}

// add gives each hour the events of a parcel that touch it. A parcel in which
// nothing can is not opened; its last instant belongs to it.
func (w *wantedHours) add(id string, p *account.Parcel) error {
	end := p.Last + 1
	if canary.On(canary.PassOverCount) {
		end = p.Last
	}
	if len(w.touched(p.First, end)) == 0 {
		return nil
	}
	events, whole := p.Open(id)
	if !whole {
		return changedParcel(id, p.Number)
	}
	for i := range events {
		for _, h := range w.touched(events[i].From, events[i].To) {
			w.events[h] = append(w.events[h], events[i])
		}
	}
	return nil
}

// sort puts the events of each hour in the order in which they began.
func (w *wantedHours) sort() {
	for _, h := range w.hours {
		slices.SortFunc(w.events[h], byBeginning)
	}
}

func byBeginning(a, b account.StoredEvent) int {
	return cmp.Or(cmp.Compare(a.From, b.From), strings.Compare(a.Source, b.Source), strings.Compare(a.ID, b.ID))
}

// touches says whether what happened in [begin, end), or at begin, has a part in [from, to).
func touches(begin, end, from, to calendar.Instant) bool {
	return begin < to && (end > from || begin >= from)
}
