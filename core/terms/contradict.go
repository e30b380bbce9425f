package terms

import "termwise.dev/core/calendar"

// Contradiction is that two clauses say differently what nothing decides.
type Contradiction struct {
	First, Second *Document
	// Err has code term_conflict, cites both clauses and names file, line and
	// column of each.
	Err error
}

// Contradictions lists on which keys the documents that come to bind an account
// from an instant on contradict each other with nothing to decide between them,
// where those of an earlier corpus do not. What the account accepts after that
// instant is not foreseen; it is refused at resolution.
func (c *Corpus) Contradictions(who Standing, earlier *Corpus, from calendar.Instant) (found []Contradiction) {
	reported := make(map[string]bool)
	for _, product := range append([]string{""}, c.products...) {
		for at := from; at < calendar.EndOfTime; at = after(c.shelves[product].turns, at) {
			set, err := who.bind(c, product, at, calendar.EndOfTime)
			if err != nil {
				continue // nothing binds that could contradict
			}
			before, _ := who.bind(earlier, product, at, calendar.EndOfTime)
			for _, key := range set.undecided() {
				if before != nil && before.contradicts(key) || reported[key] {
					continue
				}
				reported[key] = true
				first, second := set.ranking.disagreeing(candidatesOf(set.documents)[key])
				found = append(found, Contradiction{first.document, second.document, placed(set.resolved[key].err, first, second)})
			}
		}
	}
	return found
}

// contradicts says whether nothing decides a key already.
func (s *Set) contradicts(key string) bool {
	return s.resolved[key].err != nil
}
