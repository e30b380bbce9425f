package terms

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// voided is a document that took its own acceptance back when the order lapsed
// that it came with, and that has not been accepted otherwise.
type voided struct {
	place uint32 // of the document on the shelf
	by    Citation
}

// voided finds what lapsed orders took back, each document once. What a document
// took along with itself, such as the terms of an add-on, is demanded again by
// whatever demanded it before, and is not among them.
func (s *shelf) voided(acts []act, accepted []Acceptance, at, known calendar.Instant) (gone []voided) {
	for i := range accepted {
		a := &accepted[i]
		if a.until(known) > at || a.Recorded > known || a.Void.Clause.Document != a.Document {
			continue
		}
		place, relevant := s.places[a.Document]
		stands := slices.ContainsFunc(acts, func(x act) bool { return x.place == place })
		if relevant && !stands && !slices.ContainsFunc(gone, func(v voided) bool { return v.place == place }) {
			gone = append(gone, voided{place, a.Void.Clause})
		}
	}
	return gone
}

func (q *question) wasVoided(place uint32) bool {
	return slices.ContainsFunc(q.voided, func(v voided) bool { return v.place == place })
}

// voidedNeeds lists what must be accepted again because a lapsed order took it
// back: the version in force, if accepting it would make it bind. Clauses:
// E 2.1.1.1, C 2.2.
func (q *question) voidedNeeds(st *stand) (needs []Need) {
	for _, v := range q.voided {
		d := q.inForce(&q.shelf.histories[v.place])
		if d != nil && !slices.Contains(st.documents, d) && q.wouldBind(v.place, d) {
			needs = append(needs, Need{AnyOf: []*Document{d}, By: v.by})
		}
	}
	return needs
}

// Lapse is what becomes of the acceptance of a document when the order lapses that
// it came with.
type Lapse struct {
	Effect LapseEffect // LapsesTerms takes the acceptance back; anything else leaves it
	Clause Citation
	// Set is what bound when the document was accepted, and says so; nil where the
	// document says it for itself.
	Set *Set
}

// Lapse finds what the lapse of the order that an acceptance came with does to it.
// A document that keeps its acceptance decides that for itself: the compute terms
// end themselves with an order (E 2.1.1.1), and not the general agreement that was
// accepted in the same act (G 2.3.1.2). Of one that ends itself, or is silent,
// what bound for its products when it was accepted decides, so that a document
// that goes before it may keep it, and an add-on's terms share the fate of those
// that they belong to.
//
// It refuses with not_found a version that is not published, with term_conflict
// products for which something else ends each, and what Bind and Get refuse where
// nothing binds for any of the products.
func (c *Corpus) Lapse(s Subject, a Acceptance, known calendar.Instant) (Lapse, error) {
	v := c.version(a.Document, a.Version)
	if v == nil {
		return Lapse{}, refusal.New(refusal.NotFound, "%s %s is not published", a.Document, a.Version).Do("publish it from the provider's archive")
	}
	d := v.Document
	if own, stated := find(d, LapseVoids); stated && own.value.(LapseEffect) != LapsesTerms {
		return Lapse{Effect: own.value.(LapseEffect), Clause: d.cite(own.clause)}, nil
	}
	products := d.Binds.Products
	if len(products) == 0 {
		products = []string{""}
	}
	var found Lapse
	var nothing error
	for _, product := range products {
		s.Product = product
		set, err := c.Bind(s, a.At, known)
		if err != nil {
			nothing = err
			continue
		}
		effect, err := Get(set, LapseVoids)
		if err != nil {
			return Lapse{}, err
		}
		if found.Set != nil && found.Effect != effect.V {
			return Lapse{}, refusal.New(refusal.TermConflict, "%s lapses with an order by %s and not by %s", a.Document, found.Clause.Long(), effect.Citation.Long()).
				Do("let the document say itself what lapses with an order")
		}
		if found.Set == nil {
			found = Lapse{Effect: effect.V, Clause: effect.Citation, Set: set}
		}
	}
	if found.Set == nil {
		return Lapse{}, nothing
	}
	return found, nil
}
