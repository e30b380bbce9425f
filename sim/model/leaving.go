package model

import (
	"slices"
	"time"
)

// Leaving is that a customer does not agree to the next version of a document.
type Leaving struct {
	Document string
	Now      bool // it ends the services at once, and not as the version takes effect
}

// Exit is that the account leaves a document, from when, and until when: zero for
// as long as it has not accepted the document again.
type Exit struct {
	Document   string
	At, Lifted time.Time
	// Recorded and LiftedRecorded are when that was written down.
	Recorded, LiftedRecorded time.Time
}

func (e Exit) holds(at time.Time) bool {
	return !at.Before(e.At) && (e.Lifted.IsZero() || at.Before(e.Lifted))
}

// Leave records that a customer does not agree to a change and leaves (G 3.2.9),
// and returns the code of a refusal, or nothing.
func (m *Model) Leave(id string, x Leaving) (code string) {
	a := m.accounts[id]
	if a == nil {
		return "unknown_account"
	}
	b := m.BooksIf(id, m.Now)
	at := later(m.Now, b.At)
	next := m.nextVersion(x.Document, at)
	if next == nil {
		return "not_found"
	}
	affected, _, may := b.wayOut(next, at)
	if !affected {
		return "not_found"
	}
	if !may {
		return "no_way_out"
	}
	a.tell(fact{now: m.Now, look: m.Now, leaving: &x})
	return ""
}

// nextVersion is the version of a document that takes effect next: of two at one
// instant that which was published last, since it is the one that binds from then.
func (m *Model) nextVersion(document string, at time.Time) (next *Document) {
	for _, d := range m.documents {
		if d.ID == document && !d.Effective.Before(at) && (next == nil || !d.Effective.After(next.Effective)) {
			next = d
		}
	}
	return next
}

// changesBy lists what a published version changes for the account, as is known at
// an instant.
func (b *Books) changesBy(d *Document, at time.Time) []change {
	return b.model.changes(question{account: b.account.id, accepted: b.Accepted, left: b.Exits, known: b.recorded(at)}, d)
}

// wayOut finds the product whose documents say how a customer leaves over a
// version: the document itself, or what binds, unless the document says what
// going on means and nothing of leaving. affected says whether the version changes
// anything for who stays; that the account is leaving already does not matter here.
func (b *Books) wayOut(d *Document, at time.Time) (affected bool, product string, may bool) {
	for _, product := range append([]string{""}, b.model.products()...) {
		q := question{b.account.id, b.Accepted, b.Exits, product, at, b.recorded(at)}
		if len(b.model.changesFor(q, d)) == 0 {
			continue
		}
		affected = true
		q = q.before(d)
		if old := find(b.model.bound(q), d.ID); old != nil {
			if _, says := old.Values["change.exit"]; says {
				return true, product, true
			}
			if _, goesOn := old.Values["change.dissent"]; goesOn {
				return affected, "", false
			}
		}
		if _, says := b.model.value("change.exit", q); says {
			return true, product, true
		}
	}
	return affected, "", false
}

// leave has the services under a document end; said again it changes nothing.
func (b *Books) leave(x *Leaving, at time.Time) {
	next := b.model.nextVersion(x.Document, at)
	_, product, _ := b.wayOut(next, at)
	stop := next.Effective
	now := b.ask(product, at, at).staying()
	if x.Now && b.model.isAgreed(now) && find(b.model.bound(now), x.Document) != nil { // else there is nothing to leave yet
		stop = at
	}
	if slices.ContainsFunc(b.Exits, func(e Exit) bool {
		return e.Document == x.Document && e.Lifted.IsZero() && !e.At.After(stop)
	}) {
		return
	}
	b.Exits = append(b.Exits, Exit{Document: x.Document, At: stop, Recorded: b.recorded(at)})
	b.Notices = append(b.Notices, Notice{Kind: "exit_confirmed", Product: product, Recorded: b.recorded(at)})
	b.At = at
}

// lift ends the exits over a document that is accepted again, but not by use.
func (b *Books) lift(a Acceptance) {
	for i := range b.Exits {
		if e := &b.Exits[i]; e.Document == a.Document && e.Lifted.IsZero() && a.Form != "use" && a.Form != "continued_use" {
			e.Lifted, e.LiftedRecorded = a.At, a.Recorded
		}
	}
}

// hasLeft says whether the account is leaving a document, or has left it.
func (b *Books) hasLeft(document string) bool {
	return slices.ContainsFunc(b.Exits, func(e Exit) bool { return e.Document == document && e.Lifted.IsZero() })
}

// HasLeft says whether an account is leaving some document, or has left it.
func (m *Model) HasLeft(id string) bool {
	return slices.ContainsFunc(m.Books(id).Exits, func(e Exit) bool { return e.Lifted.IsZero() })
}

// backFrom is from when no document that answers a question is left, and false
// for never.
func (b *Books) backFrom(q question) (from time.Time, back bool) {
	from = q.at
	for again := true; again; {
		again = false
		for _, e := range b.Exits {
			if !e.holds(from) || find(b.model.bound(q.staying()), e.Document) == nil {
				continue
			}
			if e.Lifted.IsZero() {
				return from, false
			}
			from, again = e.Lifted, true
		}
	}
	return from, true
}

// goOn records, after a settlement, that who used a service under a new version of
// a document accepted it by that, where the version before says so: from the first
// hour that was charged, and not before the version took effect (G 3.2.9).
func (b *Books) goOn(charges []Charge, at time.Time) {
	var accepted []Acceptance
	for _, c := range charges { // by hour
		q := b.askHour(bucket{c.Hour, c.Product, c.Resource, c.Meter}, at)
		for _, d := range b.model.bound(q) {
			a := Acceptance{Document: d.ID, Version: d.Version, Form: "continued_use", At: later(c.Hour, d.Effective), Recorded: b.recorded(at)}
			if b.goingOnAccepts(d, a) && !slices.ContainsFunc(accepted, func(o Acceptance) bool { return o.Document == a.Document && o.Version == a.Version }) {
				accepted = append(accepted, a)
			}
		}
	}
	b.Accepted = append(b.Accepted, accepted...)
}

// goingOnAccepts says whether an account that stands under an earlier version of a
// document comes to accept one by using the service.
func (b *Books) goingOnAccepts(d *Document, now Acceptance) bool {
	before := b.model.follows(d)
	if before == nil || !d.ByAcceptance || before.Values["change.dissent"] != "continued_use_accepts" {
		return false
	}
	stands := false
	for _, a := range b.Accepted {
		if a.Document != d.ID {
			continue
		}
		counts := !a.At.After(now.At) && !a.Recorded.After(now.Recorded)
		if a.Version == d.Version && (counts || a.Form == "continued_use") {
			return false
		}
		stands = stands || counts && a.Form != "continued_use" && a.At.Before(d.Effective)
	}
	return stands
}
