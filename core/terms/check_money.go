package terms

import (
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
)

// CheckCurrency refuses each price and each sum of a document that is in another
// currency than the one in which the provider keeps its books, with code
// document_invalid: nothing converts one into the other.
func (d *Document) CheckCurrency(books money.Currency) (errs []error) {
	for i := range d.terms {
		t := &d.terms[i]
		if currency, is := currencyOf(t.value); is && currency != books {
			errs = append(errs, refusal.New(refusal.DocumentInvalid, "%s sets %s to %q, and the provider keeps its books in %s",
				d.cite(t.clause).Long(), t.Key, t.Text, books).At(d.placeOfTerm(t)).Do("give the amount in %s", books))
		}
	}
	return errs
}

// currencyOf returns the currency of a value that is money.
func currencyOf(value any) (currency money.Currency, is bool) {
	switch v := value.(type) {
	case Price:
		return v.Currency, true
	case Sum:
		return v.Currency, true
	}
	return "", false
}
