package terms

import (
	"slices"

	"termwise.dev/core/refusal"
)

// checkValues refuses a value that names what does not exist: a clause that the
// document itself does not have, or a seller that issues nothing. One that is
// misspelt would silently mean nobody and nothing.
func checkValues(sorted []Published) (errs []error) {
	var issuers []string
	for _, p := range sorted {
		issuers = append(issuers, p.Document.Issuer)
	}
	slices.Sort(issuers)
	issuers = slices.Compact(issuers)
	for _, p := range sorted {
		d := p.Document
		for i := range d.terms {
			t := &d.terms[i]
			switch t.Key {
			case SeriousBreachClauses.name:
				errs = append(errs, d.checkLabels(t)...)
			case InvoiceIssuer.name:
				errs = append(errs, d.checkInTerm(t, []string{t.value.(string)}, issuers, "the issuer of no published document")...)
			case ChangeAnnouncedBy.name:
				errs = append(errs, d.checkInTerm(t, t.value.([]string), issuers, "the issuer of no published document")...)
			}
		}
	}
	return errs
}

// checkLabels wants each label in a value to be that of a clause of the document.
func (d *Document) checkLabels(t *Term) []error {
	labels := make([]string, len(d.Clauses))
	for i := range d.Clauses {
		labels[i] = d.Clauses[i].Label()
	}
	return d.checkInTerm(t, t.value.([]string), labels, "no clause of the document")
}

func (d *Document) checkInTerm(t *Term, names, known []string, what string) (errs []error) {
	for _, name := range names {
		if !slices.Contains(known, name) {
			errs = append(errs, refusal.New(refusal.DocumentInvalid, "%s sets %s to %q, which is %s", d.cite(t.clause).Long(), t.Key, name, what).
				At(d.placeInTerm(t, name)).Do("%s", suggest(name, known)))
		}
	}
	return errs
}
