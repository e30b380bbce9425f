package terms

import (
	"cmp"
	"slices"
	"strings"

	"termwise.dev/core/refusal"
)

// candidate is a value that a bound document sets for a key.
type candidate struct {
	document *Document
	term     *Term
}

func (c candidate) citation() Citation          { return c.document.cite(c.term.clause) }
func (c candidate) equals(other candidate) bool { return c.term.canonical == other.term.canonical }

// resolution is what a key means for a set of documents.
type resolution struct {
	winner candidate
	err    error
}

// candidatesOf groups the documents' terms by key. The documents are sorted by
// id and each document's terms by key and clause, so the groups do not depend on
// the order in which anything was published.
func candidatesOf(documents []*Document) map[string][]candidate {
	groups := make(map[string][]candidate)
	for _, d := range documents {
		for i := range d.terms {
			t := &d.terms[i]
			groups[t.Key] = append(groups[t.Key], candidate{document: d, term: t})
		}
	}
	return groups
}

// resolve finds the candidate that beats, or says the same as, every other one.
// Several can, when their values are equal: then the one that none of them beats
// is cited, and among such the first by document id.
func (r *ranking) resolve(key string, candidates []candidate) resolution {
	winners := slices.Clone(candidates)
	winners = slices.DeleteFunc(winners, func(c candidate) bool { return !r.holdsAgainst(c, candidates) })
	if len(winners) == 0 {
		return resolution{err: r.conflict(key, candidates)}
	}
	for _, w := range winners {
		if !r.isBeaten(w, winners) {
			return resolution{winner: w}
		}
	}
	return resolution{winner: winners[0]}
}

func (r *ranking) holdsAgainst(c candidate, others []candidate) bool {
	for _, o := range others {
		if !c.equals(o) && !r.compare(c.document, o.document).beats {
			return false
		}
	}
	return true
}

func (r *ranking) isBeaten(c candidate, by []candidate) bool {
	return slices.ContainsFunc(by, func(o candidate) bool { return r.compare(o.document, c.document).beats })
}

// conflict cites the two strongest candidates that disagree.
func (r *ranking) conflict(key string, candidates []candidate) error {
	a, b := r.disagreeing(candidates)
	return refusal.New(refusal.TermConflict, "%s is %q by %s and %q by %s, and nothing decides between them",
		key, a.term.Text, a.citation().Long(), b.term.Text, b.citation().Long()).
		Do("%s", r.compare(a.document, b.document).remedy(a.document, b.document))
}

// disagreeing returns two unequal candidates of which neither beats the other, if
// possible such that nothing else beats the first: those are what has to be
// settled.
func (r *ranking) disagreeing(candidates []candidate) (a, b candidate) {
	strength := func(c candidate) int {
		if r.isBeaten(c, candidates) {
			return 1
		}
		return 0
	}
	ordered := slices.SortedStableFunc(slices.Values(candidates), func(a, b candidate) int {
		return cmp.Compare(strength(a), strength(b))
	})
	for i, a := range ordered {
		for _, b := range ordered[i+1:] {
			if !a.equals(b) && !r.compare(a.document, b.document).beats && !r.compare(b.document, a.document).beats {
				return a, b
			}
		}
	}
	a = ordered[0]
	i := slices.IndexFunc(ordered, func(c candidate) bool { return !c.equals(a) })
	return a, ordered[i]
}

// compareTerms orders terms by key, then clause.
func compareTerms(a, b Term) int {
	return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.clause, b.clause))
}
