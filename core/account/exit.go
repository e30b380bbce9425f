package account

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/notice"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// Dissent says over which version the customer leaves, and when.
type Dissent struct {
	Document string `json:"document"`
	Version  string `json:"version"`
	// Now ends the services at once, and not as the version takes effect; where the
	// document does not bind before, it makes no difference.
	Now bool `json:"now,omitempty"`
}

// Exit is that the customer leaves a document over one of its versions.
type Exit struct {
	Document, Version string
	// At is from when the services under the document are ended, Told when the
	// customer said so, and Lifted when it accepted the document again; zero when
	// it has not.
	At, Told, Lifted calendar.Instant
	// Recorded is from when we knew, LiftedRecorded from when we knew that it is lifted.
	Recorded, LiftedRecorded calendar.Instant
	// Entry is the journal entry that recorded it.
	Entry int64
}

// End is an end that the provider has announced to the account.
type End struct {
	Document, Version string
	At                calendar.Instant
}

// Note takes from a notice what the books keep of it: that the customer leaves, or
// that it was told of an end. Notices come in the order of their entries.
func (b *Books) Note(n *Noticed) {
	switch n.Kind {
	case notice.ExitConfirmed:
		b.Exits = append(b.Exits, Exit{Document: n.Document, Version: n.Version, At: n.Effective, Told: n.Since, Recorded: n.Recorded, Entry: n.Entry})
	case notice.ProductEnds, notice.AgreementEnds:
		b.Ends = append(b.Ends, End{Document: n.Document, Version: n.Version, At: n.Effective})
	}
}

// Holds says whether the customer has left at an instant.
func (e Exit) Holds(at calendar.Instant) bool {
	return e.At <= at && (e.Lifted == 0 || at < e.Lifted)
}

// hasLeft says whether the customer is leaving a document, or has left it.
func (b *Books) hasLeft(document string) bool {
	return slices.ContainsFunc(b.Exits, func(e Exit) bool { return e.Document == document && e.Lifted == 0 })
}

// left lists the exits as the terms see them.
func (b *Books) left() (left []terms.Departure) {
	for _, e := range b.Exits {
		left = append(left, terms.Departure{
			Document: e.Document, At: e.At, Recorded: e.Recorded, Lifted: e.Lifted, LiftedRecorded: e.LiftedRecorded,
		})
	}
	return left
}

// LeftUntil returns until when the customer, at an instant, has left a document of
// those that would bind a Staying one: EndOfTime when for good, zero when it has not.
func (b *Books) LeftUntil(set *terms.Set, at calendar.Instant) calendar.Instant {
	until := calendar.Instant(0)
	for _, e := range b.Exits {
		switch {
		case !e.Holds(max(at, until)) || set.Document(e.Document) == nil:
		case e.Lifted == 0:
			return calendar.EndOfTime
		default:
			until = max(until, e.Lifted)
		}
	}
	return until
}

// Lift ends the exits over a document that was accepted again after the customer
// said that it leaves. Usage lifts none: what is used after the end is refused.
func (b *Books) Lift(a *Accepted) {
	for i := range b.Exits {
		if e := &b.Exits[i]; e.Document == a.Document && e.Entry < a.Entry && e.Told <= a.At && e.Lifted == 0 && a.Form != terms.Use && a.Form != terms.ContinuedUse {
			e.Lifted, e.LiftedRecorded = a.At, a.Recorded
		}
	}
}

// Dissent brings the account up to an instant and records that the customer does
// not agree to a version and leaves: every service that the document covers ends
// when the version takes effect, or at once; what was used until then is settled,
// and what the wallet holds stays the customer's. Said again it changes nothing.
//
// It refuses, in this order: a version that is not published or changes nothing
// for the account (not_found), documents that say nothing of leaving (no_way_out),
// and a version that has taken effect, which whoever uses the service has accepted
// (change_in_effect). Clauses: G 3.2.9, E 3.1.1, C 3.1.1.
func (b *Books) Dissent(env Env, x Dissent, at calendar.Instant) (*Decision, error) {
	return b.leave(env, x, at, 0)
}

// leave is Dissent, of a customer that is known to have left from an instant on;
// zero when that is to be found.
func (b *Books) leave(env Env, x Dissent, at, stopped calendar.Instant) (*Decision, error) {
	d := b.draft(env)
	if err := d.advance(at); err != nil {
		return nil, err
	}
	at = max(at, d.books.At)
	if err := d.leave(x, at, stopped); err != nil {
		return nil, err
	}
	if err := d.advance(at); err != nil { // what ends now
		return nil, err
	}
	return d.finish(at)
}

func (d *draft) dissent(x Dissent, at calendar.Instant) error { return d.leave(x, at, 0) }

func (d *draft) leave(x Dissent, at, stopped calendar.Instant) error {
	leaving, err := d.env.Terms.Leaving(x.Document, x.Version, d.books.Standing(), d.env.RecordedAt(at))
	if err != nil {
		return err
	}
	stop := stopped
	if stop == 0 {
		if stop, err = d.leavesAt(x, leaving, at); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(d.books.Exits, func(e Exit) bool { return e.Document == x.Document && e.Lifted == 0 && e.At <= stop }) {
		return nil // it leaves already
	}
	inputs, err := payload(x)
	if err != nil {
		return err
	}
	d.begin(journal.Dissented, at, d.env.Actor, inputs)
	err = d.say(notice.Notice{
		Kind: notice.ExitConfirmed, Product: leaving.Product, Recorded: d.env.RecordedAt(at),
		About: notice.About{Document: x.Document, Version: x.Version, Effective: stop},
	}, leaving.Set, Basis{Since: at, Terms: d.cite(leaving.Product, leaving.Set)})
	d.end()
	if err != nil {
		return err
	}
	d.books.Note(&d.out.Notices[len(d.out.Notices)-1])
	return nil
}

// leavesAt finds from when a customer has left that says so at an instant.
func (d *draft) leavesAt(x Dissent, leaving terms.Leaving, at calendar.Instant) (calendar.Instant, error) {
	effective := leaving.New.Effective
	if at > effective {
		return 0, refusal.New(refusal.ChangeInEffect, "%s %s took effect at %s, before %s", x.Document, x.Version, d.env.Zone.Format(effective), d.env.Zone.Format(at)).
			Do("stop using the service; what was used after it is used under the new version (%s)", leaving.Clause.Long())
	}
	if !x.Now {
		return effective, nil
	}
	set, err := d.env.Terms.Bind(d.books.Staying(leaving.Product), at, d.env.RecordedAt(at))
	switch {
	case err != nil && refusal.CodeOf(err) == "":
		return 0, err
	case err != nil || set.Document(x.Document) == nil: // there is nothing to leave before it binds
		return effective, nil
	}
	return at, nil
}
