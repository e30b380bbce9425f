package account

import (
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/notice"
	"termwise.dev/core/terms"
)

// Change explains a notice of a change that is to come. owed is what the version
// owes the account, asked again as it was known when the notice was made.
func (c Case) Change(row Noticed, s terms.Succession, owed []terms.Owed) (Explanation, error) {
	x := c.explain("notice")
	x.seal(row.Stamp, row.Seal(c.Account))
	x.input("document", row.Document, "")
	x.input("version", row.Version, "")
	x.input("announced", c.Zone.Format(s.Announced()), "")
	x.input("takes effect", c.Zone.Format(row.Effective), "")
	x.input("channels", row.Channels, "")
	i := slices.IndexFunc(owed, func(o terms.Owed) bool { return noticeOf[o.Kind] == row.Kind })
	if i < 0 {
		x.disagree("the version owes no notice of the kind %q", row.Kind)
		x.outcome(row.Channels, "no notice")
		return x.done()
	}
	o := owed[i]
	x.clause("how long before the change it is announced", o.Key, o.Text, o.Clause)
	x.clause("where it is announced", "", strings.ReplaceAll(joined(o.Channels), ",", ", "), o.ChannelsClause)
	x.step("a change of the kind %s: %s", o.Kind, o.What)
	x.announced(o, s)
	if row.Effective != o.At {
		x.disagree("it says that this takes effect at %s, and that is %s", x.local(row.Effective), x.local(o.At))
	}
	if o.Kind == terms.Migration {
		x.use("what the customer has to change by then", terms.MigrationActs.Name())
	}
	x.said(row)
	x.outcome(row.Channels, joined(o.Channels))
	return x.done()
}

// announced writes out how the length of the notice was counted.
func (x *explaining) announced(o terms.Owed, s terms.Succession) {
	first := x.c.Zone.Day(s.Announced())
	earliest, err := o.Earliest(s, x.c.Zone, nil)
	if !x.try(err) {
		return
	}
	x.step("announced on %s, which is not counted; %s; the change may take effect from %s and does so at %s",
		first, o.Text, x.local(max(earliest, s.Announced())), x.local(o.At))
	if o.Notice.Soft && o.At < earliest {
		x.step("the notice falls short, and was only to be given as well as can be done")
	}
}

// clause notes a clause that was found otherwise than by the set's ranking: the
// document that changes speaks about itself. A zero citation is a silence.
func (x *explaining) clause(role, key, text string, cited terms.Citation) {
	u := ClauseUse{Role: role, Key: key, Value: text, Silent: cited == (terms.Citation{}), cited: cited}
	if !u.Silent {
		x.quote(&u)
	}
	x.Clauses = append(x.Clauses, u)
}

// served notes when a notice counts as served by the terms, and holds the row
// against that.
func (x *explaining) served(row Noticed) {
	if row.Channels == "" {
		return
	}
	how, err := x.c.Set.Service()
	if !x.try(err) {
		return
	}
	at, err := how.Served(channelsOf(row.Channels), row.Notice.Recorded, x.c.Zone)
	if !x.try(err) {
		return
	}
	x.serviceClauses(how, row, at)
	if at == 0 {
		x.step("the terms do not say when a notice by %s counts as served", row.Channels)
	} else {
		x.step("sent at %s; served at %s", x.local(row.Notice.Recorded), x.local(at))
	}
	if at != row.Served {
		x.disagree("it counts as served at %s, and the terms give %s", x.servedAt(row.Served), x.servedAt(at))
	}
}

// serviceClauses cites what the service of a notice rests on: it is served as it
// is sent, or else on paper.
func (x *explaining) serviceClauses(how terms.Service, row Noticed, at calendar.Instant) {
	switch {
	case at == 0:
	case how.Electronic && at == row.Notice.Recorded:
		x.use("when a notice in electronic form is served", terms.ElectronicServed.Name())
	default:
		x.use("when a notice on paper is served", terms.PaperServed.Name())
		x.use("whether the day of posting counts", terms.PaperFirstDay.Name())
	}
	if slices.Contains(channelsOf(row.Channels), terms.ChannelWritten) && how.WrittenIsElectronic {
		x.use("whether what is written may be electronic", terms.WrittenIncludesElectronic.Name())
	}
	if row.Inboxes == notice.SubUsersToo {
		x.use("messages to sub-users", terms.SubuserInbox.Name())
	}
}

func (x *explaining) servedAt(t calendar.Instant) string {
	if t == 0 {
		return "no stated instant"
	}
	return x.local(t)
}

// exitConfirmed explains that a customer leaves.
func (x *explaining) exitConfirmed(row Noticed) (Explanation, error) {
	x.input("document", row.Document, "")
	x.input("version", row.Version, "")
	x.leavingClause(row.Document)
	x.step("said at %s, not after the version takes effect; the services end at %s", x.local(row.Since), x.local(row.Effective))
	x.say("%s (Answered to whoever said so at %s.)", row.Notice.Sentence(), x.local(row.Notice.Recorded))
	x.outcome(x.local(row.Effective), x.local(row.Effective))
	return x.done()
}

// leavingClause cites by what a customer leaves: what the document says of itself,
// else what binds.
func (x *explaining) leavingClause(document string) {
	const role = "how a customer leaves that does not agree to a change"
	if doc := x.c.Set.Document(document); doc != nil {
		if _, stated := terms.In(doc, terms.ChangeExit); stated {
			x.useIn(doc, role, terms.ChangeExit.Name())
			return
		}
	}
	x.use(role, terms.ChangeExit.Name())
}

// ended explains why a service ended.
func (x *explaining) ended(product string, b Basis, at calendar.Instant) {
	var end Ending
	if x.c.Entry.Kind == journal.Settled {
		var ends map[string]Ending // of services that the settlement opened
		if !x.payload(&ends) {
			return
		}
		end = ends[product]
	} else if !x.payload(&end) {
		return
	}
	x.input("document", end.Document, "")
	x.input("version", end.Version, "")
	if end.Dissent {
		x.leavingClause(end.Document)
		x.step("the customer said at %s that it does not agree to %s %s", x.local(b.Since), end.Document, end.Version)
	} else {
		x.use("how the end of a product is announced", terms.DiscontinuationNotice.Name())
		x.step("nothing binds the account for the product from %s on; %s %s was the last page that sold it", x.local(at), end.Document, end.Version)
	}
	x.step("%s was owed for what had been used", x.money(b.Owed))
	x.outcome(x.local(at), x.local(at))
}
