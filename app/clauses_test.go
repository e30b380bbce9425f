package app_test

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/core/terms/clausetest"
	"termwise.dev/provider"
)

// withDocuments is the sample provider's folder with documents added or replaced.
func withDocuments(t testing.TB, added map[string]string) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	files := []string{"provider.yaml", "calendar.yaml"}
	for _, dir := range []string{"agreements", "products"} {
		entries, err := provider.Sample.ReadDir(dir)
		must(t, err)
		for _, e := range entries {
			files = append(files, dir+"/"+e.Name())
		}
	}
	for _, name := range files {
		source, err := provider.Sample.ReadFile(name)
		must(t, err)
		folder[name] = &fstest.MapFile{Data: source}
	}
	for name, text := range added {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return folder
}

// small is a document with one clause.
func small(id, code, kind, by, clause string) string {
	return strings.NewReplacer("ID", id, "CODE", code, "KIND", kind, "BY", by, "CLAUSE", clause).Replace(`
document: ID
code: CODE
version: "1"
kind: KIND
title: A small document
issuer: aurora
binds: { products: [compute-payg] }
by: BY
announced: 2025-05-01
effective: 2025-06-01
clauses:
  - { id: "1", title: Something, text: Something else., terms: { CLAUSE } }
`)
}

// customer opens an account under documents of a folder.
func customer(t testing.TB, folder fstest.MapFS, accepts ...string) *app.App {
	t.Helper()
	ctx := context.Background()
	a := open(t, filepath.Join(t.TempDir(), "test.db"))
	must(t, a.Init(ctx, true, instant(traceStart)))
	_, err := a.Publish(ctx, folder)
	must(t, err)
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "c", Name: "C", Accepts: accepts}, "test"))
	return a
}

// notByUse takes use out of the forms in which documents of a folder are
// accepted, so that accounts can be had that use a product without them.
func notByUse(t testing.TB, folder fstest.MapFS, names ...string) fstest.MapFS {
	t.Helper()
	for _, name := range names {
		file := "agreements/" + name + ".yaml"
		text := string(folder[file].Data)
		less := strings.NewReplacer(", use]", "]", " use, ", " ").Replace(text)
		if less == text {
			t.Fatalf("%s lists no use among its forms", file)
		}
		folder[file] = &fstest.MapFile{Data: []byte(less)}
	}
	return folder
}

func resolve(t testing.TB, a *app.App, key string) app.Resolution {
	t.Helper()
	r, err := a.Resolve(context.Background(), app.Question{Key: key, Account: "c", Product: "compute-payg"})
	must(t, err)
	return r
}

// decides says whether a clause decides a resolution's ranking.
func decides(r app.Resolution, cite string) bool {
	return slices.ContainsFunc(r.Considered, func(c app.ConsideredClause) bool {
		return strings.HasPrefix(c.DecidedBy, cite+" ") || c.DecidedBy == cite
	})
}

// TestPrecedenceOfTheGeneralAgreement sets the same key in documents of each
// rank: a stamped contract goes before a page, a page before special terms,
// special terms before the general agreement, and everything before the rules.
func TestPrecedenceOfTheGeneralAgreement(t *testing.T) {
	const key = "late_fee.rate"
	plain := resolve(t, customer(t, withDocuments(t, nil), "general-agreement"), key)
	special := small("special", "X", "special", "acceptance", key+": 0.2%/day")
	page := small("page", "Y", "page", "publication", key+": 0.3%/day")
	stamped := small("contract", "Z", "stamped", "acceptance", key+": 0.1%/day")

	overSpecial := resolve(t, customer(t, withDocuments(t, map[string]string{"agreements/x.yaml": special}), "general-agreement", "special"), key)
	clausetest.Executes(t, "G 0.1", overSpecial.Value == "0.2%/day" && decides(overSpecial, "G 0.1"))
	clausetest.Refrains(t, "G 0.1", plain.Value == "0.05%/day" && len(plain.Considered) == 1)

	overPage := resolve(t, customer(t, withDocuments(t, map[string]string{"agreements/x.yaml": special, "products/y.yaml": page}), "general-agreement", "special"), key)
	clausetest.Executes(t, "G 12.1", overPage.Value == "0.3%/day" && decides(overPage, "G 12.1"))
	clausetest.Refrains(t, "G 12.1", !decides(plain, "G 12.1"))

	overAll := resolve(t, customer(t, withDocuments(t, map[string]string{
		"agreements/x.yaml": special, "products/y.yaml": page, "agreements/z.yaml": stamped,
	}), "general-agreement", "special", "contract"), key)
	clausetest.Executes(t, "G 12.4", overAll.Value == "0.1%/day" && decides(overAll, "G 12.4"))
	clausetest.Refrains(t, "G 12.4", overPage.Value != "0.1%/day") // clicked text alone stays as it is
}

// TestRulesGiveWay sets what the published rules set in the lowest agreement.
func TestRulesGiveWay(t *testing.T) {
	const key = "late_fee.method"
	plain := resolve(t, customer(t, withDocuments(t, nil), "general-agreement"), key)
	clausetest.Refrains(t, "R 0", plain.Value == "simple")
	other := small("special", "X", "special", "acceptance", key+": compound")
	under := resolve(t, customer(t, withDocuments(t, map[string]string{"agreements/x.yaml": other}), "general-agreement", "special"), key)
	clausetest.Executes(t, "R 0", under.Value == "compound")
}

func TestTheFirewallHasOnlyTheGeneralAgreement(t *testing.T) {
	a := customer(t, withDocuments(t, nil), "general-agreement")
	bound := func(product string) string {
		r, err := a.Resolve(context.Background(), app.Question{Key: "late_fee.rate", Account: "c", Product: product})
		must(t, err)
		ids := map[string]bool{}
		for _, d := range r.Documents {
			ids[d.Document] = true
		}
		return strings.Join(slices.Sorted(maps.Keys(ids)), " ")
	}
	firewall := bound("cloud-firewall") == "billing-rules general-agreement page-cloud-firewall"
	compute := bound("compute-payg") == "billing-rules general-agreement page-compute-payg"
	clausetest.Executes(t, "G-CFW", firewall)
	clausetest.Refrains(t, "G-CFW", compute)

	// Under the other general agreement the firewall waits for this one.
	other := customer(t, withDocuments(t, nil), service)
	missing := func(product string) (text string) {
		n, err := other.Needs(context.Background(), "c", product, nil, 0)
		must(t, err)
		for _, m := range n.Missing {
			text += m.AnyOf[0].Document + " by " + m.Clause.Cite
		}
		return text
	}
	wall := usage("c", "wall", "wall", 1000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00")
	wall.Product = "cloud-firewall"
	refused := send(t, other, wall)[0]
	clausetest.Executes(t, "PF 1", firewall && refused.Code == refusal.NotAccepted && strings.Contains(refused.Message, "PF 1") &&
		missing("cloud-firewall") == theGeneral+" by PF 1 (page-cloud-firewall 2025-06)")
	clausetest.Refrains(t, "PF 1", compute && missing("compute-payg") == "")
}

// TestAcceptance: a click is recorded with its version; using a service without
// one accepts by use, at the instant of the usage; a form that the agreement
// does not list is refused.
func TestAcceptance(t *testing.T) {
	ctx := context.Background()
	used := customer(t, withDocuments(t, nil))
	_, err := used.Resolve(ctx, app.Question{Key: "late_fee.rate", Account: "c", Product: "compute-payg"})
	if refusal.CodeOf(err) != refusal.NotAccepted {
		t.Errorf("before any acceptance: %v", err)
	}
	from := instant(traceStart).Add(calendar.HourLength)
	event := metering.Event{
		Source: "s", ID: "1", Account: "c", Product: "compute-payg", Resource: "r",
		From: from, To: from.Add(calendar.Minute), Measures: []metering.Measure{{Meter: "cpu", Value: 1}},
	}
	receipts, err := used.ReportUsage(ctx, []app.Reported{{Event: event}}, "test")
	must(t, err)
	if receipts[0].Outcome != app.Accepted {
		t.Fatalf("%+v", receipts[0])
	}
	advance(t, used, "2026-01-01T03:00:00+08:00")
	clausetest.Applies(t, acceptedTerms(t, used), "G 0.3")

	mailOnly := strings.Replace(small("special", "X", "special", "acceptance", "acceptance.forms: [mail]"), "KIND", "special", 1)
	a := customer(t, withDocuments(t, map[string]string{"agreements/x.yaml": mailOnly}), "general-agreement")
	err = clicks(ctx, a, "c", []string{"special"}, "test")
	if refusal.CodeOf(err) != refusal.BadInput {
		t.Errorf("a click on a document that is accepted by mail: %v", err)
	}
	clausetest.DoesNotApply(t, clausesOf(resolve(t, customer(t, withDocuments(t, map[string]string{
		"agreements/x.yaml": small("page-x", "X", "page", "publication", "acceptance.forms: [mail]"),
	}), "general-agreement"), "acceptance.forms")), "G 0.3")
}

// acceptedTerms returns the clause under which the account's acceptance counts.
func acceptedTerms(t testing.TB, a *app.App) terms.Citations {
	t.Helper()
	r, err := a.Resolve(context.Background(), app.Question{Key: "acceptance.forms", Account: "c", At: instant("2026-01-01T02:00:00+08:00")})
	must(t, err)
	return clausesOf(r)
}

func clausesOf(r app.Resolution) terms.Citations {
	if r.Clause == nil {
		return nil
	}
	return terms.Citations{r.Clause.Citation}
}

func TestEmphasisAndSurvivalAreShown(t *testing.T) {
	a := customer(t, withDocuments(t, nil), "general-agreement")
	d, err := a.Document(context.Background(), "general-agreement", "")
	must(t, err)
	clause := map[string]app.ClauseView{}
	for _, c := range d.Text {
		clause[c.Label] = c
	}
	for _, label := range []string{"2.3", "8.4", "8.5", "11.2"} { // breach, limitation, cap, venue
		clausetest.Executes(t, "G 0.4", clause[label].Emphasis)
	}
	clausetest.Refrains(t, "G 0.4", !clause["2.2"].Emphasis)
	for _, label := range []string{"6.2", "5.1", "11.1"} { // confidentiality, intellectual property, law
		clausetest.Executes(t, "G 12.3", clause[label].Survives)
	}
	clausetest.Refrains(t, "G 12.3", !clause["2.2"].Survives)
}

// TestThirtyDaysBeforeAChange publishes a new version of the general agreement
// on 1 January, to take effect after 29 and after 30 natural days.
func TestThirtyDaysBeforeAChange(t *testing.T) {
	ctx := context.Background()
	text, err := provider.Sample.ReadFile("agreements/general-agreement.yaml")
	must(t, err)
	change := func(effective string) map[string]string {
		next := strings.NewReplacer(
			`version: "2025-06"`, `version: "2026-02"`, "version: 2025-06", "version: 2026-02",
			"announced: 2025-05-01", "announced: 2026-01-01", "effective: 2025-06-01", "effective: "+effective,
			"late_fee.rate: 0.05%/day", "late_fee.rate: 0.04%/day",
		).Replace(string(text))
		return map[string]string{"agreements/next.yaml": next}
	}
	a := customer(t, withDocuments(t, nil), "general-agreement")
	_, err = a.Publish(ctx, withDocuments(t, change("2026-01-30")))
	refused := refusal.CodeOf(err) == refusal.NoticeTooShort && strings.Contains(err.Error(), "G 3.2.9")
	if !refused {
		t.Errorf("29 days: %v", err)
	}
	plan, err := a.Publish(ctx, withDocuments(t, change("2026-01-31")))
	must(t, err)
	if len(plan.Documents) != 1 || plan.Documents[0].NoticesOwed != 1 || plan.Documents[0].NoticeBy != "2026-01-01" {
		t.Errorf("plan %+v", plan.Documents)
	}

	// Going on using the service accepts: the change binds on its day.
	advance(t, a, "2026-01-31T00:00:00+08:00")
	if r := resolve(t, a, "late_fee.rate"); r.Value != "0.04%/day" {
		t.Errorf("after the change the rate is %s", r.Value)
	}
}

// TestWhatCountsAsUse imports a workload that never started, one that ended as
// it started, and one that ran.
func TestWhatCountsAsUse(t *testing.T) {
	ctx := context.Background()
	a := customer(t, withDocuments(t, nil), "general-agreement")
	receipts, err := a.ReportUsage(ctx, append(usageOf("empty", 0), usageOf("ran", calendar.Minute)...), "test")
	must(t, err)
	if receipts[0].Code != refusal.BadInterval || receipts[1].Outcome != app.Accepted {
		t.Fatalf("%+v", receipts)
	}
	explanation, err := a.Explain(ctx, receipts[0].Refusal)
	must(t, err)
	clausetest.Applies(t, &explanation, "P 2.1")
	advance(t, a, "2026-01-01T01:00:00+08:00")
	lines, _, err := a.StatementLines(ctx, "c", month("2026-01"), 0, "", 10)
	must(t, err)
	charged, err := a.Explain(ctx, lines[0].ID)
	must(t, err)
	clausetest.DoesNotApply(t, &charged, "P 2.1")
}

// usageOf is a resource of account c that runs from the trace's start.
func usageOf(resource string, length calendar.Duration) []app.Reported {
	at := instant(traceStart)
	return []app.Reported{{Event: metering.Event{
		Source: "s", ID: resource, Account: "c", Product: "compute-payg", Resource: resource,
		From: at, To: at.Add(length), Measures: []metering.Measure{{Meter: "cpu", Value: 1000}},
	}}}
}

func month(s string) calendar.Month {
	m, err := calendar.ParseMonth(s)
	if err != nil {
		panic(err)
	}
	return m
}
