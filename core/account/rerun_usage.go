package account

import (
	"cmp"
	"maps"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

// arrivals says which usage was there when, as the events and the settlements
// show it. An event is recorded at the beginning of the transaction that keeps
// it, so a settlement can have missed one that was recorded before it; then the
// settlement is right.
type arrivals struct {
	// first holds each bucket as it was when its hour ended, in order.
	first []firstArrival
	// late holds what came after that.
	late []lateArrival
	// continues says which buckets more usage arrives for when they may have
	// been settled already.
	continues map[metering.Key]bool
	// done holds the settlements of each bucket, in order.
	done map[metering.Key][]settlement
}

type firstArrival struct {
	metering.Bucket
	events []int // that it is made of, by their place in the evidence
}

// lateArrival is usage that arrived after its hour had ended.
type lateArrival struct {
	key      metering.Key
	quantity int64
	at       calendar.Instant
	// entry is the settlement that found it; zero when it was found by the
	// settlement of a cycle that was open.
	entry int64
	event int
}

// settlement is what one entry settled of a bucket.
type settlement struct {
	entry    int64
	at       calendar.Instant
	quantity int64
}

// part is what one event added to a bucket.
type part struct {
	event    int
	quantity int64
}

// collectArrivals finds when usage arrived. Usage that is not settled is left
// out: it is not a part of what the month has come to so far.
func collectArrivals(ev *Evidence) *arrivals {
	a := &arrivals{continues: map[metering.Key]bool{}, done: settlements(ev)}
	parts := map[metering.Key][]part{}
	for _, i := range inOrderOfArrival(ev.Events) {
		e := &ev.Events[i]
		e.EachHour(func(hour calendar.Hour, meter string, quantity int64) {
			key := metering.Key{Product: e.Product, Resource: e.Resource, Meter: meter, Hour: hour}
			if a.done[key] != nil {
				parts[key] = append(parts[key], part{i, quantity})
			}
		})
	}
	for _, key := range slices.SortedFunc(maps.Keys(parts), metering.Key.Compare) {
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

// place deals a bucket's parts, in order of arrival, to its settlements.
func (a *arrivals) place(ev *Evidence, key metering.Key, parts []part) {
	first := firstArrival{Bucket: metering.Bucket{Key: key}}
	var found []part
	for n, s := range a.done[key] {
		found, parts = cutParts(parts, s.quantity)
		atOnce := n > 0 || ev.foundAtOnce(s, found)
		for _, p := range found {
			recorded := ev.Events[p.event].Recorded
			late := lateArrival{key: key, quantity: p.quantity, at: recorded, event: p.event}
			switch {
			case atOnce:
				late.at, late.entry = s.at, s.entry
			case recorded < key.Hour.End():
				first.Total += p.quantity
				first.Touched = max(first.Touched, recorded)
				first.events = append(first.events, p.event)
				continue
			}
			a.late = append(a.late, late)
			a.continues[key] = true
		}
	}
	if first.Total > 0 {
		a.first = append(a.first, first)
	}
}

// cutParts takes a quantity off the parts.
func cutParts(parts []part, quantity int64) (taken, rest []part) {
	for quantity > 0 && len(parts) > 0 {
		p := parts[0]
		p.quantity = min(p.quantity, quantity)
		quantity -= p.quantity
		taken = append(taken, p)
		if parts[0].quantity -= p.quantity; parts[0].quantity == 0 {
			parts = parts[1:]
		}
	}
	return taken, parts
}

// foundAtOnce says that a bucket's first settlement was made as soon as its usage
// was found: when the last of it arrived, nobody having looked since the hour
// ended, or after what else fell due at the instant.
func (ev *Evidence) foundAtOnce(s settlement, found []part) bool {
	last := len(found) - 1
	return last >= 0 && ev.Events[found[last].event].Recorded >= s.at || ev.dealtWith(s.entry)
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

// steps makes the late arrivals steps of a history. What one settlement found
// is one step; so is what arrived at one instant and waited for its cycle's end.
func (a *arrivals) steps(ev *Evidence) []rerunStep {
	slices.SortStableFunc(a.late, func(x, y lateArrival) int {
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.entry, y.entry))
	})
	var steps []rerunStep
	for _, l := range a.late {
		order := max(0, 2*l.entry-1)
		if n := len(steps); n > 0 && steps[n-1].at == l.at && steps[n-1].order == order {
			steps[n-1].late = append(steps[n-1].late, l)
			continue
		}
		s := rerunStep{at: l.at, order: order, late: []lateArrival{l}}
		if l.entry > 0 {
			s.found, s.settles = ev.Entries[l.entry-1].Recorded, ev.dealtWith(l.entry)
		}
		steps = append(steps, s)
	}
	return steps
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

// compare orders steps by instant and place. Reports that were turned away come
// first: they were judged by what had happened before.
func (s rerunStep) compare(o rerunStep) int {
	return cmp.Or(cmp.Compare(s.at, o.at), cmp.Compare(s.order, o.order))
}

// enter makes usage open whose hour has ended by an instant.
func (r *rerun) enter(upTo calendar.Instant) {
	for r.next < len(r.usage.first) && r.usage.first[r.next].Hour.End() <= upTo {
		f := &r.usage.first[r.next]
		r.next++
		r.add(f.Key, f.Total, f.Touched)
		for _, i := range f.events {
			r.see(i)
		}
	}
	r.waiting = slices.DeleteFunc(r.waiting, func(l lateArrival) bool {
		if l.key.Hour.End() > upTo {
			return false
		}
		r.add(l.key, l.quantity, l.at)
		return true
	})
}

func (r *rerun) arrive(l lateArrival) {
	r.add(l.key, l.quantity, l.at)
	r.see(l.event)
}

// see makes an event visible: to the split of an hour, and as the first use of
// its resource.
func (r *rerun) see(event int) {
	if !r.visible[event] {
		r.visible[event] = true
		r.use(&r.ev.Events[event].Event)
	}
}

func (r *rerun) use(e *metering.Event) {
	resource := Resource{Product: e.Product, Resource: e.Resource}
	if first, used := r.opened[resource]; !used || e.From < first {
		r.opened[resource] = e.From
	}
}

// add adds usage to its bucket, among the open ones.
func (r *rerun) add(key metering.Key, quantity int64, touched calendar.Instant) {
	b := metering.Bucket{Key: key}
	i, open := slices.BinarySearchFunc(r.books.Open, key, func(b *metering.Bucket, key metering.Key) int { return b.Compare(key) })
	if open {
		b = *r.books.Open[i]
	} else if settled, known := r.settled[key]; known {
		b = settled
	}
	b.Total += quantity
	b.Touched = max(b.Touched, touched)
	if open {
		r.books.Open[i] = &b
		return
	}
	r.books.Open = slices.Insert(r.books.Open, i, &b)
}

// detail loads the usage that a decision asks for.
func (r *rerun) detail(missing *MissingUsage) {
	if missing.Resources {
		r.books.Usage.Opened = maps.Clone(r.opened)
	}
	if r.books.Usage.Events == nil {
		r.books.Usage.Events = map[calendar.Hour][]metering.Event{}
	}
	for _, hour := range missing.Hours {
		touching := []metering.Event{}
		add := func(e *metering.Event) {
			if e.From < hour.End() && (e.To > hour.Start() || e.From >= hour.Start()) {
				touching = append(touching, *e)
			}
		}
		for i, visible := range r.visible {
			if visible {
				add(&r.ev.Events[i].Event)
			}
		}
		for i, taken := range r.taken {
			if taken {
				add(&r.away[i].Event)
			}
		}
		r.books.Usage.Events[hour] = touching
	}
}

// neverAccepted leaves out reports that came again and were accepted, and
// repetitions. It notes the buckets that the others may add to.
func (a *arrivals) neverAccepted(ev *Evidence, reports []TurnedAway) []TurnedAway {
	seen := make(map[string]bool, len(ev.Events))
	for i := range ev.Events {
		seen[EventName(ev.Events[i].Source, ev.Events[i].ID)] = true
	}
	var never []TurnedAway
	for _, report := range reports {
		if name := EventName(report.Source, report.ID); !seen[name] {
			seen[name] = true
			never = append(never, report)
			a.eachBucket(&report.Event, func(key metering.Key, _ int64) { a.continues[key] = true })
		}
	}
	return never
}

func (a *arrivals) eachBucket(e *metering.Event, yield func(metering.Key, int64)) {
	e.EachHour(func(hour calendar.Hour, meter string, quantity int64) {
		yield(metering.Key{Product: e.Product, Resource: e.Resource, Meter: meter, Hour: hour}, quantity)
	})
}

// planAway lets the reports that were turned away come again, where other
// documents are tried.
func (r *rerun) planAway() {
	if !r.tries {
		return
	}
	for i, report := range r.away {
		if r.from <= report.Recorded && report.Recorded <= r.until {
			r.steps = append(r.steps, rerunStep{at: report.Recorded, away: i + 1})
		}
	}
	slices.SortStableFunc(r.steps, rerunStep.compare)
}

// arriveAgain accepts a report that was turned away, unless its service is
// suspended for the whole of it again.
func (r *rerun) arriveAgain(i int) {
	e, now := &r.away[i].Event, r.away[i].Recorded
	if s, used := r.books.Services[e.Product]; used {
		for _, c := range s.ClosedFor(e.From) {
			if c.Reason == refusal.Suspended && c.From <= e.From && e.To <= min(c.To, now) {
				return
			}
		}
	}
	r.taken[i] = true
	r.use(e)
	r.usage.eachBucket(e, func(key metering.Key, quantity int64) {
		if key.Hour.End() > now {
			r.waiting = append(r.waiting, lateArrival{key: key, quantity: quantity, at: now})
			return
		}
		r.add(key, quantity, now)
	})
}
