package account

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/notice"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// Transition explains a move of a service.
func (c Case) Transition(row Moved) (Explanation, error) {
	x := c.explain("transition")
	x.seal(row.Stamp, row.Seal(c.Account))
	x.basis(row.Product, row.Basis)
	if !subscription.CanMove(row.From, row.To) {
		x.disagree("a service cannot go from %q to %q", row.From, row.To)
	}
	switch {
	case row.To == subscription.Suspended:
		x.suspension(row.Basis, row.At)
		x.say("Service %s was suspended at %s: its arrears, since %[4]s, stood at %[3]s.", row.Product, x.local(row.At), x.money(row.Owed), x.local(row.Since))
	case row.To == subscription.Released:
		x.release(row.Basis, row.At)
		x.say("The resources of %s were released at %s: the service had been suspended since %s and %s was still owed.",
			row.Product, x.local(row.At), x.local(row.Since), x.money(row.Owed))
	case row.To == subscription.Ended:
		x.ended(row.Product, row.Basis, row.At)
		x.say("Service %s ended at %s; what was used until then is settled.", row.Product, x.local(row.At))
	case row.From == subscription.None, row.From == subscription.Ended:
		x.opening(row)
	default:
		x.resumption(row)
	}
	return x.done()
}

// basis notes what a step was taken on.
func (x *explaining) basis(product string, b Basis) {
	x.input("product", product, "")
	if b.Since != 0 {
		x.input("since", x.c.Zone.Format(b.Since), "")
	}
	if b.Told != 0 {
		x.input("told", x.c.Zone.Format(b.Told), "")
	}
	x.input("owed", b.Owed.String(), string(x.c.Currency))
}

// earliest finds, by the rules that time the step, when it could be taken.
func (x *explaining) earliest(s subscription.Service, want subscription.Step, at calendar.Instant) {
	t, err := timeline(x.c.Set)
	if !x.try(err) {
		return
	}
	step, due := s.Next(t)
	taken := x.local(at)
	switch {
	case step != want:
		x.disagree("the terms do not call for this step")
		x.outcome(taken, "never")
	case due > at:
		x.step("the earliest instant is %s", x.local(due))
		x.outcome(taken, "not before "+x.local(due))
	default:
		x.step("the earliest instant is %s; it was done at %s", x.local(due), taken)
		x.outcome(taken, taken)
	}
}

func (x *explaining) suspension(b Basis, at calendar.Instant) {
	x.use("right to withhold the service until paid", terms.ArrearsWithhold.Name())
	after := x.use("how long after arrears begin", terms.SuspendAfter.Name())
	lead := x.use("how long after the notice", terms.SuspendNotice.Name())
	x.use("what must be paid to settle the arrears", terms.ResumeRequires.Name())
	x.step("arrears since %s, and %s later", x.local(b.Since), after.Value)
	x.step("notice recorded at %s, and %s later", x.local(b.Told), lead.Value)
	x.earliest(subscription.Service{State: subscription.Active, ArrearsSince: b.Since, Noticed: b.Told}, subscription.Suspend, at)
}

func (x *explaining) release(b Basis, at calendar.Instant) {
	x.use("right to end the service until paid", terms.ArrearsWithhold.Name())
	after := x.use("how long after the suspension", terms.ReleaseAfter.Name())
	lead := x.use("how long after the warning", terms.ReleaseNotice.Name())
	x.use("what must be paid to settle the arrears", terms.ResumeRequires.Name())
	x.step("suspended since %s, and %s later", x.local(b.Since), after.Value)
	x.step("warning recorded at %s, and %s later", x.local(b.Told), lead.Value)
	x.earliest(subscription.Service{State: subscription.Suspended, Since: b.Since, ArrearsSince: b.Since, Warned: b.Told}, subscription.ReleaseStep, at)
}

// opening explains the first use of a service.
func (x *explaining) opening(row Moved) {
	gate := x.use("what keeps a service from being opened", terms.OpeningGate.Name())
	x.step("no overdue payables stood against it (%s)", gate.Value)
	words := "Service %s was opened by its first use at %s."
	if row.From == subscription.Ended {
		words = "Service %s, which had ended, was opened again by its use at %s."
	}
	x.say(words, row.Product, x.local(row.At))
	x.outcome(x.local(row.At), x.local(row.At))
}

// resumption explains that payment ended the arrears.
func (x *explaining) resumption(row Moved) {
	requires := x.use("what must be paid first", terms.ResumeRequires.Name())
	x.step("%s is owed of what must be paid (%s)", row.Owed, requires.Value)
	words := "Service %s resumed at %s: everything that had to be paid (%s) was paid."
	if row.From == subscription.Released {
		words = "Service %s can be used again from %s, with new resources: everything that had to be paid (%s) was paid."
	}
	x.say(words, row.Product, x.local(row.At), requires.Value)
	recomputed := x.local(row.At)
	if row.Owed != 0 {
		recomputed = "not while " + x.money(row.Owed) + " is owed"
	}
	x.outcome(x.local(row.At), recomputed)
}

// Notice explains why the customer was told something.
func (c Case) Notice(row Noticed) (Explanation, error) {
	x := c.explain("notice")
	x.seal(row.Stamp, row.Seal(c.Account))
	x.basis(row.Product, row.Basis)
	x.input("channels", row.Channels, "")
	at := c.Entry.Effective
	if row.Kind == notice.ExitConfirmed {
		return x.exitConfirmed(row)
	}
	where, err := channels(c.Set)
	if row.Kind == notice.WasEnded && refusal.CodeOf(err) == refusal.TermMissing {
		x.step("the terms do not say where notices go")
	} else if x.try(err) {
		x.use("where notices go", terms.NoticeChannels.Name())
	} else {
		return x.done()
	}
	switch row.Kind {
	case notice.WasEnded:
		x.ended(row.Product, row.Basis, row.Effective)
	case notice.ArrearsBegan:
		after := x.use("how long after arrears begin", terms.ArrearsNoticeAfter.Name())
		x.step("arrears since %s, and %s later", x.local(row.Since), after.Value)
		x.earliest(subscription.Service{State: subscription.Active, ArrearsSince: row.Since}, subscription.GiveNotice, at)
	case notice.ReleaseWarning:
		after := x.use("how long after the suspension resources are released", terms.ReleaseAfter.Name())
		lead := x.use("how long before that the warning is given", terms.ReleaseNotice.Name())
		x.step("suspended since %s, and %s later, less %s", x.local(row.Since), after.Value, lead.Value)
		x.earliest(subscription.Service{State: subscription.Suspended, Since: row.Since, ArrearsSince: row.Since}, subscription.WarnRelease, at)
	case notice.WasSuspended:
		x.suspension(row.Basis, at)
	case notice.WasReleased:
		x.release(row.Basis, at)
	case notice.WasResumed:
		x.use("what must be paid first", terms.ResumeRequires.Name())
		x.outcome(x.local(at), x.local(at))
	default:
		x.disagree("no notice is of the kind %q", row.Kind)
	}
	if row.Channels != where {
		x.disagree("it went by %s, and the terms name %s", row.Channels, where)
	}
	x.said(row)
	return x.done()
}

// said says what the customer was told, and when that counts as served.
func (x *explaining) said(row Noticed) {
	x.say("%s (Said by %s at %s.)", row.Notice.Sentence(), row.Channels, x.local(row.Notice.Recorded))
	x.served(row)
}

// Acceptance explains that a document was accepted. d is the version that was
// accepted, as it is published, and before the one that stood until it took effect,
// which says what going on means; nil where none did.
func (c Case) Acceptance(row Accepted, d, before *terms.Document, lapses []Lapsed) (Explanation, error) {
	x := c.explain("acceptance")
	x.seal(row.Stamp, row.Seal(c.Account))
	x.input("document", row.Document, "")
	x.input("version", row.Version, "")
	x.input("form", string(row.Form), "")
	x.input("counts from", c.Zone.Format(row.At), "")
	x.input("recorded", c.Zone.Format(row.Recorded), "")
	x.input("who", row.Actor, "")
	x.step("the hash of the text that was accepted is %s", row.TextHash)
	if row.Order != "" {
		x.input("order", row.Order, "")
		x.tookBack(&row, lapses)
	}
	if row.Form == terms.ContinuedUse {
		x.useIn(before, "what going on using the service means", terms.ChangeDissent.Name())
		x.say("%s, version %s, was accepted by going on using the service, from %s on.", d.Title, row.Version, x.local(row.At))
	} else {
		x.useIn(d, "ways in which it can be accepted", terms.AcceptanceForms.Name())
		x.say("%s, version %s, was accepted by %s at %s.", d.Title, row.Version, row.Form, x.local(row.At))
	}
	x.outcome(row.TextHash.String(), d.Hash.String())
	return x.done()
}

// useIn notes the clause of one document, if there is one, that sets a term.
func (x *explaining) useIn(d *terms.Document, role, key string) {
	if d == nil {
		return
	}
	for i := range d.Clauses {
		clause := &d.Clauses[i]
		for _, t := range clause.Terms {
			if t.Key != key {
				continue
			}
			cited := terms.Citation{Document: d.ID, Code: d.Code, Version: d.Version, Clause: clause.Label()}
			x.Clauses = append(x.Clauses, ClauseUse{
				Role: role, Key: key, Value: t.Text, Citation: cited.Long(), Document: d.ID, Version: d.Version, Hash: d.Hash,
				Label: clause.Label(), Title: clause.Title, Text: clause.Text, Emphasis: clause.Emphasis, cited: cited,
			})
		}
	}
}
