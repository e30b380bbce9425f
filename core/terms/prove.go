package terms

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// prove refuses the conflicts that no acceptance can heal. At every instant at
// which something takes effect or ends, and for every product, the documents
// that bind everyone by publication must agree, or be ranked, on every key that
// they set; unless an agreement that accounts may accept could rank them or
// speak in their place. What is left undecided then is refused at resolution.
func (c *Corpus) prove() (errs []error) {
	reported := make(map[string]bool)
	for _, product := range append([]string{""}, c.products...) {
		for _, at := range c.shelves[product].turns {
			for _, err := range c.proveAt(product, at) {
				if !reported[err.Error()] {
					reported[err.Error()] = true
					errs = append(errs, err)
				}
			}
		}
	}
	return errs
}

func (c *Corpus) proveAt(product string, at calendar.Instant) (errs []error) {
	// An account without a name is on no document's list and has accepted nothing.
	nobody := question{shelf: c.shelves[product], subject: &Subject{Product: product}, at: at, known: calendar.EndOfTime}
	b := c.share(product, nobody.bound())
	for _, key := range b.undecided() {
		candidates := candidatesOf(b.documents)[key]
		if !c.acceptable(product, at, func(d *Document) bool { return d.couldDecide(key, candidates) }) {
			first, second := b.ranking.disagreeing(candidates)
			errs = append(errs, placed(b.resolved[key].err, first, second))
		}
	}
	return errs
}

// undecided lists the keys that the documents set unequally without a ranking.
func (b *binding) undecided() (keys []string) {
	for key, r := range b.resolved {
		if refusal.CodeOf(r.err) == refusal.TermConflict {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// acceptable says whether some document that an account may come to be bound by,
// beside those that bind everyone, satisfies the condition.
func (c *Corpus) acceptable(product string, at calendar.Instant, condition func(*Document) bool) bool {
	sh := c.shelves[product]
	for _, h := range sh.histories[:sh.covering] {
		for _, v := range h.versions {
			d := v.Document
			inForce := d.Effective <= at && at < d.Until && d.Binds.coversProduct(product)
			if d.By == ByAcceptance && inForce && condition(d) {
				return true
			}
		}
	}
	return false
}

// couldDecide says whether the document, once accepted, might help to settle a
// key on which others disagree: it sets the key itself, or ranks two of them. To
// rank another two than those that are cited can be enough, when a third then
// beats both.
func (d *Document) couldDecide(key string, candidates []candidate) bool {
	if slices.ContainsFunc(d.terms, func(t Term) bool { return t.Key == key }) {
		return true
	}
	if len(d.Precedence) == 0 {
		return false
	}
	for i, a := range candidates {
		for _, b := range candidates[i+1:] {
			if _, ranks := d.declares(a.document, b.document); ranks {
				return true
			}
		}
	}
	return false
}
