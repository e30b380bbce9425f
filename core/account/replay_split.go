package account

import (
	"fmt"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/subscription"
)

// usageKnown is what a replay knows of usage, to part it again.
type usageKnown struct {
	byHour map[calendar.Hour][]int      // the events that have a part in each hour, in the order of parcels
	events map[calendar.Hour]hourEvents // the same, of the hours that were parted again
	done   map[metering.Key][]settlement
	// dealt holds which events each settlement of a bucket settled, of buckets that
	// were settled more than once.
	dealt map[metering.Key][][]usagePart
	// opened lists, for each resource, what its first use was as its events came:
	// each earlier than the one before. A settlement knew one of them.
	opened map[Resource][]calendar.Instant
}

func knownUsage(ev *Evidence) *usageKnown {
	k := &usageKnown{
		byHour: map[calendar.Hour][]int{}, events: map[calendar.Hour]hourEvents{},
		done: settlements(ev), dealt: map[metering.Key][][]usagePart{}, opened: map[Resource][]calendar.Instant{},
	}
	for i := range ev.Events {
		e := &ev.Events[i]
		of := Resource{Product: e.Product, Resource: e.Resource}
		if list := k.opened[of]; len(list) == 0 || e.From < list[len(list)-1] {
			k.opened[of] = append(list, e.From)
		}
		e.EachHour(func(hour calendar.Hour, _ string, _ int64) {
			if list := k.byHour[hour]; len(list) == 0 || list[len(list)-1] != i {
				k.byHour[hour] = append(list, i)
			}
		})
	}
	return k
}

// known collects what is known of usage when it is first needed: most accounts
// are never closed.
func (r *replaying) known() *usageKnown {
	if r.usage == nil {
		r.usage = knownUsage(r.ev)
	}
	return r.usage
}

// rightParts checks that a settlement billed and refused of a bucket what its
// events say, as far as these still tell; that they are whole is another truth.
func (r *replaying) rightParts(s settledBucket, service *subscription.Service) error {
	openings := []calendar.Instant{0}
	if service.WasReleased() {
		openings = r.known().opened[Resource{Product: s.Product, Resource: s.Resource}]
	}
	if len(openings) == 0 {
		return nil // no event of the resource is left
	}
	var right parts
	for _, opened := range openings {
		var told bool
		if right, told = r.partAgain(s, closedWithin(service, opened, s.Hour)); !told || right.equal(s.parts) {
			return nil
		}
	}
	return fmt.Errorf("of %s %d was billed and %d refused, and its events give %d and %d",
		bucketName(s.Key), s.billed, s.parts.sum()-s.billed, right.billed, right.sum()-right.billed)
}

// partAgain parts what was settled of a bucket. told is false where the events do
// not add up to it.
func (r *replaying) partAgain(s settledBucket, closed []subscription.Closed) (p parts, told bool) {
	if p, plain := splitWhole(s.Hour, closed, s.parts.sum()); plain {
		return p, true
	}
	events, told := r.known().settledBy(r.ev, s.Key, s.entry)
	if !told {
		return p, false
	}
	return splitByEvents(s.Key, closed, events, s.parts.sum()), true
}

// settledBy finds the events of which an entry settled what they add to a bucket.
// told is false when it settled more than they add, or only a part of one.
func (k *usageKnown) settledBy(ev *Evidence, key metering.Key, entry int64) (events []*StoredEvent, told bool) {
	n := slices.IndexFunc(k.done[key], func(s settlement) bool { return s.entry == entry })
	if n < 0 {
		return nil, false
	}
	all := k.eventsOf(ev, key)
	return wholeEvents(all, key, k.done[key][n].quantity, k.deal(all, key)[n])
}

// deal deals the events of a bucket to its settlements, in the order of these. What
// many settlements settled is dealt once for all of them.
func (k *usageKnown) deal(all []*StoredEvent, key metering.Key) [][]usagePart {
	if dealt, done := k.dealt[key]; done {
		return dealt
	}
	var came []usagePart
	for i, e := range all {
		if q := e.Within(key.Meter, key.Hour.Start(), key.Hour.End()); q > 0 {
			came = append(came, usagePart{i, e.Recorded, q})
		}
	}
	dealt := make([][]usagePart, len(k.done[key]))
	for n, s := range k.done[key] {
		dealt[n], came = s.cut(came)
	}
	if len(dealt) > 1 {
		k.dealt[key] = dealt
	}
	return dealt
}

// wholeEvents returns the events of which parts were taken, unless one was taken in
// part or they do not add up to what was settled.
func wholeEvents(all []*StoredEvent, key metering.Key, settled int64, taken []usagePart) (events []*StoredEvent, whole bool) {
	for _, part := range taken {
		e := all[part.event]
		if part.quantity != e.Within(key.Meter, key.Hour.Start(), key.Hour.End()) {
			return nil, false
		}
		settled -= part.quantity
		events = append(events, e)
	}
	return events, settled == 0
}

func (p parts) sum() int64 {
	sum := p.billed
	for _, part := range p.refused {
		sum += part.quantity
	}
	return sum
}

func (p parts) equal(o parts) bool { return p.billed == o.billed && slices.Equal(p.refused, o.refused) }
