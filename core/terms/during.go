package terms

import (
	"math"
	"slices"
	"strings"

	"termwise.dev/core/calendar"
)

// alwaysKnown is before every instant at which something was recorded.
const alwaysKnown calendar.Instant = math.MinInt64

// During returns a corpus that asks "what if": from one instant to another, both
// included, each given version stands in place of whatever version of its
// document was in force, whatever its own dates are, and is known. At every
// other instant the corpus binds what c binds. Who is bound stays a matter of
// the version's lists and of acceptances; one version of a document may be
// given. An account that had left a document by the first instant stays under
// what it had agreed to, and one that leaves it later leaves what is tried: over
// which version it may leave, and when that one takes effect, stays as it was.
//
// It is for comparing, never for deciding: nothing is proved about how the
// versions stand together, so a conflict shows when a term is asked for.
func (c *Corpus) During(from, to calendar.Instant, versions []*Document) *Corpus {
	other := &Corpus{products: slices.Clone(c.products), shelves: make(map[string]*shelf), bindings: make(map[string]*binding), kinds: make(map[[2]*Document][]Proof), tries: true}
	instead := make(map[string]*Document, len(versions))
	for _, d := range versions {
		instead[d.ID] = d
		other.products = append(other.products, productsOf([]Published{{Document: d}})...)
	}
	slices.Sort(other.products)
	other.products = slices.Compact(other.products)
	for _, h := range c.histories {
		if d := instead[h.id]; d != nil {
			h = h.during(from, to, d)
			delete(instead, d.ID)
		}
		other.histories = append(other.histories, h)
	}
	for id, d := range instead {
		other.histories = append(other.histories, history{id: id}.during(from, to, d))
	}
	slices.SortFunc(other.histories, func(a, b history) int { return strings.Compare(a.id, b.id) })
	other.number()
	for _, product := range append([]string{""}, other.products...) {
		other.shelves[product] = other.newShelf(product)
	}
	return other
}

// during returns the history with one version in force from one instant to
// another. The versions that the history had are there before, and again after.
func (h history) during(from, to calendar.Instant, d *Document) history {
	changed := history{id: h.id}
	add := func(v version) { changed.versions = append(changed.versions, v) }
	for _, v := range h.versions {
		if v.Document.Effective < from {
			add(v)
		}
	}
	add(version{Published: Published{Document: d.dated(from, to+1), Recorded: alwaysKnown}})
	for _, v := range h.versions {
		if v.Document.Effective <= to {
			add(version{Published: Published{Document: v.Document.dated(to+1, v.Document.Until), Recorded: v.Recorded}, was: v.Document})
		}
	}
	for _, v := range h.versions {
		if v.Document.Effective > to {
			add(v)
		}
	}
	return changed
}

// dated returns a copy with other dates.
func (d *Document) dated(effective, until calendar.Instant) *Document {
	copied := *d
	copied.Effective, copied.Until = effective, until
	return &copied
}

// number numbers the versions in order of document and version, as sets need them.
func (c *Corpus) number() {
	var n uint32
	for i := range c.histories {
		c.histories[i].versions = slices.Clone(c.histories[i].versions)
		for j := range c.histories[i].versions {
			c.histories[i].versions[j].number = n
			n++
		}
	}
}
