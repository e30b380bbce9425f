package terms

import (
	"slices"
	"strings"

	"termwise.dev/core/catalog"
	"termwise.dev/core/refusal"
)

// sold is what the pages declare.
type sold struct {
	products []string                      // sorted
	pages    map[string][]*catalog.Product // of all versions, by product
	found    map[string]*declared          // by the products that are bound
}

// declared are the names that the pages of some products declare, sorted.
type declared struct{ meters, addOns []string }

// checkSold refuses what names something that no page declares: a product that a
// document binds or leaves out, a meter that it prices, an add-on that it speaks
// of. A misspelt one would silently bind, price or switch on nothing. What a
// product has that no page declares is not known, and is no fault of its own.
func checkSold(sorted []Published) (errs []error) {
	all := sold{pages: make(map[string][]*catalog.Product), found: make(map[string]*declared)}
	for _, p := range sorted {
		if product := p.Document.Product; product != nil {
			all.products = append(all.products, product.ID)
			all.pages[product.ID] = append(all.pages[product.ID], product)
		}
	}
	slices.Sort(all.products)
	all.products = slices.Compact(all.products)
	for _, p := range sorted {
		d := p.Document
		unknown := d.checkNamed("binds", d.Binds.Products, all.products, noPageDeclares)
		errs = append(errs, unknown...)
		errs = append(errs, d.checkNamed("binds", d.Binds.ExceptProducts, all.products, noPageDeclares)...)
		if len(unknown) > 0 {
			continue
		}
		has := all.of(d.Binds)
		errs = append(errs, d.checkMeters(has.meters)...)
		errs = append(errs, d.checkAddOns(has.addOns)...)
	}
	return errs
}

const noPageDeclares = "a product that no published page declares"

// of collects what the pages of the products that are bound declare, once for all
// documents that bind the same.
func (s *sold) of(b Binds) *declared {
	key := strings.Join(b.Products, " ") + "|" + strings.Join(b.ExceptProducts, " ")
	if has := s.found[key]; has != nil {
		return has
	}
	has := &declared{}
	products := b.Products
	if len(products) == 0 {
		products = s.products
	}
	for _, id := range products {
		if !b.coversProduct(id) {
			continue
		}
		for _, p := range s.pages[id] {
			for _, m := range p.Meters {
				has.meters = append(has.meters, m.Name)
			}
			has.addOns = append(has.addOns, p.AddOns...)
		}
	}
	for _, names := range []*[]string{&has.meters, &has.addOns} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	s.found[key] = has
	return has
}

// checkMeters wants each price to be for a meter. Those of a page that declares a
// product were checked with it.
func (d *Document) checkMeters(meters []string) (errs []error) {
	if d.Product != nil {
		return nil
	}
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
func (d *Document) checkAddOns(addOns []string) (errs []error) {
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
