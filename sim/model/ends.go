package model

import (
	"slices"
	"time"
)

// endOf is when a product ends for the account, and false for never as far as is
// known.
func (b *Books) endOf(product string) (end time.Time, any bool) {
	return b.endFrom(product, b.At, b.At)
}

// endFrom is when a product ends for the account from an instant on, as is known
// when what happens at another is written down, and false for never: when the
// customer leaves (G 3.2.9), or when nothing binds any more that sells it, if the
// account was told of that. Without such a notice it goes on under what bound last
// (G 7.4).
func (b *Books) endFrom(product string, from, happens time.Time) (end time.Time, any bool) {
	if len(b.Ends) > 0 {
		end, any = b.announcedEnd(product, from, happens)
	}
	for _, e := range b.Exits {
		at := later(e.At, from)
		if e.holds(at) && (!any || at.Before(end)) && b.isLeft(e, product, at, happens) {
			end, any = at, true
		}
	}
	return end, any
}

// endAfter is when a product ends for the account that it could use in an hour, and
// false for never, and for an hour that lies wholly after the end.
func (b *Books) endAfter(k bucket) (end time.Time, any bool) {
	if len(b.Ends)+len(b.Exits) == 0 {
		return end, false
	}
	for _, from := range append([]time.Time{k.hour}, b.turns()...) {
		if from.Before(k.hour) || !from.Before(k.end()) {
			continue
		}
		if end, any = b.endFrom(k.product, from, b.At); !any || end.After(from) {
			return end, any
		}
	}
	return end, false
}

// isLeft says whether an exit is over a document that binds at an instant or, as
// the exit begins, just before.
func (b *Books) isLeft(e Exit, product string, at, happens time.Time) bool {
	q := b.ask(product, at, happens)
	for _, q.at = range []time.Time{at, at.Add(-time.Microsecond)} {
		if (q.at.Equal(at) || at.Equal(e.At)) && b.model.isAgreed(q.staying()) && find(b.model.bound(q.staying()), e.Document) != nil {
			return true
		}
	}
	return false
}

// announcedEnd is when nothing binds any more that sells a product, if the account
// was told of that by a document which bound it last.
func (b *Books) announcedEnd(product string, from, happens time.Time) (end time.Time, any bool) {
	last := b.ask(product, from, happens)
	end, any = b.unboundFrom(last)
	last.at = end.Add(-time.Microsecond)
	told := any && slices.ContainsFunc(b.Ends, func(e End) bool {
		return !e.At.After(end) && find(b.model.bound(last), e.Document) != nil
	})
	return end, told
}

// unboundFrom is from when nothing sells a product to the account: since when, if
// something did, or else the next such instant after something does.
func (b *Books) unboundFrom(q question) (time.Time, bool) {
	instants := b.turns()
	now, agreed := q.at, b.model.isAgreed(q)
	for _, t := range slices.Backward(instants) {
		if q.at = t.Add(-time.Microsecond); !agreed && !t.After(now) && b.model.isAgreed(q) {
			return t, true
		}
	}
	for _, t := range instants {
		if q.at = t; !t.After(now) {
			continue
		}
		if agreed && !b.model.isAgreed(q) {
			return t, true
		}
		agreed = agreed || b.model.isAgreed(q)
	}
	return now, false
}

// canEnd says whether a service is one that can end.
func (s *Service) canEnd() bool { return s.State == "active" || s.State == "suspended" }

// takeEnd ends a service whose end has come.
func (b *Books) takeEnd(product string, at time.Time) {
	s := b.Services[product]
	if !s.canEnd() {
		return
	}
	if end, ends := b.endOf(product); ends && !end.After(at) {
		b.end(product, end, at)
		b.At = at
	}
}

func (b *Books) end(product string, end, at time.Time) {
	owed := b.owing(product, at)
	b.enter(product, "ended", later(end, b.Services[product].Since), owed)
	b.say("was_ended", product, at, owed)
}

// endPast ends a service that was opened for usage from before an end which has
// come: what was used after it may not be billed.
func (b *Books) endPast(product string, at time.Time) {
	if end, ends := b.endFrom(product, b.Services[product].Since, at); ends && !end.After(at) {
		b.end(product, end, at)
	}
}

// partEnded says whether the page no longer has the meter of a bucket as its hour
// begins, and the account was told.
func (b *Books) partEnded(k bucket, at time.Time) bool {
	page := b.model.page(b.ask(k.product, k.hour, at))
	return page != nil && page.meter(k.meter) == nil && slices.ContainsFunc(b.Ends, func(e End) bool {
		return e.Document == page.ID && !e.At.After(k.hour)
	})
}

// reopen opens a service that had ended for usage of an hour in which it is sold
// again.
func (b *Books) reopen(k bucket, q question, at time.Time) {
	s := b.Services[k.product]
	if s.State != "ended" {
		return
	}
	q.at = later(k.hour, s.Since)
	from, back := b.backFrom(q)
	q = b.ask(k.product, from, at)
	if !back || !from.Before(k.end()) || !b.model.isAgreed(q) || b.gateIsShut(q, at) {
		return
	}
	b.enter(k.product, "active", from, 0)
	b.endPast(k.product, at)
}
