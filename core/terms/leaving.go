package terms

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// Leaving is how an account leaves that does not agree to a new version.
type Leaving struct {
	Succession
	// Product is the product whose documents say so; empty for the account as a whole.
	Product string
	// Set is what binds the account just before the version takes effect.
	Set    *Set
	Steps  []DissentStep
	Clause Citation
}

// Leaving finds the clause by which an account may leave over a version, as known
// at an instant: the document's own, else what binds for the product. It refuses
// with not_found a version that is not published or changes nothing for the
// account, and with no_way_out where no document says how to leave: then not to
// use the service is all there is (S 14.2, U 14.2).
//
// Where something is tried (see During), the account is taken to leave over the
// version as it was published, also if what is tried says the same: whether there
// is a way out is all that the tried documents decide.
func (c *Corpus) Leaving(document, label string, who Standing, known calendar.Instant) (Leaving, error) {
	s, err := c.succession(document, label, (*version).published)
	if err != nil {
		return Leaving{}, err
	}
	a := c.asking(s, who, known)
	a.affected = c.tries
	affected := false
	for _, product := range append([]string{""}, c.products...) {
		if len(a.kinds(product)) == 0 {
			continue
		}
		affected = true
		if old := a.set.Document(document); old != nil && speaksOfDissent(old) && !describesExit(old) {
			break
		}
		steps, err := read(&a, ChangeExit, true)
		if err != nil {
			return Leaving{}, err
		}
		if !steps.Silent {
			return Leaving{Succession: s, Product: product, Set: a.set, Steps: steps.V, Clause: steps.Citation}, nil
		}
	}
	if !affected {
		return Leaving{}, refusal.New(refusal.NotFound, "%s %s changes nothing for account %s", document, label, who.Account).
			Do("name a version that was announced to the account")
	}
	return Leaving{}, refusal.New(refusal.NoWayOut, "no document that binds account %s says how to leave over %s %s", who.Account, document, label).
		Do("stop using the service: who goes on using it accepts the change")
}

func speaksOfDissent(d *Document) bool {
	_, stated := find(d, ChangeDissent)
	return stated
}

func describesExit(d *Document) bool {
	_, stated := find(d, ChangeExit)
	return stated
}
