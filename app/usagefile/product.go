package usagefile

import (
	"errors"
	"slices"
	"strings"

	"termwise.dev/core/catalog"
	"termwise.dev/core/refusal"
)

// CheckProducts refuses, with code unknown_product or unknown_meter and the
// mapping's own places, a product that none of these is, and every meter that
// the product does not have. A product may be given several times, as each
// version of its page declares it; a meter of any of them is one of its meters.
func (m *Mapping) CheckProducts(products []*catalog.Product) error {
	var known, meters []string
	for _, p := range products {
		known = append(known, p.ID)
		if p.ID != m.product.name {
			continue
		}
		for _, meter := range p.Meters {
			meters = append(meters, meter.Name)
		}
	}
	known, meters = distinct(known), distinct(meters)
	if !slices.Contains(known, m.product.name) {
		return refusal.New(refusal.UnknownProduct, "no published page sells the product %q", m.product.name).
			At(m.product.place).Do("%s", suggestAmong(m.product.name, known, "publish its page first"))
	}
	var faults []error
	for _, meter := range m.meters {
		if !slices.Contains(meters, meter.name) {
			faults = append(faults, refusal.New(refusal.UnknownMeter, "product %s has no meter %q", m.product.name, meter.name).
				At(meter.place).Do("%s", suggestAmong(meter.name, meters, "publish a page that declares it")))
		}
	}
	return errors.Join(faults...)
}

// suggestAmong names the name that is most like a word, else all; where there is
// none, it says what else to do.
func suggestAmong(word string, names []string, otherwise string) string {
	if len(names) == 0 {
		return otherwise
	}
	if best := nearest(word, names); best != "" {
		return "did you mean " + best + "?"
	}
	return "use one of: " + strings.Join(names, ", ")
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
