package account

import (
	"termwise.dev/core/calendar"
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

// split parts a bucket's unsettled usage into what the service was open for and
// what it was closed for. What was billed or refused before stays so.
func (d *draft) split(b *metering.Bucket, s *subscription.Service, gate refusal.Code) (parts, error) {
	open := b.Total - b.Billed - b.Refused
	if gate != "" {
		return parts{refused: []refusedPart{{gate, open}}}, nil
	}
	closed, err := d.closedIn(b, s)
	if err != nil || len(closed) == 0 {
		return parts{billed: open}, err
	}
	if len(closed) == 1 && closed[0].From == b.Hour.Start() && closed[0].To == b.Hour.End() {
		return parts{refused: []refusedPart{{closed[0].Reason, open}}}, nil
	}
	events, loaded := d.books.Usage.Events[b.Hour]
	if !loaded {
		return parts{}, &MissingUsage{Hours: []calendar.Hour{b.Hour}}
	}
	return splitByEvents(b, closed, events, open), nil
}

// splitByEvents counts the usage that fell into each closed part of the hour.
// Bounded by what is unsettled, the parts always sum to it.
func splitByEvents(b *metering.Bucket, closed []subscription.Closed, events []metering.Event, open int64) parts {
	inClosed := map[refusal.Code]int64{}
	var total int64
	for i := range events {
		e := &events[i]
		if e.Product != b.Product || e.Resource != b.Resource {
			continue
		}
		for _, c := range closed {
			q := e.Within(b.Meter, c.From, c.To)
			inClosed[c.Reason] += q
			total += q
		}
	}
	rest := min(max(total-b.Refused, 0), open)
	p := parts{billed: open - rest}
	for i := len(closed) - 1; i >= 0 && rest > 0; i-- {
		q := min(rest, inClosed[closed[i].Reason])
		if q == 0 {
			continue
		}
		p.refused = append(p.refused, refusedPart{closed[i].Reason, q})
		inClosed[closed[i].Reason] = 0
		rest -= q
	}
	return p
}

// closedIn returns the parts of the bucket's hour in which the service was
// closed for its resource.
func (d *draft) closedIn(b *metering.Bucket, s *subscription.Service) ([]subscription.Closed, error) {
	var opened calendar.Instant
	if s.WasReleased() {
		if d.books.Usage.Opened == nil {
			return nil, &MissingUsage{Resources: true}
		}
		opened = d.books.Usage.Opened[Resource{b.Product, b.Resource}]
	}
	var within []subscription.Closed
	for _, c := range s.ClosedFor(opened) {
		from, to := max(c.From, b.Hour.Start()), min(c.To, b.Hour.End())
		if from < to {
			within = append(within, subscription.Closed{From: from, To: to, Reason: c.Reason})
		}
	}
	return within, nil
}
