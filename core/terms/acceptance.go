package terms

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// Acceptance is an account's act of accepting a document; or, in the form
// ContinuedUse, that it came to accept a change of what it had accepted, which by
// itself makes nothing bind.
type Acceptance struct {
	Document string
	Version  string
	Form     AcceptanceForm
	At       calendar.Instant // from when it counts
	Recorded calendar.Instant // from when we knew
	Actor    string           // who acted for the account
	TextHash Hash             // of the text that was shown
	Order    string           // the reference of the order that it came with; "" where it came with none
	Void     Void             // the zero Void where it stands
}

// Void takes an acceptance back from an instant on, because the order that it came
// with lapsed and took the acceptance of the terms with it (E 2.1.1.1, C 2.2).
type Void struct {
	At       calendar.Instant // from when the acceptance no longer counts; zero: it stands
	Recorded calendar.Instant // from when we knew
	Reason   string
	Clause   Citation // the clause that says so
}

// counts says whether the acceptance is an act that has been made and stands at an
// instant, as known at another.
func (a *Acceptance) counts(at, known calendar.Instant) bool {
	return a.Form != ContinuedUse && a.Recorded <= known && a.At <= at && at < a.until(known)
}

// until is when the acceptance ends, as known at an instant.
func (a *Acceptance) until(known calendar.Instant) calendar.Instant {
	if a.Void.At == 0 || a.Void.Recorded > known {
		return calendar.EndOfTime
	}
	return a.Void.At
}

// turn returns the first instant after at at which the acceptance begins or ends.
func (a *Acceptance) turn(at, known calendar.Instant) calendar.Instant {
	switch ends := a.until(known); {
	case a.Recorded > known || a.Form == ContinuedUse:
		return calendar.EndOfTime
	case a.At > at:
		return a.At
	case ends > at:
		return ends
	}
	return calendar.EndOfTime
}

// Forms lists the forms of acceptance.
func Forms() []AcceptanceForm { return []AcceptanceForm{Click, Purchase, Use, Stamp, Mail} }

// FormsOf returns the acts by which a subject may accept a document, whatever
// product the subject names, once it has accepted what the subject has: those
// that the document lists or, where it is silent, those that bind for every
// product of the document. A part of an agreement (an annex, a service level
// agreement) is so accepted as the agreement is. It refuses what Bind and Get
// refuse; silence of all documents is term_missing.
func (c *Corpus) FormsOf(s Subject, d *Document, at, known calendar.Instant) (forms Value[[]AcceptanceForm], err error) {
	if t, ok := find(d, AcceptanceForms); ok {
		return Value[[]AcceptanceForm]{V: t.value.([]AcceptanceForm), Citation: d.cite(t.clause)}, nil
	}
	products := d.Binds.Products
	if len(products) == 0 {
		products = []string{""}
	}
	for i, product := range products {
		s.Product = product
		set, err := c.Bind(s, at, known)
		if err != nil {
			return forms, err
		}
		of, err := Get(set, AcceptanceForms)
		if err != nil {
			return forms, err
		}
		if i == 0 {
			forms = of
			continue
		}
		forms.V = slices.DeleteFunc(slices.Clone(forms.V), func(f AcceptanceForm) bool { return !slices.Contains(of.V, f) })
	}
	return forms, nil
}

// Repeats says whether an account has accepted a version before, in the same
// form and with the same order, by an acceptance that stands: one that is not
// void, and that nothing accepted since has ended.
func (c *Corpus) Repeats(accepted []Acceptance, again Acceptance) bool {
	return slices.ContainsFunc(accepted, func(a Acceptance) bool {
		same := a.Document == again.Document && a.Version == again.Version && a.Form == again.Form && a.Order == again.Order
		return same && a.counts(again.At, again.Recorded) && !slices.ContainsFunc(accepted, func(later Acceptance) bool {
			return later.Form != ContinuedUse && a.At <= later.At && later.At <= again.At && c.endsOther(later, a)
		})
	})
}

// GoingOnAccepts says whether an account that uses the service at an instant under
// a version accepts it by that: it stands under an earlier version, has not
// accepted this one, and the version that stood as this one took effect says that
// going on accepts a change (G 3.2.9). What the new version says of going on is for the
// change after it.
func (c *Corpus) GoingOnAccepts(accepted []Acceptance, d *Document, at, known calendar.Instant) bool {
	if d.By != ByAcceptance {
		return false
	}
	before := false
	for _, a := range accepted {
		switch {
		case a.Document != d.ID:
		case a.Version == d.Version && (a.Form == ContinuedUse || a.counts(at, known)):
			return false
		case a.At < d.Effective && a.counts(at, known):
			before = true
		}
	}
	if !before {
		return false
	}
	old := c.Preceding(d, known)
	if old == nil {
		return false
	}
	dissent, stated := In(old, ChangeDissent)
	return stated && dissent == ContinuedUseAccepts
}

// Preceding returns the version that stood until one took effect, as known at an
// instant, or nil. It may have been published after that one.
func (c *Corpus) Preceding(d *Document, known calendar.Instant) *Document {
	h := c.history(d.ID)
	if h == nil {
		return nil
	}
	old := h.before(known, func(v *version) bool { return v.Document.Version == d.Version })
	if old == nil {
		return nil
	}
	return old.Document
}

// CheckTogether refuses, with code bad_input, fresh acceptances of documents that
// end each other and are accepted at one instant, by the account's others or
// among themselves: nothing would say which of them is left.
func (c *Corpus) CheckTogether(accepted, fresh []Acceptance) error {
	for i, a := range fresh {
		for _, b := range slices.Concat(accepted, fresh[:i]) {
			together := a.At == b.At && b.counts(a.At, a.Recorded)
			if together && c.endsOther(a, b) && c.endsOther(b, a) {
				return refusal.New(refusal.BadInput, "%s and %s are accepted at one instant, and each ends the other", b.Document, a.Document).
					At("documents").Do("accept the one that is to bind, or the other one first")
			}
		}
	}
	return nil
}

// endsOther says whether the document of one acceptance ends that of another.
func (c *Corpus) endsOther(by, other Acceptance) bool {
	a, b := c.version(by.Document, by.Version), c.version(other.Document, other.Version)
	return a != nil && b != nil && a.Document.ends(b.Document)
}
