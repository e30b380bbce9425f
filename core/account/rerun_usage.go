package account

import (
	"cmp"
	"maps"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
)

// arrivals says what usage came when. Most of it is told by when its events were
// recorded: settling goes by that. But an event is recorded at the beginning of
// the transaction that keeps it, so a settlement can have missed what was
// recorded before it, and what is recorded at the instant of a settlement can
// have come after it. There the settlements tell.
type arrivals struct {
	// buckets hold the usage whose time is told by its events, in order.
	buckets []metering.Bucket
	// late holds the rest.
	late []lateArrival
	// lowered lists the events that made the first use of a resource an earlier one.
	lowered []int
	opened  map[Resource]calendar.Instant
	// done holds the settlements of each bucket, in order.
	done map[metering.Key][]settlement
	// byHour lists the events that add to each hour.
	byHour map[calendar.Hour][]int
}

// lateArrival is a part of a bucket that came when a settlement had been made.
type lateArrival struct {
	settlement
	key   metering.Key
	event int
}

// settlement is what one entry settled of a bucket.
type settlement struct {
	entry    int64
	at       calendar.Instant
	quantity int64
}

// usagePart is what one event, by its place among others, added to a bucket.
type usagePart struct {
	event    int
	recorded calendar.Instant
	quantity int64
}

// eventHour names what an event adds to an hour.
type eventHour struct {
	event int
	hour  calendar.Hour
}

// collectArrivals finds when usage came. Usage that is not settled is left out:
// it is no part of what the months have come to so far.
func collectArrivals(ev *Evidence) *arrivals {
	a := &arrivals{done: settlements(ev), opened: map[Resource]calendar.Instant{}, byHour: map[calendar.Hour][]int{}}
	parts := map[metering.Key][]usagePart{}
	for _, i := range inOrderOfArrival(ev.Events) {
		e := &ev.Events[i]
		a.firstUse(i, e)
		e.EachHour(func(hour calendar.Hour, meter string, quantity int64) {
			if list := a.byHour[hour]; len(list) == 0 || list[len(list)-1] != i {
				a.byHour[hour] = append(list, i)
			}
			key := metering.Key{Product: e.Product, Resource: e.Resource, Meter: meter, Hour: hour}
			parts[key] = append(parts[key], usagePart{i, e.Recorded, quantity})
		})
	}
	for _, key := range slices.SortedFunc(maps.Keys(a.done), metering.Key.Compare) {
		a.place(ev, key, parts[key])
	}
	return a
}

// inOrderOfArrival returns the places of events in the order in which they were recorded.
func inOrderOfArrival(events []StoredEvent) []int {
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(events[i].Recorded, events[j].Recorded) })
	return order
}

func (a *arrivals) firstUse(i int, e *StoredEvent) {
	of := Resource{Product: e.Product, Resource: e.Resource}
	first, used := a.opened[of]
	switch {
	case !used:
		a.opened[of] = e.From
	case e.From < first:
		a.lowered = append(a.lowered, i)
	}
}

// settlements reads from charges and refusals what each entry settled of each
// bucket. Both are in order of their entries.
func settlements(ev *Evidence) map[metering.Key][]settlement {
	done := map[metering.Key][]settlement{}
	add := func(key metering.Key, entry, quantity int64) {
		list := done[key]
		if n := len(list); n > 0 && list[n-1].entry == entry {
			list[n-1].quantity += quantity
			return
		}
		if entry < 1 || entry > int64(len(ev.Entries)) {
			return // it belongs to no entry, and the journal will not come out
		}
		done[key] = append(list, settlement{entry: entry, at: ev.Entries[entry-1].Effective, quantity: quantity})
	}
	charges, refused := ev.Charges, ev.Refused
	for len(charges)+len(refused) > 0 {
		if len(refused) == 0 || len(charges) > 0 && charges[0].Entry <= refused[0].Entry {
			add(charges[0].Key, charges[0].Entry, charges[0].Quantity)
			charges = charges[1:]
			continue
		}
		add(refused[0].Key, refused[0].Entry, refused[0].Quantity)
		refused = refused[1:]
	}
	return done
}

// place deals a bucket's parts to its settlements.
func (a *arrivals) place(ev *Evidence, key metering.Key, parts []usagePart) {
	b := metering.Bucket{Key: key}
	var found []usagePart
	var before calendar.Instant
	slices.SortFunc(parts, func(p, o usagePart) int { return cmp.Compare(p.event, o.event) })
	for n, s := range a.done[key] {
		found, parts = s.cut(parts)
		again := ev.dealtWith(s.entry)
		for _, p := range found {
			if again || n > 0 && p.recorded <= before {
				a.late = append(a.late, lateArrival{settlement{s.entry, s.at, p.quantity}, key, p.event})
				continue
			}
			b.Total += p.quantity
			b.Touched = max(b.Touched, p.recorded)
			if b.Pending == 0 || p.recorded < b.Pending {
				b.Pending = p.recorded
			}
		}
		before = s.at
	}
	if b.Total > 0 {
		a.buckets = append(a.buckets, b)
	}
}

// cut takes off the parts, which are in the order of parcels, what a settlement
// settled: of what had been recorded by then as much as it says. It saw the parcels
// up to some one, and not always those that were recorded first.
func (s settlement) cut(parts []usagePart) (taken, rest []usagePart) {
	left := s.quantity
	for _, p := range parts {
		q := min(p.quantity, left)
		if p.recorded > s.at {
			q = 0
		}
		if q > 0 {
			taken = append(taken, usagePart{p.event, p.recorded, q})
		}
		if q < p.quantity {
			rest = append(rest, usagePart{p.event, p.recorded, p.quantity - q})
		}
		left -= q
	}
	return taken, rest
}

// dealtWith says that what fell due at the instant of a settlement had been done
// before it: nothing but late fees goes before a settlement of the same instant.
func (ev *Evidence) dealtWith(entry int64) bool {
	at := ev.Entries[entry-1].Effective
	for i := entry - 2; i >= 0 && ev.Entries[i].Effective == at; i-- {
		if ev.Entries[i].Kind != journal.FeeAccrued {
			return true
		}
	}
	return false
}

// lastSettled returns when usage of an hour before another was last settled.
func (a *arrivals) lastSettled(before calendar.Hour) calendar.Instant {
	var last calendar.Instant
	for key, list := range a.done {
		if key.Hour < before {
			last = max(last, list[len(list)-1].at)
		}
	}
	return last
}

// steps makes steps of a history of what does not follow from when events were
// recorded. What one settlement found is one step.
func (a *arrivals) steps(ev *Evidence) []rerunStep {
	slices.SortStableFunc(a.late, func(x, y lateArrival) int { return cmp.Compare(x.entry, y.entry) })
	var steps []rerunStep
	for _, l := range a.late {
		order := 2*l.entry - 1
		if n := len(steps); n > 0 && steps[n-1].order == order {
			steps[n-1].late = append(steps[n-1].late, l)
			continue
		}
		steps = append(steps, rerunStep{
			at: l.at, order: order, late: []lateArrival{l},
			found: ev.Entries[l.entry-1].Recorded, settles: ev.dealtWith(l.entry),
		})
	}
	for _, i := range a.lowered {
		e := &ev.Events[i]
		steps = append(steps, rerunStep{at: e.Recorded, lowers: Resource{Product: e.Product, Resource: e.Resource}, to: e.From})
	}
	return steps
}

// enter makes the buckets open whose hour has ended by an instant.
func (r *rerun) enter(upTo calendar.Instant) {
	for r.next < len(r.usage.buckets) && r.usage.buckets[r.next].Hour.End() <= upTo {
		r.add(r.usage.buckets[r.next])
		r.next++
	}
}

// arrive adds usage that came late.
func (r *rerun) arrive(l lateArrival) {
	r.came[eventHour{l.event, l.key.Hour}] = l.at
	r.add(metering.Bucket{Key: l.key, Total: l.quantity, Touched: l.at, Pending: l.at})
}

// add puts usage into its bucket, as a store does, among the open ones.
func (r *rerun) add(more metering.Bucket) {
	i, open := slices.BinarySearchFunc(r.books.Open, more.Key, func(b *metering.Bucket, key metering.Key) int { return b.Compare(key) })
	b := metering.Bucket{Key: more.Key}
	if open {
		b = *r.books.Open[i]
	} else if settled, known := r.settled[more.Key]; known {
		b = settled
	}
	b.Total += more.Total
	b.Touched = max(b.Touched, more.Touched)
	if b.Pending == 0 || more.Pending < b.Pending {
		b.Pending = more.Pending
	}
	if open {
		r.books.Open[i] = &b
		return
	}
	r.books.Open = slices.Insert(r.books.Open, i, &b)
}

// detail loads the usage that a decision asks for. What came late is as if it had
// been recorded then.
func (r *rerun) detail(missing *MissingUsage) {
	if missing.Resources {
		r.books.Usage.Opened = maps.Clone(r.opened)
	}
	if r.books.Usage.Events == nil {
		r.books.Usage.Events = map[calendar.Hour][]StoredEvent{}
	}
	for _, hour := range missing.Hours {
		touching := []StoredEvent{}
		for _, i := range r.usage.byHour[hour] {
			e := r.ev.Events[i]
			if at, late := r.came[eventHour{i, hour}]; late {
				e.Recorded = at
			}
			if e.Recorded < calendar.EndOfTime {
				touching = append(touching, e)
			}
		}
		r.books.Usage.Events[hour] = touching
	}
}
