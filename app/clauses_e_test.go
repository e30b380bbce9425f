package app_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/core/terms/clausetest"
	"termwise.dev/provider"
)

const computeTerms = "compute-terms"

// computeCycles lets the page allow every cycle, on which the compute terms are silent:
// with it an account can be charged that has accepted nothing else.
var computeCycles = small("page-cycles", "YC", "page", "publication", "billing.cycles: [hour, day, month]")

// computeFolder is the sample with documents added, of which each file is named
// by its place in the list.
func computeFolder(t testing.TB, added ...string) map[string]string {
	t.Helper()
	files := map[string]string{"products/cycles.yaml": computeCycles}
	for i, text := range added {
		files["agreements/added-"+string(rune('a'+i))+".yaml"] = text
	}
	return files
}

// computeEdited is a document of the sample with some of its text replaced; each
// replacement must find what it replaces.
func computeEdited(t testing.TB, file string, pairs ...string) string {
	t.Helper()
	source, err := provider.Sample.ReadFile(file)
	must(t, err)
	text := string(source)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%s does not hold %q", file, pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// useCompute reports use of so many milli-vCPU by account c.
func useCompute(t testing.TB, a *app.App, id string, rate int64, from, to string) {
	t.Helper()
	receipts, err := a.ReportUsage(context.Background(), []app.Reported{{Event: metering.Event{
		Source: "s", ID: id, Account: "c", Product: "compute-payg", Resource: id,
		From: instant(from), To: instant(to), Measures: []metering.Measure{{Meter: "cpu", Value: rate}},
	}}}, "test")
	must(t, err)
	if receipts[0].Outcome != app.Accepted {
		t.Fatalf("%+v", receipts[0])
	}
}

// oweForCompute lets account c use compute for about 10,000.00 in the first hour, pays
// nothing, and lets time pass.
func oweForCompute(t testing.TB, a *app.App, until string) app.AccountArrears {
	t.Helper()
	useCompute(t, a, "pod", 111_111_112, traceStart, "2026-01-01T01:00:00+08:00") // × 0.09 / 1000
	advance(t, a, until)
	owed, err := a.ArrearsOf(context.Background(), "c")
	must(t, err)
	if owed.Principal != 10_000_000_080 || len(owed.Services) != 1 {
		t.Fatalf("%s is owed for %d services", owed.Principal, len(owed.Services))
	}
	return owed
}

// computeBinds says whether a document is among those that bind, and
// computeSpeaks whether the document of a code sets the key.
func computeBinds(r app.Resolution, document string) bool {
	return slices.ContainsFunc(r.Documents, func(d app.BoundDocument) bool { return d.Document == document })
}

func computeSpeaks(r app.Resolution, code string) bool {
	return slices.ContainsFunc(r.Considered, func(c app.ConsideredClause) bool { return strings.HasPrefix(c.Cite, code+" ") })
}

// TestComputeTermsAndTheLateFee: the compute terms are silent on a rate. Beside
// the general agreement its 0.05% applies; alone, ten days cost nothing. In both
// cases they give the right to withhold the service.
func TestComputeTermsAndTheLateFee(t *testing.T) {
	const tenDays = "2026-01-12T00:00:00+08:00" // 2 to 11 January
	for _, c := range []struct {
		name    string
		accepts []string
		fees    money.Amount
		value   string
		silent  bool
	}{
		{"both", []string{"general-agreement", computeTerms}, 50_000_000, "0.05%/day", false},
		{"alone", []string{computeTerms}, 0, "no late fee", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := customer(t, notByUse(t, withDocuments(t, computeFolder(t)), "general-agreement"), c.accepts...)
			if owed := oweForCompute(t, a, tenDays); owed.LateFees != c.fees {
				t.Errorf("ten days on 10,000.00 cost %s", owed.LateFees)
			}
			rate := resolve(t, a, "late_fee.rate")
			if rate.Value != c.value || rate.Silent != c.silent || !computeBinds(rate, computeTerms) || computeSpeaks(rate, "E") {
				t.Errorf("%q, silent %v, of %+v", rate.Value, rate.Silent, rate.Considered)
			}
			if !c.silent && rate.Clause.Citation.String() != "G 2.3" {
				t.Errorf("the rate is cited to %s", rate.Clause.Cite)
			}
			clausetest.Applies(t, clausesOf(resolve(t, a, "arrears.withhold")), "E 2.3")
		})
	}
}

// TestComputeTermsWithhold: who has accepted the compute terms alone is
// suspended for arrears by their clause 2.3, and is not where it is missing; who
// has not accepted them is suspended by the general agreement.
func TestComputeTermsWithhold(t *testing.T) {
	const twoDays = "2026-01-03T00:00:00+08:00" // the page suspends after 24 hours
	a := customer(t, withDocuments(t, computeFolder(t)), computeTerms)
	if owed := oweForCompute(t, a, twoDays); owed.Services[0].State != "suspended" {
		t.Errorf("under the terms the service is %s", owed.Services[0].State)
	}
	clausetest.Applies(t, clausesOf(resolve(t, a, "arrears.withhold")), "E 2.3")

	files := computeFolder(t)
	files["agreements/compute-terms.yaml"] = computeEdited(t, "agreements/compute-terms.yaml",
		"    terms:\n      arrears.withhold: true\n      arrears.withhold.support: true\n      arrears.legal_action: postpaid_arrears\n",
		"    declaratory: taken away\n")
	a = customer(t, notByUse(t, withDocuments(t, files), "general-agreement"), computeTerms)
	if owed := oweForCompute(t, a, twoDays); owed.Services[0].State != "active" {
		t.Errorf("without a right to withhold the service is %s", owed.Services[0].State)
	}
	clausetest.DoesNotApply(t, clausesOf(resolve(t, a, "arrears.withhold")), "E 2.3")

	a = customer(t, withDocuments(t, nil), "general-agreement")
	withheld := clausesOf(resolve(t, a, "arrears.withhold"))
	clausetest.Applies(t, withheld, "G 2.3")
	clausetest.DoesNotApply(t, withheld, "E 2.3")
}

// TestComputeTermsGoBeforePages lets a page say that nothing is withheld. The
// general agreement puts pages first (G 12.1), the compute terms put themselves
// first (E 11.1): each has its way in its own scope.
func TestComputeTermsGoBeforePages(t *testing.T) {
	const key, twoDays = "arrears.withhold", "2026-01-03T00:00:00+08:00"
	lenient := small("page-lenient", "Y", "page", "publication", key+": false")
	firewall := strings.NewReplacer("compute-payg", "cloud-firewall", "page-lenient", "page-lenient-firewall", "code: Y", "code: YF").Replace(lenient)
	folder := withDocuments(t, computeFolder(t, lenient, firewall))

	special := customer(t, folder, "general-agreement", computeTerms)
	ofSpecial := resolve(t, special, key)
	suspended := oweForCompute(t, special, twoDays).Services[0].State == "suspended"
	clausetest.Executes(t, "E 11.1", ofSpecial.Value == "true" && decides(ofSpecial, "E 11.1") && suspended)
	clausetest.Applies(t, clausesOf(ofSpecial), "E 2.3")

	general := customer(t, notByUse(t, folder, computeTerms), "general-agreement")
	ofGeneral := resolve(t, general, key)
	served := oweForCompute(t, general, twoDays).Services[0].State == "active"
	clausetest.Refrains(t, "E 11.1", ofGeneral.Value == "false" && decides(ofGeneral, "G 12.1") && served)

	// The same customer's firewall is out of the scope of the compute terms.
	other, err := special.Resolve(context.Background(), app.Question{Key: key, Account: "c", Product: "cloud-firewall"})
	must(t, err)
	clausetest.Refrains(t, "E 11.1", other.Value == "false" && decides(other, "G 12.1") && !computeBinds(other, computeTerms))
}

// TestAStampedTextGoesBeforeTheComputeTerms: the contract gives up the right to
// withhold that the clicked terms grant, with and without a general agreement.
func TestAStampedTextGoesBeforeTheComputeTerms(t *testing.T) {
	const key, twoDays = "arrears.withhold", "2026-01-03T00:00:00+08:00"
	contract := small("contract", "Z", "stamped", "acceptance", key+": false")
	folder := withDocuments(t, computeFolder(t, contract))
	for _, accepts := range [][]string{
		{computeTerms, "contract"},
		{"general-agreement", computeTerms, "contract"},
	} {
		stamped := customer(t, folder, accepts...)
		r := resolve(t, stamped, key)
		served := oweForCompute(t, stamped, twoDays).Services[0].State == "active"
		clausetest.Executes(t, "E 0.2", r.Value == "false" && decides(r, "E 0.2") && served)
		clausetest.DoesNotApply(t, clausesOf(r), "E 2.3")
	}
	// A contract that this account has not concluded leaves the click as it is.
	clicked := customer(t, folder, computeTerms)
	r := resolve(t, clicked, key)
	suspended := oweForCompute(t, clicked, twoDays).Services[0].State == "suspended"
	clausetest.Refrains(t, "E 0.2", r.Value == "true" && suspended)
}

// TestUsingComputeAcceptsItsTerms: an account that clicked nothing has accepted
// the version in force at the instant at which it begins to use the service;
// terms that do not list use are not accepted so.
func TestUsingComputeAcceptsItsTerms(t *testing.T) {
	const from, to = "2026-01-01T01:00:00+08:00", "2026-01-01T01:01:00+08:00"
	accepted := func(a *app.App) []app.AcceptanceView {
		v, err := a.Account(context.Background(), "c")
		must(t, err)
		return slices.DeleteFunc(v.Accepted, func(v app.AcceptanceView) bool { return v.Document != computeTerms })
	}
	used := customer(t, withDocuments(t, nil))
	clausetest.Refrains(t, "E 0.1", len(accepted(used)) == 0)
	useCompute(t, used, "pod", 1000, from, to)
	got := accepted(used)
	clausetest.Executes(t, "E 0.1", len(got) == 1 && got[0].Version == "2025-06" && got[0].Form == "use" && got[0].At == from && got[0].Actor == "test")
	advance(t, used, "2026-01-01T03:00:00+08:00")
	forms, err := used.Resolve(context.Background(), app.Question{Key: "acceptance.forms", Account: "c", Product: "compute-payg", At: instant(from)})
	must(t, err)
	clausetest.Applies(t, clausesOf(forms), "E 0.1")

	notByUse := computeEdited(t, "agreements/compute-terms.yaml", "acceptance.forms: [click, use, stamp]", "acceptance.forms: [click, stamp]")
	other := customer(t, withDocuments(t, map[string]string{"agreements/compute-terms.yaml": notByUse}))
	useCompute(t, other, "pod", 1000, from, to)
	clausetest.Refrains(t, "E 0.1", len(accepted(other)) == 0)
	advance(t, other, "2026-01-01T03:00:00+08:00")
	clausetest.DoesNotApply(t, clausesOf(resolve(t, other, "acceptance.forms")), "E 0.1")

	stampOnly := computeEdited(t, "agreements/compute-terms.yaml", "acceptance.forms: [click, use, stamp]", "acceptance.forms: [stamp]")
	a := customer(t, withDocuments(t, map[string]string{"agreements/compute-terms.yaml": stampOnly}), "general-agreement")
	if err := clicks(context.Background(), a, "c", []string{computeTerms}, "test"); refusal.CodeOf(err) != refusal.BadInput {
		t.Errorf("a click on terms that are only stamped: %v", err)
	}
}

func TestComputeTermsBindCompute(t *testing.T) {
	a := customer(t, withDocuments(t, nil), "general-agreement", computeTerms)
	firewall, err := a.Resolve(context.Background(), app.Question{Key: "late_fee.rate", Account: "c", Product: "cloud-firewall"})
	must(t, err)
	clausetest.Executes(t, "E 1.1", computeBinds(resolve(t, a, "late_fee.rate"), computeTerms))
	clausetest.Refrains(t, "E 1.1", !computeBinds(firewall, computeTerms))
}

// TestPaymentAfterUseByThePriceInForce doubles the page's price at noon of a day
// on which a pod runs from eleven to one, under the compute terms alone.
func TestPaymentAfterUseByThePriceInForce(t *testing.T) {
	ctx := context.Background()
	files := computeFolder(t)
	files["products/noon.yaml"] = computeEdited(t, "products/compute-payg.yaml",
		`version: "2025-06"`, `version: "2026-01"`, "announced: 2025-05-01", "announced: 2026-01-01",
		"effective: 2025-06-01", "effective: 2026-01-01T12:00:00+08:00", "price.cpu: 0.09 CNY", "price.cpu: 0.18 CNY")
	a := customer(t, withDocuments(t, computeFolder(t)), computeTerms)
	_, err := a.Publish(ctx, withDocuments(t, files))
	must(t, err)
	useCompute(t, a, "pod", 1000, "2026-01-01T11:00:00+08:00", "2026-01-01T13:00:00+08:00")
	advance(t, a, "2026-01-01T14:00:00+08:00")
	lines, _, err := a.StatementLines(ctx, "c", month("2026-01"), 0, "", 10)
	must(t, err)
	if len(lines) != 2 {
		t.Fatalf("%+v", lines)
	}
	clausetest.Refrains(t, "E 2.2.2", lines[0].Amount == 90_000)
	clausetest.Executes(t, "E 2.2.2", lines[1].Amount == 180_000)
}

func TestEmphasisAndSurvivalInTheComputeTerms(t *testing.T) {
	a := customer(t, withDocuments(t, nil), computeTerms)
	d, err := a.Document(context.Background(), computeTerms, "")
	must(t, err)
	clause := map[string]app.ClauseView{}
	for _, c := range d.Text {
		clause[c.Label] = c
	}
	for _, label := range []string{"2.3", "7.2.2", "8.4", "8.5", "10.2"} { // breach, exemption, cap, venue
		clausetest.Executes(t, "E 0.3", clause[label].Emphasis)
	}
	clausetest.Refrains(t, "E 0.3", !clause["1.1"].Emphasis)
	for _, label := range []string{"5.1", "5.3", "6.2", "10.1"} { // warranty, intellectual property, confidentiality, law
		clausetest.Executes(t, "E 11.3", clause[label].Survives)
	}
	for _, label := range []string{"6.1", "6.2", "6.3"} {
		clausetest.Executes(t, "E 6.4", clause[label].Survives)
	}
	clausetest.Refrains(t, "E 11.3", !clause["2.3"].Survives)
	clausetest.Refrains(t, "E 6.4", !clause["4.1"].Survives) // data are not a confidential material of chapter 6

	// Printed labels stay where they are printed: 2.1.1.1 follows 2.1 and is
	// followed by 2.2.2.
	var labels []string
	for _, c := range d.Text {
		labels = append(labels, c.Label)
	}
	i := slices.Index(labels, "2.1")
	if got := strings.Join(labels[i:i+5], " "); got != "2.1 2.1.1.1 2.1.1.2 2.2.2 2.3" {
		t.Errorf("chapter 2 is printed as %s", got)
	}
}

// TestThirtyDaysBeforeTheComputeTermsChange publishes a new version on 1
// January, to take effect after 29 and after 30 natural days.
func TestThirtyDaysBeforeTheComputeTermsChange(t *testing.T) {
	ctx := context.Background()
	change := func(effective string) map[string]string {
		return map[string]string{"agreements/next.yaml": computeEdited(t, "agreements/compute-terms.yaml",
			`version: "2025-06"`, `version: "2026-02"`, "announced: 2025-05-01", "announced: 2026-01-01",
			"effective: 2025-06-01", "effective: "+effective, "arrears.withhold: true", "arrears.withhold: false")}
	}
	a := customer(t, withDocuments(t, nil), "general-agreement", computeTerms)
	_, err := a.Publish(ctx, withDocuments(t, change("2026-01-30")))
	refused := refusal.CodeOf(err) == refusal.NoticeTooShort && strings.Contains(err.Error(), "E 3.1.1")
	if !refused {
		t.Errorf("29 days: %v", err)
	}
	plan, err := a.Publish(ctx, withDocuments(t, change("2026-01-31")))
	must(t, err)
	if p := plan.Documents; len(p) != 1 || p[0].NoticesOwed != 1 || p[0].NoticeBy != "2026-01-01" || p[0].Dissent != terms.ContinuedUseAccepts {
		t.Errorf("plan %+v", p)
	}

	// Going on using the service accepts: the change binds on its day, not before.
	lastSecond := instant("2026-01-31T00:00:00+08:00").Add(-calendar.Second)
	advance(t, a, lastSecond.String())
	if r := resolve(t, a, "arrears.withhold"); r.Value != "true" {
		t.Errorf("before the change: %s", r.Value)
	}
	advance(t, a, "2026-01-31T00:00:00+08:00")
	if r := resolve(t, a, "arrears.withhold"); r.Value != "false" || r.Clause.Citation.Version != "2026-02" {
		t.Errorf("after the change: %s by %+v", r.Value, r.Clause)
	}
}
