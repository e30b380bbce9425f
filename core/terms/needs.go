package terms

import (
	"errors"
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// Need is something that an account must still accept.
type Need struct {
	AnyOf []*Document // the versions in force; accepting one of them is enough
	AddOn string      // the add-on that it is needed for; "" for the product itself
	By    Citation    // the clause that demands it; zero where no agreement binds at all
	// Under is the clause by which the licences of third parties apply, where the
	// document is one (G 3.1.8, E 3.1.3.3, C 3.1.3.3); zero where nothing says so.
	Under Citation
}

// ByUse returns the versions that the first use of the subject's product at an
// instant accepts: those in force that list use among their forms of acceptance
// and would bind, if they were accepted then, what they do not bind yet. Where a
// general agreement binds the product, or the account as a whole, use accepts no
// other; and where use could accept several, it accepts none of them, since it
// does not say which. What a lapsed order took back is accepted anew by an express
// act, and not by going on. The slice is shared: do not change it.
func (c *Corpus) ByUse(s Subject, at, known calendar.Instant) []*Document {
	st, _ := c.stand(&s, at, known)
	if !slices.ContainsFunc(st.byUse, isGeneral) {
		return st.byUse
	}
	s.Product = ""
	if whole, _ := c.stand(&s, at, known); !slices.ContainsFunc(whole.documents, isGeneral) {
		return st.byUse
	}
	return slices.DeleteFunc(slices.Clone(st.byUse), isGeneral)
}

// Missing lists what the account must accept before it uses or orders the
// subject's product with add-ons: an agreement where none binds, the terms that a
// lapsed order took back and that would bind it again, whatever the documents in
// force require that it has not accepted, and so on. It refuses
// with unknown_product what no page sells, and with bad_input an add-on that no
// document names. Without add-ons the slice is shared: do not change it.
func (c *Corpus) Missing(s Subject, addOns []string, at, known calendar.Instant) ([]Need, error) {
	st, _ := c.stand(&s, at, known)
	if st.refused == refusal.UnknownProduct {
		return nil, s.refusal(st.refused, at)
	}
	if len(addOns) == 0 {
		return st.missing, nil
	}
	sh := c.shelves[s.Product]
	acts, _ := sh.acts(nil, s.Accepted, at, known)
	left, _ := sh.left(nil, s.Left, at, known)
	q := question{
		shelf: sh, subject: &s, acts: acts, left: left, voided: sh.voided(acts, s.Accepted, at, known),
		pinned: c.pinned(sh, &s, at, known), at: at, known: known,
	}
	q.waiting = c.wait(&q)
	if err := q.checkAddOns(addOns); err != nil {
		return nil, err
	}
	return q.missing(st, addOns), nil
}

// Refusal refuses what the Need is missing for.
func (n Need) Refusal(s Subject) error {
	what := s.Product
	if n.AddOn != "" {
		what += " with " + n.AddOn
	}
	if n.By == (Citation{}) {
		return refusal.New(refusal.NotAccepted, "no agreement binds account %s for %s", s.Account, what).
			Do("accept %s first", anyOf(n.AnyOf))
	}
	under := ""
	if n.Under != (Citation{}) {
		under = ", as " + n.Under.Long() + " provides,"
	}
	return refusal.New(refusal.NotAccepted, "%s demands%s that account %s has accepted %s before it uses %s", n.By.Long(), under, s.Account, anyOf(n.AnyOf), what).
		Do("accept it first")
}

// Unmet refuses what something is missing for: it says what demands the first
// Need, and names whatever is to be accepted. It returns nil where nothing is
// missing.
func Unmet(needs []Need, s Subject) error {
	if len(needs) == 0 {
		return nil
	}
	err := needs[0].Refusal(s)
	var refused *refusal.Error
	if len(needs) == 1 || !errors.As(err, &refused) {
		return err
	}
	all := make([]string, len(needs))
	for i, n := range needs {
		all[i] = anyOf(n.AnyOf)
	}
	return refused.Do("accept %s first", strings.Join(all, " and "))
}

func anyOf(documents []*Document) string {
	text := "an agreement, once one is in force"
	for i, d := range documents {
		if i == 0 {
			text = ""
		} else {
			text += " or "
		}
		text += d.ID + " " + d.Version
	}
	return text
}

// byUse finds what use accepts beside what binds.
func (q *question) byUse(bound []*Document) (usable []*Document) {
	general := slices.ContainsFunc(bound, isGeneral)
	for i := range q.shelf.histories[:q.shelf.covering] {
		d := q.inForce(&q.shelf.histories[i])
		if d == nil || d.By != ByAcceptance || general && d.Kind == General || slices.Contains(bound, d) || q.wasVoided(uint32(i)) {
			continue
		}
		if forms, _ := In(d, AcceptanceForms); slices.Contains(forms, Use) && q.wouldBind(uint32(i), d) {
			usable = append(usable, d)
		}
	}
	if generals := countOf(usable, isGeneral); generals > 1 {
		usable = slices.DeleteFunc(usable, isGeneral)
	}
	return usable
}

func isGeneral(d *Document) bool { return d.Kind == General }

func countOf(documents []*Document, is func(*Document) bool) (n int) {
	for _, d := range documents {
		if is(d) {
			n++
		}
	}
	return n
}

// wouldBind says whether a document would bind if it were accepted now.
func (q *question) wouldBind(place uint32, d *Document) bool {
	then := *q
	then.acts = append(slices.DeleteFunc(slices.Clone(q.acts), func(a act) bool { return a.place == place }), act{place: place, last: q.at})
	return slices.ContainsFunc(then.bound(), func(v version) bool { return v.Document == d })
}

// missing lists what is to be accepted. What use accepts is asked for what it
// requires as if it were accepted.
func (q *question) missing(st *stand, addOns []string) (needs []Need) {
	needs = q.voidedNeeds(st)
	if st.refused == refusal.NotAccepted && !slices.ContainsFunc(needs, func(n Need) bool { return n.AnyOf[0].isAgreement() }) {
		needs = append([]Need{{AnyOf: q.agreements()}}, needs...)
	}
	asking := slices.Concat(st.documents, st.byUse)
	asked := make(map[string]bool)
	for _, n := range needs {
		if n.By != (Citation{}) {
			asked[n.AnyOf[0].ID] = true
			asking = append(asking, n.AnyOf[0])
		}
	}
	for len(asking) > 0 {
		d := asking[0]
		asking = asking[1:]
		for _, r := range d.Requires {
			if r.AddOn != "" && !slices.Contains(addOns, r.AddOn) {
				continue
			}
			for _, id := range r.Documents {
				required := q.lacks(st, id)
				if required == nil || asked[id] {
					continue
				}
				asked[id] = true
				needs = append(needs, Need{AnyOf: []*Document{required}, AddOn: r.AddOn, By: d.cite(r.Clause), Under: st.set.licenceClause(d, required)})
				asking = append(asking, required)
			}
		}
	}
	return withoutAnswered(needs)
}

// withoutAnswered leaves out that some agreement is to be accepted where a clause
// demands one of those that could be.
func withoutAnswered(needs []Need) []Need {
	if len(needs) == 0 || needs[0].By != (Citation{}) {
		return needs
	}
	answered := slices.ContainsFunc(needs[1:], func(n Need) bool { return n.AddOn == "" && slices.Contains(needs[0].AnyOf, n.AnyOf[0]) })
	if answered {
		return needs[1:]
	}
	return needs
}

// lacks returns the version in force of a document that the account has not
// accepted, or whose acceptance was ended; nil where nothing is lacking.
func (q *question) lacks(st *stand, id string) *Document {
	place := q.shelf.places[id]
	d := q.inForce(&q.shelf.histories[place])
	if d == nil || slices.Contains(st.documents, d) {
		return nil
	}
	if _, accepted := q.accepted(place); accepted && !q.covers(d) {
		return nil // it binds another product, and was accepted for that
	}
	return d
}

// agreements lists the agreements in force that the account may accept.
func (q *question) agreements() (documents []*Document) {
	for i := range q.shelf.histories[:q.shelf.covering] {
		if d := q.inForce(&q.shelf.histories[i]); d != nil && d.By == ByAcceptance && d.isAgreement() && q.covers(d) {
			documents = append(documents, d)
		}
	}
	return documents
}

// checkAddOns refuses an add-on that no document in force names: demands something
// for, or says of whether it comes with the product.
func (q *question) checkAddOns(addOns []string) error {
	var known []string
	for i := range q.shelf.histories {
		if d := q.inForce(&q.shelf.histories[i]); d != nil {
			for _, r := range d.Requires {
				known = append(known, r.AddOn)
			}
			known = append(known, d.defaultedAddOns()...)
		}
	}
	known = slices.DeleteFunc(known, func(name string) bool { return name == "" })
	slices.Sort(known)
	known = slices.Compact(known)
	for _, name := range addOns {
		if !slices.Contains(known, name) {
			return refusal.New(refusal.BadInput, "no document in force names an add-on %q of %s", name, q.shelf.product).
				At("addon").Do("%s", suggestAddOn(name, known))
		}
	}
	return nil
}
