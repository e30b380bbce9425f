package terms

import "termwise.dev/core/refusal"

// MaxName bounds the characters of the names by which documents, their versions
// and products are found: they stand in the keys of rows.
const MaxName = 200

// CheckNames refuses each name of a document that is longer than MaxName, with code
// document_invalid. What was published before is not measured by it.
func (d *Document) CheckNames() (errs []error) {
	names := []struct{ field, name string }{{"document", d.ID}, {"version", d.Version}}
	if d.Product != nil {
		names = append(names, struct{ field, name string }{"product", d.Product.ID})
	}
	for _, n := range names {
		if len(n.name) > MaxName { // they are ASCII
			errs = append(errs, refusal.New(refusal.DocumentInvalid, "the %s is called %.40q, in %d characters", n.field, n.name, len(n.name)).
				At(d.Place(n.field)).Do("use at most %d characters", MaxName))
		}
	}
	return errs
}
