package terms

import (
	"slices"
	"strings"

	"termwise.dev/core/catalog"
	"termwise.dev/core/refusal"
)

// sold is what the pages declare.
type sold struct {
	products []string
	pages    []*catalog.Product // of all versions
}

// checkSold refuses what names something that no page declares: a product that a
// document binds or leaves out, a meter that it prices, an add-on that it speaks
// of. A misspelt one would silently bind, price or switch on nothing.
func checkSold(sorted []Published) (errs []error) {
	var all sold
	for _, p := range sorted {
		if product := p.Document.Product; product != nil {
			all.products = append(all.products, product.ID)
			all.pages = append(all.pages, product)
		}
	}
	slices.Sort(all.products)
	all.products = slices.Compact(all.products)
	for _, p := range sorted {
		d := p.Document
		errs = append(errs, d.checkNamed("binds", slices.Concat(d.Binds.Products, d.Binds.ExceptProducts), all.products, "a product that no published page declares")...)
		errs = append(errs, all.checkMeters(d)...)
		errs = append(errs, all.checkAddOns(d)...)
	}
	return errs
}

// of collects what the pages of the products that a document binds declare.
func (s *sold) of(d *Document, declared func(*catalog.Product) []string) (names []string) {
	for _, p := range s.pages {
		if d.Binds.coversProduct(p.ID) {
			names = append(names, declared(p)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// checkMeters wants each price to be for a meter. Those of a page that declares a
// product were checked with it.
func (s *sold) checkMeters(d *Document) (errs []error) {
	if d.Product != nil {
		return nil
	}
	meters := s.of(d, func(p *catalog.Product) (names []string) {
		for _, m := range p.Meters {
			names = append(names, m.Name)
		}
		return names
	})
	for i := range d.terms {
		t := &d.terms[i]
		name, is := strings.CutPrefix(t.Key, PriceOf.Key(""))
		if _, price := t.value.(Price); !is || !price || slices.Contains(meters, name) {
			continue
		}
		errs = append(errs, refusal.New(refusal.DocumentInvalid, "%s sets %s, and no page of a product that %s binds declares a meter %q", d.cite(t.clause).Long(), t.Key, d.ID, name).
			At(d.placeOfTerm(t)).Do("%s", suggest(name, meters)))
	}
	return errs
}

// checkAddOns wants each add-on that is demanded for, or spoken of, to be one of a
// product.
func (s *sold) checkAddOns(d *Document) (errs []error) {
	addOns := s.of(d, func(p *catalog.Product) []string { return p.AddOns })
	for i := range d.terms {
		t := &d.terms[i]
		if name := addOnOf(t.Key); name != "" && !slices.Contains(addOns, name) {
			errs = append(errs, refusal.New(refusal.DocumentInvalid, "%s sets %s, and no page of a product that %s binds declares an add-on %q", d.cite(t.clause).Long(), t.Key, d.ID, name).
				At(d.placeOfTerm(t)).Do("%s", suggest(name, addOns)))
		}
	}
	for _, r := range d.Requires {
		if r.AddOn != "" {
			errs = append(errs, d.checkNamed("requires", []string{r.AddOn}, addOns, "an add-on that no page of a product that it binds declares")...)
		}
	}
	return errs
}

// addOnOf returns the add-on that a key is about, or "".
func addOnOf(key string) string {
	for _, prefix := range []string{DefaultOfAddon.Key(""), OptOutOfAddon.Key("")} {
		if name, is := strings.CutPrefix(key, prefix); is {
			return name
		}
	}
	return ""
}
