package account

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// OrderLapse names an order that lapsed, by its reference.
type OrderLapse struct {
	Order string `json:"order"`
}

// LapseOrder brings the account up to an instant and records that an order lapsed:
// of every document that was accepted with it, whether the acceptance went with it,
// as the terms under which it was accepted say. An acceptance by another act
// stands; what was used before is billed under what bound then. An add-on for which
// the terms have gone is switched off. Lapsed again, an order changes nothing. The
// books must hold the add-ons that were switched (Books.AddOns).
//
// It refuses with not_found an order with which nothing was accepted, and what
// terms.Corpus.Lapse refuses. Clauses: E 2.1.1.1, C 2.2; G 2.3.1.2, S 3.2.1.
func (b *Books) LapseOrder(env Env, x OrderLapse, at calendar.Instant) (*Decision, error) {
	d := b.draft(env)
	if err := d.advance(at); err != nil {
		return nil, err
	}
	at = max(at, d.books.At)
	if err := d.lapse(x, at); err != nil {
		return nil, err
	}
	if err := d.advance(at); err != nil { // what no longer binds may make something due at once
		return nil, err
	}
	return d.finish(at)
}

func (d *draft) lapse(x OrderLapse, at calendar.Instant) error {
	if d.books.hasLapsed(x.Order) {
		return nil
	}
	rows, err := d.lapses(x.Order, at)
	if err != nil {
		return err
	}
	inputs, err := payload(x)
	if err != nil {
		return err
	}
	d.begin(journal.OrderLapsed, at, d.env.Actor, inputs)
	for _, row := range rows {
		row.RowID = d.next()
		row.Digest = d.keep(row.Seal(d.books.ID))
		d.out.Lapses = append(d.out.Lapses, row)
		d.books.Lapse(&row)
	}
	err = d.switchOffUnagreed(x.Order, at)
	d.end()
	return err
}

// lapses decides what becomes of each version that was accepted with an order.
func (d *draft) lapses(order string, at calendar.Instant) (rows []Lapsed, err error) {
	known := d.env.RecordedAt(at)
	for _, a := range d.books.Acceptances {
		again := slices.ContainsFunc(rows, func(l Lapsed) bool { return l.Document == a.Document && l.Version == a.Version })
		if order == "" || a.Order != order || again {
			continue
		}
		lapse, err := d.env.Terms.Lapse(d.books.Subject(""), a, known)
		if err != nil {
			return nil, err
		}
		row := Lapsed{
			Order: order, Document: a.Document, Version: a.Version, Effect: lapse.Effect, At: at, Recorded: known,
			Ruling: Ruling{Clause: lapse.Clause},
		}
		if lapse.Set != nil {
			row.Terms = d.cite(lapse.Set.ProductID(), lapse.Set)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, refusal.New(refusal.NotFound, "account %s has accepted nothing with an order %q", d.books.ID, order).
			At("order").Do("give the reference that the acceptance named")
	}
	return rows, nil
}

// hasLapsed says whether an order has lapsed.
func (b *Books) hasLapsed(order string) bool {
	return slices.ContainsFunc(b.Lapses, func(l Lapsed) bool { return l.Order == order })
}

// Lapse keeps what the lapse of an order did, and voids the acceptances that it
// took with it. Lapses come in the order of their entries, after the acceptances.
func (b *Books) Lapse(row *Lapsed) {
	b.Lapses = append(b.Lapses, *row)
	row.void(b.Acceptances)
}

// Voids says whether the acceptance of the document went with the order.
func (l *Lapsed) Voids() bool { return l.Effect == terms.LapsesTerms }

// void takes back the acceptances that went with the order. A lapsed order can be
// named by none that is made later.
func (l *Lapsed) void(accepted []terms.Acceptance) {
	for i := range accepted {
		if a := &accepted[i]; l.Voids() && a.Order == l.Order && a.Document == l.Document && a.Version == l.Version {
			a.Void = terms.Void{At: l.At, Recorded: l.Recorded, Reason: "the order " + l.Order + " lapsed", Clause: l.Clause}
		}
	}
}

// Acts are what an account did that decides what binds it, as they are stored.
type Acts struct {
	Acceptances []Accepted
	Lapses      []Lapsed
	Notices     []Noticed // of which those count that confirm an exit
}

// Before gives an account as it stood when an entry was made: the acceptances that
// were there, without what lapsed orders had taken back by then, and the documents
// that it had left.
func (a Acts) Before(entry int64, id string) terms.Standing {
	who := terms.Standing{Account: id, Accepted: AcceptedBefore(entry, a.Acceptances, a.Lapses), Accounts: 1}
	var b Books
	for i := range a.Notices {
		if a.Notices[i].Entry < entry {
			b.Note(&a.Notices[i])
		}
	}
	for i := range a.Acceptances {
		if a.Acceptances[i].Entry < entry {
			b.Lift(&a.Acceptances[i])
		}
	}
	who.Left = b.left()
	return who
}

// AcceptedBefore gives stored acceptances as they stood when an entry was made:
// those that were there, without what lapsed orders had taken back by then.
func AcceptedBefore(entry int64, accepted []Accepted, lapses []Lapsed) []terms.Acceptance {
	var list []terms.Acceptance
	for i := range accepted {
		if accepted[i].Entry < entry {
			list = append(list, accepted[i].Acceptance)
		}
	}
	for i := range lapses {
		if lapses[i].Entry < entry {
			lapses[i].void(list)
		}
	}
	return list
}
