package account_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/journal"
	"termwise.dev/core/notice"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/core/terms/clausetest"
)

var headOf = map[string]*regexp.Regexp{
	"version": regexp.MustCompile(`(?m)^version: .*$`), "announced": regexp.MustCompile(`(?m)^announced: .*$`), "effective": regexp.MustCompile(`(?m)^effective: .*$`),
}

// nextOf is version 2026 of a sample document, announced on 1 January, with edits:
// old, new, …
func nextOf(t testing.TB, file, effective string, edits ...string) string {
	t.Helper()
	return editionOf(t, file, "2026", "2026-01-01", effective, edits...)
}

// editionOf is a version of a sample document with edits.
func editionOf(t testing.TB, file, version, announced, effective string, edits ...string) string {
	t.Helper()
	source, err := os.ReadFile("../../provider/" + file)
	if err != nil {
		t.Fatal(err)
	}
	text := headOf["version"].ReplaceAllString(string(source), `version: "`+version+`"`)
	text = headOf["announced"].ReplaceAllString(text, "announced: "+announced)
	text = headOf["effective"].ReplaceAllString(text, "effective: "+effective)
	for i := 0; i+1 < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			t.Fatalf("%s does not hold %q", file, edits[i])
		}
		text = strings.ReplaceAll(text, edits[i], edits[i+1])
	}
	return text
}

// The files that change, and how.
const (
	fileG, fileS, fileE, fileC, fileSLA = "agreements/general-agreement.yaml", "agreements/service-agreement.yaml", "agreements/compute-terms.yaml", "agreements/network-terms.yaml", "agreements/network-sla.yaml"
	fileFA, fileP                       = "agreements/framework-terms.yaml", "products/compute-payg.yaml"
	feeNow, feeNext                     = "late_fee.rate: 0.05%/day", "late_fee.rate: 0.04%/day"
	// firstDay is when what nextOf makes becomes known.
	firstDay = "2026-01-01T09:00:00+08:00"
)

// changing is the sample's corpus with further documents that become known on the
// first day.
func changing(t testing.TB, texts ...string) *terms.Corpus {
	t.Helper()
	all := samplePublished(t)
	for _, p := range samplePublished(t, texts...)[len(all):] {
		p.Recorded = instant(firstDay)
		all = append(all, p)
	}
	return corpusOf(t, all)
}

func (w *world) announce(document, at string) *account.Decision {
	w.t.Helper()
	when := instant(at)
	return w.run(when, func(b *account.Books) (*account.Decision, error) {
		return b.Announce(w.env(), account.Announcement{Document: document, Version: "2026"}, when)
	})
}

func (w *world) tryDissent(document, at string, now bool) (*account.Decision, error) {
	w.t.Helper()
	when := instant(at)
	w.load(when)
	return w.books.Dissent(w.env(), account.Dissent{Document: document, Version: "2026", Now: now}, when)
}

func (w *world) dissent(document, at string, now bool) {
	w.t.Helper()
	when := instant(at)
	x := account.Dissent{Document: document, Version: "2026", Now: now}
	w.run(when, func(b *account.Books) (*account.Decision, error) { return b.Dissent(w.env(), x, when) })
}

// explainedNotice explains a notice as the application does.
func (w *world) explainedNotice(n account.Noticed) account.Explanation {
	w.t.Helper()
	c := w.explained(n.Entry, n.Terms)
	if !account.IsOfChange(n) {
		return must(w.t)(c.Notice(n))
	}
	who := terms.Standing{Account: w.books.ID, Accounts: 1}
	for _, a := range w.log.Acceptances {
		if a.Entry < n.Entry {
			who.Accepted = append(who.Accepted, a.Acceptance)
		}
	}
	s, owed, err := w.corpus.Announced(n.Document, n.Version, who, n.Notice.Recorded)
	if err != nil {
		w.t.Fatal(err)
	}
	return must(w.t)(c.Change(n, s, owed))
}

// agreed holds every notice, move, charge and refusal to its explanation, and the
// journal to its replay.
func (w *world) agreed() {
	w.t.Helper()
	for _, n := range w.log.Notices {
		if x := w.explainedNotice(n); !x.Agrees || x.What == "" || len(x.Clauses) == 0 {
			w.t.Errorf("%s: agrees %v, %d clauses: %v", x.What, x.Agrees, len(x.Clauses), x.Disagreements)
		}
	}
	for _, m := range w.log.Transitions {
		if x := must(w.t)(w.explained(m.Entry, m.Terms).Transition(m)); !x.Agrees || len(x.Clauses) == 0 {
			w.t.Errorf("%s: agrees %v: %v", x.What, x.Agrees, x.Disagreements)
		}
	}
	for _, c := range w.log.Charges {
		if x := must(w.t)(w.explained(c.Entry, c.Terms).Charge(c, w.events)); !x.Agrees || len(x.Clauses) == 0 {
			w.t.Errorf("%s: agrees %v: %v", x.What, x.Agrees, x.Disagreements)
		}
	}
	for _, r := range w.log.Refused {
		if x := must(w.t)(w.explained(r.Entry, r.Terms).Refused(r, w.log.Transitions, w.log.Notices, w.events)); !x.Agrees || len(x.Clauses) == 0 {
			w.t.Errorf("%s: agrees %v: %v", x.What, x.Agrees, x.Disagreements)
		}
	}
	w.verified()
}

// TestAnAccountIsToldOnce: a notice for each kind of change, by the clause that
// binds the account; said again nothing happens.
func TestAnAccountIsToldOnce(t *testing.T) {
	next := nextOf(t, fileG, "2026-02-01", feeNow, feeNext, "\nissuer: aurora", "\nissuer: borealis")
	w := newWorld(t, changing(t, next))
	w.announce("general-agreement", "2026-01-01T10:00:00+08:00")
	var got []string
	for _, n := range w.log.Notices {
		got = append(got, fmt.Sprintf("%s %s %s %s by %s at %s, served %d", n.Kind, n.Document, n.Version, w.zone.Day(n.Effective), n.Channels, w.zone.Format(n.Notice.Recorded), n.Served))
	}
	want := []string{
		"agreement_changes general-agreement 2026 2026-02-01 by site at 2026-01-01T10:00:00+08:00, served 0",
		"agreement_passes general-agreement 2026 2026-02-01 by email,message,site at 2026-01-01T10:00:00+08:00, served 0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("told %q", got)
	}
	if e := w.log.Entries[len(w.log.Entries)-1]; e.Kind != journal.Announced || e.Payload != `{"document":"general-agreement","version":"2026"}` {
		t.Errorf("%+v", e)
	}
	clausetest.Applies(t, w.explainedNotice(w.log.Notices[0]), "G 3.2.9")
	clausetest.Applies(t, w.explainedNotice(w.log.Notices[1]), "G 12.2")
	clausetest.DoesNotApply(t, w.explainedNotice(w.log.Notices[0]), "G 12.2")
	if again := w.announce("general-agreement", "2026-01-02T10:00:00+08:00"); len(again.Entries) > 0 {
		t.Errorf("told again: %+v", again.Notices)
	}
	w.agreed()

	other := newWorld(t, changing(t, next), "service-agreement")
	if d := other.announce("general-agreement", "2026-01-01T10:00:00+08:00"); len(d.Entries) > 0 {
		t.Errorf("an account that it does not bind was told: %+v", d.Notices)
	}
	_, err := other.books.Announce(other.env(), account.Announcement{Document: "general-agreement", Version: "2030"}, instant(firstDay))
	if refusal.CodeOf(err) != refusal.NotFound {
		t.Errorf("a version that there is not: %v", err)
	}
}

// TestWhenANoticeIsServed: under S as it is sent, with the inboxes of sub-users;
// on paper on the fifth natural day after posting; under G nothing says when.
func TestWhenANoticeIsServed(t *testing.T) {
	const at = "2026-03-01T10:00:00+08:00"
	told := func(accepted, file string, edits ...string) (*world, account.Noticed) {
		w := newWorld(t, changing(t, nextOf(t, file, "2026-06-01", append([]string{feeNow, feeNext}, edits...)...), paperTerms), accepted)
		w.announce(documentOf(file), at)
		w.agreed()
		return w, w.log.Notices[0]
	}
	w, sent := told("service-agreement", fileS)
	if sent.Served != instant(at) || sent.Inboxes != notice.SubUsersToo {
		t.Errorf("under S served at %s, inboxes %q", w.zone.Format(sent.Served), sent.Inboxes)
	}
	clausetest.Applies(t, w.explainedNotice(sent), "S 11.3a")
	clausetest.Applies(t, w.explainedNotice(sent), "S 11.1b")
	general, silent := told("general-agreement", fileG)
	if silent.Served != 0 || silent.Inboxes != "" {
		t.Errorf("under G served at %s, inboxes %q", general.zone.Format(silent.Served), silent.Inboxes)
	}
	clausetest.DoesNotApply(t, general.explainedNotice(silent), "S 11.3a")
	clausetest.DoesNotApply(t, general.explainedNotice(silent), "S 11.1b")
	clausetest.DoesNotApply(t, general.explainedNotice(silent), "R 11")

	posted := newWorld(t, changing(t, nextOf(t, fileP, "2026-06-01", "price.cpu: 0.09 CNY", "price.cpu: 0.10 CNY"), paperTerms), "service-agreement", "paper-terms")
	posted.announce("page-compute-payg", at)
	n := posted.log.Notices[0]
	if n.Channels != "paper" || n.Served != instant("2026-03-06T00:00:00+08:00") {
		t.Errorf("by %s, served at %s", n.Channels, posted.zone.Format(n.Served))
	}
	clausetest.Executes(t, "S 11.3b", n.Served == instant("2026-03-06T00:00:00+08:00"))
	clausetest.Refrains(t, "S 11.3b", sent.Served == instant(at))
	clausetest.Applies(t, posted.explainedNotice(n), "R 11")
	posted.agreed()
}

func documentOf(file string) string {
	return map[string]string{fileG: "general-agreement", fileS: "service-agreement", fileE: "compute-terms", fileC: "network-terms"}[file]
}

// paperTerms have changes of the service told on paper.
const paperTerms = `
document: paper-terms
code: PT
version: 2025-06
kind: stamped
title: Paper
issuer: aurora
binds: { products: [compute-payg] }
by: acceptance
announced: 2025-05-01
effective: 2025-06-01
precedence: [self, page, general]
precedence_clause: "0"
clauses:
  - { id: "0", title: First, text: First., executed_by: precedence }
  - { id: "1", title: Paper, text: On paper., terms: { spec_change.notice: 30 days, spec_change.of: [price], spec_change.channels: [paper] } }
`

// TestGoingOnAcceptsOnce: usage of an hour under a new version accepts it, from
// that hour on and once; usage before it, usage that was refused, and an account
// that clicked accept nothing by it. No money moves for it.
func TestGoingOnAcceptsOnce(t *testing.T) {
	for file, edits := range map[string][]string{
		fileG: {feeNow, feeNext}, fileS: {feeNow, feeNext}, fileE: {"The customer shall observe these terms", "The customer shall well observe these terms"},
	} {
		document := documentOf(file)
		w := newWorld(t, changing(t, nextOf(t, file, "2026-01-02", edits...)), slices.Compact([]string{"general-agreement", document})...)
		w.topUp("2026-01-01T10:00:00+08:00", "100")
		w.use("pod", 1000, "2026-01-01T22:30:00+08:00", "2026-01-02T02:30:00+08:00", "2026-01-01T22:00:00+08:00")
		w.advance("2026-01-02T00:59:00+08:00")
		if used := byGoingOn(w); len(used) != 0 {
			t.Errorf("%s: before the first hour under it was settled: %+v", file, used)
		}
		w.advance("2026-01-03T00:00:00+08:00")
		used := byGoingOn(w)
		if len(used) != 1 || used[0].Document != document || used[0].Version != "2026" || used[0].At != instant("2026-01-02T00:00:00+08:00") || used[0].Actor != account.Clock {
			t.Fatalf("%s: accepted %+v", file, used)
		}
		if w.wallet() != "99.640000" { // four hours of one vCPU, whatever was accepted
			t.Errorf("%s: the wallet holds %s", file, w.wallet())
		}
		w.agreed()
		proveGoingOn(t, document, w)
	}
}

// byGoingOn lists what was accepted by going on.
func byGoingOn(w *world) []account.Accepted {
	return slices.DeleteFunc(slices.Clone(w.log.Acceptances), func(a account.Accepted) bool { return a.Form != terms.ContinuedUse })
}

func proveGoingOn(t *testing.T, document string, w *world) {
	t.Helper()
	accepted, clicked := w.acceptedBy(document)
	switch document {
	case "general-agreement":
		clausetest.Applies(t, accepted, "G 3.2.9c")
		clausetest.DoesNotApply(t, clicked, "G 3.2.9c")
	case "service-agreement":
		clausetest.Applies(t, accepted, "S 14.2")
		clausetest.DoesNotApply(t, clicked, "S 14.2")
	case "compute-terms":
		clausetest.Applies(t, accepted, "E 3.1.1c")
		clausetest.DoesNotApply(t, clicked, "E 3.1.1c")
	}
}
