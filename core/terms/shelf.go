package terms

import (
	"slices"
	"sync"

	"termwise.dev/core/calendar"
)

// shelf holds the documents that can bind one product, whatever the account, and
// remembers what was found to bind: finding it again is one lookup, however many
// documents were published and however many accounts ask.
type shelf struct {
	product   string
	histories []history // those that can bind the product, then those that they require; sorted by id in each part
	covering  int       // how many of histories are of the first part
	places    map[string]uint32
	turns     []calendar.Instant // at which one of them takes effect or ends, sorted
	learnt    []calendar.Instant // at which a version of one of them became known, sorted
	audience  map[string]uint32  // accounts that some document names, by account; all others are alike and 0
	tariffs   []version          // those that may wait for consent (see wait)
	hasEnds   bool
	hasPins   bool

	mu     sync.RWMutex
	stands map[string]*stand
	// consent holds what inTerm found.
	consent map[string]bool
}

// newShelf collects the documents that can bind a product.
func (c *Corpus) newShelf(product string) *shelf {
	s := &shelf{product: product, places: make(map[string]uint32), audience: make(map[string]uint32), stands: make(map[string]*stand), consent: make(map[string]bool)}
	for _, h := range c.histories {
		if slices.ContainsFunc(h.versions, func(v version) bool { return v.Document.Binds.coversProduct(product) }) {
			s.add(h)
		}
	}
	s.covering = len(s.histories)
	for i := 0; i < len(s.histories); i++ { // it grows by what it requires
		for _, id := range requiredBy(s.histories[i]) {
			if _, known := s.places[id]; !known {
				s.add(*c.history(id))
			}
		}
	}
	slices.Sort(s.turns)
	s.turns = slices.Compact(s.turns)
	slices.Sort(s.learnt)
	s.learnt = slices.Compact(s.learnt)
	return s
}

func (s *shelf) add(h history) {
	s.places[h.id] = uint32(len(s.histories))
	s.histories = append(s.histories, h)
	for i := range h.versions {
		d := h.versions[i].Document
		s.turns = append(s.turns, d.Effective)
		if d.Until < calendar.EndOfTime {
			s.turns = append(s.turns, d.Until)
		}
		s.learnt = append(s.learnt, h.versions[i].Recorded)
		if d.saysItIs(TariffAdjustment) {
			s.tariffs = append(s.tariffs, h.versions[i])
		}
		s.hasEnds = s.hasEnds || len(d.Ends) > 0
		s.hasPins = s.hasPins || len(d.Pins) > 0
		for _, account := range d.Binds.Accounts {
			if _, known := s.audience[account]; !known {
				s.audience[account] = uint32(len(s.audience) + 1)
			}
		}
	}
}

// requiredBy lists the documents that any version of a document requires, sorted.
func requiredBy(h history) (ids []string) {
	for i := range h.versions {
		for _, r := range h.versions[i].Document.Requires {
			ids = append(ids, r.Documents...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// epoch counts the instants up to and including t: between two of them the
// answer is the same.
func epoch(instants []calendar.Instant, t calendar.Instant) uint32 {
	n, found := slices.BinarySearch(instants, t)
	if found {
		n++
	}
	return uint32(n)
}

// after returns the first of the instants after t, or EndOfTime.
func after(instants []calendar.Instant, t calendar.Instant) calendar.Instant {
	if n := int(epoch(instants, t)); n < len(instants) {
		return instants[n]
	}
	return calendar.EndOfTime
}

// upTo returns the last of the instants up to and including t, or zero.
func upTo(instants []calendar.Instant, t calendar.Instant) calendar.Instant {
	if n := int(epoch(instants, t)); n > 0 {
		return instants[n-1]
	}
	return 0
}
