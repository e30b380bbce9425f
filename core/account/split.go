package account

import (
	"cmp"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
)

// parts says what becomes of a bucket's unsettled usage.
type parts struct {
	billed  int64
	refused []refusedPart
}

type refusedPart struct {
	code     refusal.Code
	quantity int64
}

// arrived is the usage of a bucket that is settled together.
type arrived struct {
	open int64            // what has arrived and is not settled
	by   calendar.Instant // up to which it has arrived
	next calendar.Instant // when the rest began to arrive; zero when there is none
}

// arrived returns what of a bucket's usage had arrived by an instant. It looks at
// the events only where some came later: that part is settled by itself, as it
// would have been had somebody looked at once.
func (d *draft) arrived(b *metering.Bucket, at calendar.Instant) (arrived, error) {
	a := arrived{open: b.Total - b.Billed - b.Refused, by: b.Touched}
	if b.Touched <= at {
		return a, nil
	}
	events, loaded := d.eventsOf(b.Key)
	if !loaded {
		return a, d.missing(b)
	}
	a.by = at
	later := int64(0)
	for _, e := range events {
		if e.Recorded <= at {
			continue
		}
		q := e.Within(b.Meter, b.Hour.Start(), b.Hour.End())
		if q == 0 {
			continue
		}
		later += q
		if a.next == 0 || e.Recorded < a.next {
			a.next = e.Recorded
		}
	}
	a.open -= later
	return a, nil
}

// split parts a bucket's unsettled usage into what the service was open for and
// what it was closed for. What was billed or refused before stays so.
func (d *draft) split(b *metering.Bucket, usage arrived, on basis) (parts, error) {
	if on.gate != "" {
		return parts{refused: []refusedPart{{on.gate, usage.open}}}, nil
	}
	closed, err := d.closedIn(b, on.service)
	if err != nil || canary.On(canary.BillSuspended) {
		return parts{billed: usage.open}, err
	}
	if len(closed) > 0 && canary.On(canary.RefuseWholeHour) {
		return parts{refused: []refusedPart{{closed[0].Reason, usage.open}}}, nil
	}
	if p, plain := splitWhole(b.Hour, closed, usage.open); plain {
		return p, nil
	}
	events, loaded := d.eventsOf(b.Key)
	if !loaded {
		return parts{}, d.missing(b)
	}
	return splitByEvents(b.Key, closed, usage.unsettled(b, events), usage.open), nil
}

// splitWhole parts usage of an hour in which the service was open throughout, or
// closed throughout for one reason: nothing needs to be known of its events.
func splitWhole(hour calendar.Hour, closed []subscription.Closed, open int64) (p parts, plain bool) {
	switch {
	case len(closed) == 0:
		return parts{billed: open}, true
	case len(closed) == 1 && closed[0].From == hour.Start() && closed[0].To == hour.End():
		return parts{refused: []refusedPart{{closed[0].Reason, open}}}, true
	}
	return parts{}, false
}

// splitByEvents counts what of the usage that is settled now fell into each closed
// part of the hour. What was settled before, when the service may have been closed
// otherwise, says nothing of it.
func splitByEvents(key metering.Key, closed []subscription.Closed, events []*StoredEvent, open int64) parts {
	inClosed := map[refusal.Code]int64{}
	for _, e := range events {
		for _, c := range closed {
			inClosed[c.Reason] += e.Within(key.Meter, c.From, c.To)
		}
	}
	p := parts{billed: open}
	for _, c := range slices.Backward(closed) { // the latest reason first
		if q := min(inClosed[c.Reason], p.billed); q > 0 {
			p.refused = append(p.refused, refusedPart{c.Reason, q})
			p.billed -= q
		}
		inClosed[c.Reason] = 0
	}
	return p
}

// unsettled lists the events of a bucket, of all those of its resource, that are
// settled now. Nothing that was recorded before Pending is among them. Of the rest they are what came last: usage
// that was settled can have been recorded in the same instant, or later than other
// usage that no settlement had seen, but it stands in an earlier parcel.
func (a *arrived) unsettled(b *metering.Bucket, all []*StoredEvent) (events []*StoredEvent) {
	for _, e := range all {
		if b.Pending <= e.Recorded && e.Recorded <= a.by {
			events = append(events, e)
		}
	}
	slices.SortStableFunc(events, func(e, o *StoredEvent) int { return cmp.Compare(o.Parcel, e.Parcel) })
	open := a.open
	for n, e := range events {
		if open <= 0 {
			return events[:n]
		}
		open -= e.Within(b.Meter, b.Hour.Start(), b.Hour.End())
	}
	return events
}

// closedIn returns the parts of the bucket's hour in which the service was
// closed for its resource.
func (d *draft) closedIn(b *metering.Bucket, s *subscription.Service) ([]subscription.Closed, error) {
	var opened calendar.Instant
	if s.WasReleased() {
		if d.books.Usage.Opened == nil {
			return nil, d.missing(nil)
		}
		opened = d.books.Usage.Opened[Resource{b.Product, b.Resource}]
	}
	return closedWithin(s, opened, b.Hour), nil
}

// closedWithin returns the parts of an hour in which a service was closed for a
// resource that was first used at an instant.
func closedWithin(s *subscription.Service, opened calendar.Instant, hour calendar.Hour) (within []subscription.Closed) {
	for _, c := range s.ClosedFor(opened) {
		from, to := max(c.From, hour.Start()), min(c.To, hour.End())
		if from < to {
			within = append(within, subscription.Closed{From: from, To: to, Reason: c.Reason})
		}
	}
	return within
}
