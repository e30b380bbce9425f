package terms

import (
	"fmt"
	"math"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"termwise.dev/core/catalog"
)

// product reads the catalogue part of a page. It always returns a product, so
// that later checks can name what was read.
func (p *documentReader) product(n ast.Node) *catalog.Product {
	var id, title string
	var metersStated bool // a product may have none, but it must say so
	var meters []catalog.Meter
	var addOns []string
	for _, f := range p.fields(n, "id", "title", "meters", "add_ons") {
		switch f.name {
		case "id":
			id = p.name(f, isDocumentID, "lower-case letters, digits and hyphens")
		case "title":
			title = p.text(f.value)
		case "meters":
			metersStated = true
			for _, m := range p.fields(f.value) {
				meters = append(meters, p.meter(m))
			}
		case "add_ons":
			addOns = p.addOns(f.value)
		}
	}
	if id == "" || title == "" || !metersStated {
		p.refuseAt(n, "the product is not complete", "give it id, title and meters")
	}
	product, err := catalog.NewProduct(id, title, meters, addOns...)
	if err != nil {
		p.refuseWith(n, "product", err)
		return &catalog.Product{ID: id, Title: title}
	}
	return product
}

// addOns reads what the product can be had with.
func (p *documentReader) addOns(n ast.Node) (names []string) {
	for _, item := range p.items(n) {
		name := p.text(item)
		if !isIdentifier(name) {
			p.refuseAt(item, fmt.Sprintf("an add-on cannot be called %q", name), "use lower-case letters, digits and underscores")
		}
		names = append(names, name)
	}
	return names
}

func (p *documentReader) meter(entry field) catalog.Meter {
	m := catalog.Meter{Name: entry.name}
	if def, err := define(PriceOf.Key(entry.name)); err != nil || def.Info() != PriceOf.Info() {
		p.refuseAt(entry.key, fmt.Sprintf("a meter cannot be called %q", entry.name),
			"use lower-case letters, digits and underscores, and no word that follows price. in another key")
	}
	for _, f := range p.fields(entry.value, "base", "unit", "per") {
		switch f.name {
		case "base":
			m.Base = p.name(f, isIdentifier, "lower-case letters, digits and underscores")
		case "unit":
			m.Unit = p.text(f.value)
		case "per":
			m.Per = p.positive(f.value)
		}
	}
	return m
}

func (p *documentReader) positive(n ast.Node) int64 {
	s := p.text(n)
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < 1 {
		p.refuseAt(n, fmt.Sprintf("%q is not a whole number from 1 to %d", s, int64(math.MaxInt64)), "say how many base units make a priced unit")
		return 1
	}
	return v
}
