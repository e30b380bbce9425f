package account

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// Switch says which add-on of a product to switch on or off.
type Switch struct {
	Product string `json:"product"`
	AddOn   string `json:"addon"`
	On      bool   `json:"on"`
}

// SwitchAddOn brings the account up to an instant and switches an add-on of a
// product on or off, for the account as a whole. Before one is switched on,
// everything must have been accepted that documents demand for it. Switching it to
// the state that it has changes nothing; so nothing is recorded of what comes with
// the product. The books must hold the add-ons that were switched (Books.AddOns).
//
// It refuses, in this order, what Bind refuses, an add-on that no document that
// binds names (bad_input) and, of one that is switched on, what has not been
// accepted (agreement_not_accepted). Clauses: E 3.2.5, 3.1.7 and 3.1.9; G 3.1.8,
// E 3.1.3.3 and C 3.1.3.3.
func (b *Books) SwitchAddOn(env Env, x Switch, at calendar.Instant) (*Decision, error) {
	d := b.draft(env)
	if err := d.advance(at); err != nil {
		return nil, err
	}
	at = max(at, d.books.At)
	if err := d.switchAddOn(x, at); err != nil {
		return nil, err
	}
	return d.finish(at)
}

func (d *draft) switchAddOn(x Switch, at calendar.Instant) error {
	set, err := d.terms(x.Product, at, at)
	if err != nil {
		return err
	}
	addOn, err := set.AddOn(x.AddOn)
	if err != nil {
		return err
	}
	if d.books.IsOn(x.Product, addOn) == x.On {
		return nil
	}
	if x.On {
		subject := d.books.Subject(x.Product)
		needs, err := d.env.Terms.Missing(subject, []string{x.AddOn}, at, d.env.RecordedAt(at))
		if err != nil {
			return err
		}
		if err := terms.Unmet(needs, subject); err != nil {
			return err
		}
	}
	inputs, err := payload(x)
	if err != nil {
		return err
	}
	d.begin(journal.AddOnSwitched, at, d.env.Actor, inputs)
	d.keepSwitch(Switched{
		Product: x.Product, AddOn: x.AddOn, State: power(x.On), At: at,
		Ruling: Ruling{Clause: addOn.Clause, Terms: d.cite(x.Product, set)},
	})
	d.end()
	return nil
}

func (d *draft) keepSwitch(row Switched) {
	row.RowID = d.next()
	row.Digest = d.keep(row.Seal(d.books.ID))
	d.out.AddOns = append(d.out.AddOns, row)
	d.books.AddOns = append(d.books.AddOns, row)
}

// SwitchOf returns how an add-on of a product was switched last, or nil.
func (b *Books) SwitchOf(product, addOn string) *Switched {
	for i := len(b.AddOns) - 1; i >= 0; i-- {
		if s := &b.AddOns[i]; s.Product == product && s.AddOn == addOn {
			return s
		}
	}
	return nil
}

// IsOn says whether an add-on of a product is on: as it was switched last or, where
// nobody has switched it, as the terms have it.
func (b *Books) IsOn(product string, addOn terms.AddOn) bool {
	if s := b.SwitchOf(product, addOn.Name); s != nil {
		return s.State == On
	}
	return addOn.On()
}

// switchOffUnagreed switches off, within the entry of an order that lapsed, each
// add-on that was switched on under terms whose acceptance went with the order: the
// clause that took them takes everything done about them (E 2.1.1.1, C 2.2).
func (d *draft) switchOffUnagreed(order string, at calendar.Instant) error {
	for _, s := range slices.Clone(d.books.AddOns) {
		if now := d.books.SwitchOf(s.Product, s.AddOn); *now != s || s.State == Off {
			continue
		}
		lost, err := d.lost(&s, at)
		if err != nil {
			return err
		}
		by := slices.IndexFunc(d.out.Lapses, func(l Lapsed) bool { return l.Order == order && l.Voids() && lost(l.Document) })
		if by >= 0 {
			d.keepSwitch(Switched{Product: s.Product, AddOn: s.AddOn, State: Off, At: at, Order: order, Ruling: d.out.Lapses[by].Ruling})
		}
	}
	return nil
}

// lost says of which documents an add-on may not do without the acceptance: those
// that are demanded for it and lacking now, and that of the clause by which it was
// switched on. What binds now keeps it all the same where it speaks of the add-on,
// and nothing is lacking to use the product with it. What is lacking of the product
// itself counts: an agreement that provides the add-on does not keep what was
// switched on under terms that must first be accepted anew.
func (d *draft) lost(s *Switched, at calendar.Instant) (lost func(document string) bool, err error) {
	needs, err := d.env.Terms.Missing(d.books.Subject(s.Product), []string{s.AddOn}, at, d.env.RecordedAt(at))
	gone := refusal.CodeOf(err) != "" // what can no longer be had is not demanded for anything
	if err != nil && !gone {
		return nil, err
	}
	kept := !gone && len(needs) == 0
	if kept {
		set, err := d.terms(s.Product, at, at)
		if err == nil {
			_, err = set.AddOn(s.AddOn)
		}
		if kept = err == nil; err != nil && refusal.CodeOf(err) == "" {
			return nil, err
		}
	}
	return func(document string) bool {
		demanded := slices.ContainsFunc(needs, func(n terms.Need) bool {
			return n.AddOn == s.AddOn && slices.ContainsFunc(n.AnyOf, func(doc *terms.Document) bool { return doc.ID == document })
		})
		return demanded || !kept && s.Clause.Document == document
	}, nil
}
