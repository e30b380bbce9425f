package terms

import (
	"slices"
	"strings"

	"termwise.dev/core/refusal"
)

// AddOn is an add-on of a product, as the documents of a Set have it.
type AddOn struct {
	Name    string
	Default AddonDefault // "" where no document says whether it comes with the product
	// Clause says whether it comes with the product or, where none does, demands
	// that something is accepted for it.
	Clause Citation
}

// On says whether the add-on is on where the customer has switched nothing: it is
// switched on with the product, or the provider provides it.
func (a AddOn) On() bool { return a.Default == AddonOn || a.Default == AddonProvided }

// AddOns lists the add-ons that the documents of the Set name, sorted by name. It
// refuses what AddOn refuses.
func (s *Set) AddOns() ([]AddOn, error) {
	var list []AddOn
	for _, name := range s.addOnNames() {
		a, err := s.AddOn(name)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// AddOn finds an add-on. It refuses with bad_input one that no document of the Set
// names, and with term_conflict one of which nothing decides whether it is on.
// Clauses: E 3.1.7, 3.1.9 and 3.2.5, G 3.2.6.
func (s *Set) AddOn(name string) (AddOn, error) {
	names := s.addOnNames()
	if !slices.Contains(names, name) {
		return AddOn{}, refusal.New(refusal.BadInput, "no document that binds names an add-on %q of %s", name, s.productID).
			At("addon").Do("%s", suggestAddOn(name, names))
	}
	v, err := GetIn(s, DefaultOfAddon, name)
	if err != nil {
		return AddOn{}, err
	}
	a := AddOn{Name: name, Default: v.V, Clause: v.Citation}
	if demands := s.Demands(name); v.Silent && len(demands) > 0 {
		a.Clause = demands[0].By
	}
	return a, nil
}

// suggestAddOn tells who asks for an add-on what there is.
func suggestAddOn(name string, known []string) string {
	if len(known) == 0 {
		return "the product has no add-ons"
	}
	return suggest(name, known)
}

// AddOnDemand is what a clause demands to be accepted before an add-on is switched on.
type AddOnDemand struct {
	Documents []string // their ids
	By        Citation
	Under     Citation // as in Need, of those documents that the Set holds
}

// Demands lists what is demanded for an add-on.
func (s *Set) Demands(name string) (demands []AddOnDemand) {
	for _, d := range s.documents {
		for _, r := range d.Requires {
			if r.AddOn != name {
				continue
			}
			demand := AddOnDemand{Documents: r.Documents, By: d.cite(r.Clause)}
			for _, id := range r.Documents {
				if under := s.licenceClause(d, s.Document(id)); under != (Citation{}) {
					demand.Under = under
				}
			}
			demands = append(demands, demand)
		}
	}
	return demands
}

// addOnNames lists the add-ons that the page of the product declares and of which
// some document speaks.
func (s *Set) addOnNames() (names []string) {
	page := s.Product()
	if page == nil {
		return nil
	}
	for _, name := range page.AddOns {
		if slices.ContainsFunc(s.documents, func(d *Document) bool { return d.speaksOfAddOn(name) }) {
			names = append(names, name)
		}
	}
	return names
}

// speaksOfAddOn says whether a document says that an add-on comes with the product
// or not, or demands something for it.
func (d *Document) speaksOfAddOn(name string) bool {
	return slices.Contains(d.defaultedAddOns(), name) || slices.ContainsFunc(d.Requires, func(r Requirement) bool { return r.AddOn == name })
}

// defaultedAddOns lists the add-ons of which a document says whether they come
// with the product.
func (d *Document) defaultedAddOns() (names []string) {
	for _, t := range d.terms {
		if name, is := strings.CutPrefix(t.Key, DefaultOfAddon.Key("")); is {
			names = append(names, name)
		}
	}
	return names
}

// licenceClause returns the clause by which a document that another one demands
// applies as the licence of a third party: one that is no agreement, and whose
// issuer is not that of the document that demands it. It is zero for any other
// document, and where nothing that binds speaks of such licences.
func (s *Set) licenceClause(demanding, demanded *Document) Citation {
	if s == nil || demanded == nil || demanded.Issuer == demanding.Issuer || demanded.isAgreement() {
		return Citation{}
	}
	rule, _ := Get(s, ThirdPartyLicences) // it has a single value, on which no two can differ
	return rule.Citation
}
