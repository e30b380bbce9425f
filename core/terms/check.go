package terms

import (
	"slices"
	"strings"

	"termwise.dev/core/catalog"
	"termwise.dev/core/refusal"
)

// checkOrder refuses neighbours that took effect and became known together:
// neither is the later one.
func checkOrder(sorted []Published) (errs []error) {
	for i := 1; i < len(sorted); i++ {
		a, b := sorted[i-1], sorted[i]
		if a.Document.ID == b.Document.ID && a.Document.Effective == b.Document.Effective && a.Recorded == b.Recorded {
			errs = append(errs, refusal.New(refusal.DocumentInvalid, "versions %s and %s of %s take effect and became known at the same instants",
				a.Document.Version, b.Document.Version, a.Document.ID).At(b.Document.Place("effective")).Do("publish only one of them, or give them different effective dates"))
		}
	}
	return errs
}

// checkCodes refuses a citation code that two documents claim.
func checkCodes(sorted []Published) (errs []error) {
	owner := make(map[string]string)
	for _, p := range sorted {
		d := p.Document
		if other, ok := owner[d.Code]; ok && other != d.ID {
			errs = append(errs, refusal.New(refusal.AlreadyExists, "the code %s of %s is already the code of %s", d.Code, d.ID, other).
				At(d.Place("code")).Do("give each document its own code, so that a citation names one document"))
			continue
		}
		owner[d.Code] = d.ID
	}
	return errs
}

// checkProducts refuses a product that two pages declare, and a price that any
// document sets per another unit than the product's meter is counted in.
func checkProducts(sorted []Published) (errs []error) {
	pages := make(map[string]string)
	for _, p := range sorted {
		page := p.Document
		if page.Product == nil {
			continue
		}
		if other, ok := pages[page.Product.ID]; ok && other != page.ID {
			errs = append(errs, refusal.New(refusal.AlreadyExists, "the product %s of %s is already declared by %s", page.Product.ID, page.ID, other).
				At(page.Place("product")).Do("declare each product on one page"))
			continue
		}
		pages[page.Product.ID] = page.ID
		for _, priced := range sorted {
			if priced.Document.ID != page.ID && priced.Document.Binds.coversProduct(page.Product.ID) {
				errs = append(errs, checkUnits(priced.Document, page.Product)...)
			}
		}
	}
	return errs
}

func checkUnits(d *Document, product *catalog.Product) (errs []error) {
	for _, t := range d.terms {
		price, ok := t.value.(Price)
		if !ok {
			continue
		}
		meter, ok := product.Meter(strings.TrimPrefix(t.Key, PriceOf.Key("")))
		if ok && meter.Unit != price.Per {
			errs = append(errs, refusal.New(refusal.DocumentInvalid, "%s sets %s to %q and the product %s counts it per %s",
				d.cite(t.clause).Long(), t.Key, t.Text, product.ID, meter.Unit).At(d.placeOfTerm(&t)).Do("price it per %s, or bind the document to other products", meter.Unit))
		}
	}
	return errs
}

// checkNames refuses a header that names what does not exist: a misspelt kind
// would silently rank or end nothing, a misspelt document never be demanded.
func checkNames(sorted []Published) (errs []error) {
	var kinds, documents, acceptable, issuers []string
	for _, k := range Kinds() {
		kinds = append(kinds, string(k))
	}
	for _, p := range sorted {
		documents = append(documents, p.Document.ID)
		issuers = append(issuers, p.Document.Issuer)
		if p.Document.By == ByAcceptance {
			acceptable = append(acceptable, p.Document.ID)
		}
	}
	ended := slices.Concat(kinds, documents)
	pinned := slices.Concat([]string{self}, documents)
	ranked := slices.Concat(kinds, pinned)
	for _, p := range sorted {
		d := p.Document
		for _, level := range d.Precedence {
			errs = append(errs, d.checkNamed("precedence", level.Names, ranked, "neither a kind nor a published document")...)
		}
		for _, e := range d.Ends {
			errs = append(errs, d.checkNamed("ends", e.Documents, ended, "neither a kind nor a published document")...)
			errs = append(errs, d.checkNamed("ends", e.Issuers, issuers, "the issuer of no published document")...)
		}
		for _, pin := range d.Pins {
			errs = append(errs, d.checkNamed("pins", pin.Documents, pinned, "no published document")...)
		}
		for _, r := range d.Requires {
			errs = append(errs, d.checkNamed("requires", r.Documents, acceptable, "no published document that binds by acceptance")...)
		}
	}
	return errs
}

func (d *Document) checkNamed(field string, names, known []string, what string) (errs []error) {
	for _, name := range names {
		if !slices.Contains(known, name) {
			errs = append(errs, refusal.New(refusal.DocumentInvalid, "%s of %s %s names %q, which is %s", field, d.ID, d.Version, name, what).
				At(d.placeOf(field, name)).Do("%s", suggest(name, known)))
		}
	}
	return errs
}
