package account_test

import (
	"strings"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/terms"
	"termwise.dev/core/terms/clausetest"
)

const (
	fileU, fileUPage   = "agreements/cross-border-line-copy-2.yaml", "products/cross-border-line.yaml"
	fileNetPage, fileF = "products/enterprise-network.yaml", "agreements/framework-contract.yaml"
)

// metered sells a product by a meter of processors, from August 2025.
func metered(t testing.TB, page string) string {
	t.Helper()
	text := editionOf(t, page, "2025-07", "2025-07-01", "2025-08-01", "meters: {}", "meters: { cpu: { base: milli_vcpu_second, unit: vCPU·hour, per: 3600000 } }")
	return text + `
  - id: "99"
    title: Prices
    text: A price.
    terms: { price.cpu: 0.09 CNY per vCPU·hour, billing.cycle: day, payment.due: 0 days, arrears.notice.after: 0 hours, notice.channels: [message], usage.intervals: end_after_start, resume.requires: principal }
`
}

// TestServiceOfNoticesUnderTheLineAgreement: what it wants in writing may be
// electronic, and is served as it is sent.
func TestServiceOfNoticesUnderTheLineAgreement(t *testing.T) {
	const at = "2026-01-02T10:00:00+08:00"
	ending := nextOf(t, fileUPage, "2026-01-05", "by: publication", "by: publication\nuntil: 2026-02-10")
	w := newWorld(t, changing(t, ending), "cross-border-line-agreement")
	w.announce("page-cross-border-line", at)
	n := w.log.Notices[0]
	if n.Channels != "written" || n.Served != instant(at) || n.Product != "cross-border-line" {
		t.Errorf("%+v", n)
	}
	x := w.explainedNotice(n)
	clausetest.Applies(t, x, "U 11.3")
	clausetest.Applies(t, x, "U 11.1b")
	clausetest.Applies(t, x, "U 10.2")
	w.agreed()

	g := newWorld(t, changing(t, discontinued(t)))
	g.announce("page-compute-payg", at)
	other := g.explainedNotice(g.log.Notices[0])
	clausetest.DoesNotApply(t, other, "U 11.3")
	clausetest.DoesNotApply(t, other, "U 11.1b")
}

// TestToldBeforeTheEndIsKnown: an account is told of an end in the minute in which the
// version that brings it is published and not known yet. Whatever it does in that
// minute, it is looked at when the version is known, and the service ends.
func TestToldBeforeTheEndIsKnown(t *testing.T) {
	w := newWorld(t, changing(t, discontinued(t)))
	w.topUp("2026-01-01T01:00:00+08:00", "100")
	w.use("pod", 1000, "2026-01-01T02:00:00+08:00", "2026-01-01T03:00:00+08:00", "2026-01-01T03:00:00+08:00")
	w.advance("2026-01-01T04:00:00+08:00")
	const told = "2026-01-01T08:59:30+08:00"
	if d := w.announce("page-compute-payg", told); d.NextDue > instant(firstDay) {
		t.Errorf("told, it is looked at next at %s", w.zone.Format(d.NextDue))
	}
	if d := w.topUp(told, "1"); d.NextDue > instant(firstDay) {
		t.Errorf("having paid, it is looked at next at %s", w.zone.Format(d.NextDue))
	}
	w.agreed()
	if d := w.advance("2026-01-02T00:00:00+08:00"); d.NextDue != w.books.Ends[0].At {
		t.Errorf("when it is known, it is looked at next at %s, not at %s", w.zone.Format(d.NextDue), w.zone.Format(w.books.Ends[0].At))
	}
	w.agreed()
}

// TestLeavingTheNetwork, and its service levels.
func TestLeavingTheNetwork(t *testing.T) {
	const at, said = "2026-01-02T10:00:00+08:00", "2026-01-03T10:00:00+08:00"
	all := []string{"general-agreement", "network-terms", "network-sla"}
	corpus := changing(t, nextOf(t, fileG, "2026-02-01", feeNow, feeNext),
		nextOf(t, fileC, "2026-02-01", "The customer shall observe these terms", "The customer shall well observe these terms"),
		nextOf(t, fileSLA, "2026-02-01", "Aurora Cloud may change this agreement", "Aurora Cloud may well change this agreement"))
	leave := func(document string) account.Explanation {
		w := newWorld(t, corpus, all...)
		w.announce(document, at)
		w.dissent(document, said, false)
		w.agreed()
		return w.explainedNotice(w.log.Notices[len(w.log.Notices)-1])
	}
	terms, levels, general := leave("network-terms"), leave("network-sla"), leave("general-agreement")
	clausetest.Applies(t, terms, "C 3.1.1b")
	clausetest.DoesNotApply(t, general, "C 3.1.1b")
	clausetest.Applies(t, levels, "C-SLA 4b")
	clausetest.DoesNotApply(t, general, "C-SLA 4b")
}

// acceptedBy explains what an account accepted: by going on, and by click.
func (w *world) acceptedBy(document string) (used, clicked *account.Explanation) {
	w.t.Helper()
	for _, a := range w.log.Acceptances {
		if a.Document != document {
			continue
		}
		s, err := w.corpus.Succession(a.Document, "2026")
		if err != nil {
			w.t.Fatal(err)
		}
		if a.Form == terms.ContinuedUse {
			x := must(w.t)(w.explained(a.Entry, 0).Acceptance(a, s.New, s.Old, nil))
			used = &x
		} else {
			x := must(w.t)(w.explained(a.Entry, 0).Acceptance(a, s.Old, nil, nil))
			clicked = &x
		}
	}
	if used == nil || clicked == nil {
		w.t.Fatalf("%s was accepted %+v", document, w.log.Acceptances)
	}
	return used, clicked
}

// TestGoingOnWithTheNetwork accepts its terms and its service levels, each once.
func TestGoingOnWithTheNetwork(t *testing.T) {
	w := newWorld(t, changing(t, metered(t, fileNetPage),
		nextOf(t, fileC, "2026-02-01", "The customer shall observe these terms", "The customer shall well observe these terms"),
		nextOf(t, fileSLA, "2026-02-01", "Aurora Cloud may change this agreement", "Aurora Cloud may well change this agreement")),
		"general-agreement", "network-terms", "network-sla")
	w.topUp("2026-01-01T10:00:00+08:00", "100")
	w.useOf("enterprise-network", "net", 1000, "2026-01-31T22:00:00+08:00", "2026-02-01T02:00:00+08:00", "2026-01-31T22:00:00+08:00")
	w.advance("2026-02-02T00:00:00+08:00")
	if used := byGoingOn(w); len(used) != 2 {
		t.Errorf("accepted %+v", used)
	}
	used, clicked := w.acceptedBy("network-terms")
	clausetest.Applies(t, used, "C 3.1.1c")
	clausetest.DoesNotApply(t, clicked, "C 3.1.1c")
	used, clicked = w.acceptedBy("network-sla")
	clausetest.Applies(t, used, "C-SLA 4c")
	clausetest.DoesNotApply(t, clicked, "C-SLA 4c")
	w.agreed()
}

// framework is a corpus in which the framework contract binds this account, and its
// terms change on 1 February.
func framework(t testing.TB) *terms.Corpus {
	t.Helper()
	names := []string{"[northfield-a, northfield-b, northfield-c]", "[customer-001]"}
	return changing(t, editionOf(t, fileF, "2025-07", "2025-07-01", "2025-07-01", names...), editionOf(t, fileFA, "2025-07", "2025-07-01", "2025-07-01", names...),
		nextOf(t, fileFA, "2026-02-01", append(names, "late_fee.rate: 0.1%/day", "late_fee.rate: 0.2%/day")...))
}

// TestTheFrameworkContractChanges: who goes on accepts, who leaves must say so.
func TestTheFrameworkContractChanges(t *testing.T) {
	begin := func() *world {
		w := newWorld(t, framework(t), "framework-contract", "framework-terms")
		w.topUp("2026-01-01T10:00:00+08:00", "100")
		w.announce("framework-terms", "2026-01-01T10:00:00+08:00")
		w.use("pod", 1000, "2026-01-31T22:00:00+08:00", "2026-02-01T02:00:00+08:00", "2026-01-31T22:00:00+08:00")
		return w
	}
	stays := begin()
	stays.advance("2026-02-02T00:00:00+08:00")
	used, clicked := stays.acceptedBy("framework-terms")
	clausetest.Applies(t, used, "FA 3.2.10c")
	clausetest.DoesNotApply(t, clicked, "FA 3.2.10c")
	stays.agreed()

	leaves := begin()
	leaves.dissent("framework-terms", "2026-01-20T10:00:00+08:00", false)
	leaves.advance("2026-02-02T00:00:00+08:00")
	if got := leaves.tally(); got != "7200 billed, refused map[service_ended:7200]" {
		t.Error(got)
	}
	clausetest.Applies(t, leaves.explainedNotice(leaves.log.Notices[1]), "FA 3.2.10b")
	opened := stays.log.Transitions[0]
	clausetest.DoesNotApply(t, must(t)(stays.explained(opened.Entry, opened.Terms).Transition(opened)), "FA 3.2.10b")
	leaves.agreed()
}

// TestATariffIsPaidByConsent: the line's price stays for a customer in term until
// it accepts the new page.
func TestATariffIsPaidByConsent(t *testing.T) {
	first := metered(t, fileUPage)
	tariff := strings.NewReplacer(`version: "2025-07"`, `version: "2026"`, "announced: 2025-07-01", "announced: 2026-01-01",
		"effective: 2025-08-01", "effective: 2026-02-01\nchange: [tariff]", "price.cpu: 0.09", "price.cpu: 0.18").Replace(first)
	begin := func() *world {
		w := newWorld(t, changing(t, first, tariff), "general-agreement", "cross-border-line-agreement")
		w.topUp("2026-01-01T10:00:00+08:00", "100")
		w.announce("page-cross-border-line", "2026-01-01T10:00:00+08:00")
		w.useOf("cross-border-line", "line", 1000, "2026-01-31T23:00:00+08:00", "2026-02-01T03:00:00+08:00", "2026-01-31T23:00:00+08:00")
		return w
	}
	old := begin()
	old.advance("2026-02-03T00:00:00+08:00")
	clausetest.Executes(t, "U 5.4", old.charged() == amount(t, "0.36"))
	old.agreed()

	agrees := begin()
	at := instant("2026-02-01T01:00:00+08:00")
	agrees.run(at, func(b *account.Books) (*account.Decision, error) {
		return b.Accept(agrees.env(), []terms.Acceptance{{Document: "page-cross-border-line", Version: "2026", Form: terms.Click, At: at, Recorded: at, Actor: "test"}}, at)
	})
	agrees.advance("2026-02-03T00:00:00+08:00")
	clausetest.Refrains(t, "U 5.4", agrees.charged() == amount(t, "0.54"))
	agrees.agreed()
}
