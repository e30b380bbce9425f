package catalog

import (
	"slices"
	"strings"

	"termwise.dev/core/refusal"
)

// Product is one thing that can be sold.
type Product struct {
	ID     string  `json:"id"`
	Title  string  `json:"title"`
	Meters []Meter `json:"meters"` // sorted by name
	// AddOns are what can be switched on and off beside it, sorted.
	AddOns []string `json:"add_ons,omitempty"`
}

// Meter says how one kind of usage is counted and priced: quantities are
// integers of Base, a price is per Unit, and Per units of Base make one Unit.
type Meter struct {
	Name string `json:"name"`
	Base string `json:"base"` // for example milli_vcpu_second
	Unit string `json:"unit"` // for example vCPU·hour
	Per  int64  `json:"per"`  // for example 3600000
}

// NewProduct makes a product with its meters and add-ons sorted by name. A meter
// without a name, base or unit, a Per below one, or a name that appears twice is
// refused with code bad_input.
func NewProduct(id, title string, meters []Meter, addOns ...string) (*Product, error) {
	sorted := slices.AppendSeq([]Meter{}, slices.Values(meters)) // never nil: a product without meters has an empty list
	slices.SortFunc(sorted, byName)
	for i, m := range sorted {
		if m.Name == "" || m.Base == "" || m.Unit == "" {
			return nil, refusal.New(refusal.BadInput, "meter %q of product %s is not complete", m.Name, id).
				Do("give it a name, a base unit and a priced unit")
		}
		if m.Per < 1 {
			return nil, refusal.New(refusal.BadInput, "meter %q of product %s says that %d base units make a %s", m.Name, id, m.Per, m.Unit).
				Do("give per as a whole number of at least 1")
		}
		if i > 0 && sorted[i-1].Name == m.Name {
			return nil, refusal.New(refusal.BadInput, "meter %q of product %s appears twice", m.Name, id).Do("name each meter once")
		}
	}
	addOns = slices.Sorted(slices.Values(addOns))
	for i, name := range addOns {
		if i > 0 && addOns[i-1] == name {
			return nil, refusal.New(refusal.BadInput, "add-on %q of product %s appears twice", name, id).Do("name each add-on once")
		}
	}
	return &Product{ID: id, Title: title, Meters: sorted, AddOns: addOns}, nil
}

// Meter returns the meter with this name.
func (p *Product) Meter(name string) (Meter, bool) {
	i, ok := slices.BinarySearchFunc(p.Meters, Meter{Name: name}, byName)
	if !ok {
		return Meter{}, false
	}
	return p.Meters[i], true
}

func byName(a, b Meter) int { return strings.Compare(a.Name, b.Name) }
