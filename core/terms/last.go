package terms

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// LastBound returns the Set that bound the subject last: at an instant or, when
// nothing binds then, at the latest instant before it at which something did;
// and that instant. What was used or is owed under terms that have ended still
// has to be charged and paid, and those terms are what was agreed for it.
//
// The Set is the one of Bind, except that its Until is the first instant after at
// at which something may bind again. Where nothing ever bound, LastBound refuses
// as Bind does at at.
func (c *Corpus) LastBound(s Subject, at, known calendar.Instant) (*Set, calendar.Instant, error) {
	set, err := c.Bind(s, at, known)
	if err == nil {
		return set, at, nil
	}
	return c.lastBefore(s, at, known, func(*Set) bool { return true }, err)
}

// LastMetering is LastBound for a meter: it returns the last Set under which the
// page of the subject's product declared the meter. A page may drop a meter while
// usage of it stands. It refuses what LastBound refuses, and a meter that no page
// ever declared with unknown_meter.
func (c *Corpus) LastMetering(s Subject, meter string, at, known calendar.Instant) (*Set, calendar.Instant, error) {
	declares := func(set *Set) bool {
		if set.Product() == nil {
			return false
		}
		_, found := set.Product().Meter(meter)
		return found
	}
	set, err := c.Bind(s, at, known)
	if err == nil && declares(set) {
		return set, at, nil
	}
	if err == nil {
		err = refusal.New(refusal.UnknownMeter, "no page that bound account %s by %s declared a meter %q for the product %q", s.Account, at, meter, s.Product).
			Do("publish a page that declares it")
	}
	return c.lastBefore(s, at, known, declares, err)
}

// lastBefore walks back over the instants at which a binding can change. Between
// two of them nothing does, so the last instant of a stretch speaks for all of it.
func (c *Corpus) lastBefore(s Subject, at, known calendar.Instant, suits func(*Set) bool, otherwise error) (*Set, calendar.Instant, error) {
	for turn := c.turnBefore(s, at); turn > 0; turn = c.turnBefore(s, turn-1) {
		set, err := c.Bind(s, turn-1, known)
		if err == nil && suits(set) {
			return &Set{binding: set.binding, until: c.Turn(s.Product, s.Accepted, at)}, turn - 1, nil
		}
	}
	return nil, 0, otherwise
}

// turnBefore returns the last instant up to at at which a document takes effect
// or ends, or an acceptance begins or ends; zero when there is none.
func (c *Corpus) turnBefore(s Subject, at calendar.Instant) calendar.Instant {
	var last calendar.Instant
	if sh := c.shelves[s.Product]; sh != nil {
		last = upTo(sh.turns, at)
	}
	for i := range s.Left {
		if t := s.Left[i].Lifted; t <= at {
			last = max(last, t)
		}
	}
	for i := range s.Accepted {
		for _, t := range []calendar.Instant{s.Accepted[i].At, s.Accepted[i].Void.At} {
			if t <= at {
				last = max(last, t)
			}
		}
	}
	return last
}
