package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms/clausetest"
	"termwise.dev/provider"
)

const (
	serviceFile    = "agreements/service-agreement.yaml"
	service        = "service-agreement"
	theGeneral     = "general-agreement"
	serviceRateKey = "late_fee.rate"
)

// higherRate swaps the rate of the service agreement for a higher one.
var higherRate = []string{serviceRateKey + ": 0.05%/day", serviceRateKey + ": 0.06%/day"}

// subscriber opens account c under documents of a folder, with the database to
// look into.
func subscriber(t testing.TB, folder fstest.MapFS, accepts ...string) (*app.App, *sql.DB) {
	t.Helper()
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "test.db")
	a := open(t, file)
	must(t, a.Init(ctx, true, instant(traceStart)))
	_, err := a.Publish(ctx, folder)
	must(t, err)
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "c", Name: "C", Accepts: accepts}, "test"))
	return a, around(t, file)
}

// editedSample is the text of a sample document with old and new texts swapped.
// Every old text must stand in it.
func editedSample(t testing.TB, file string, swaps ...string) string {
	t.Helper()
	source, err := provider.Sample.ReadFile(file)
	must(t, err)
	text := string(source)
	for i := 0; i < len(swaps); i += 2 {
		if !strings.Contains(text, swaps[i]) {
			t.Fatalf("%s does not say %q", file, swaps[i])
		}
		text = strings.ReplaceAll(text, swaps[i], swaps[i+1])
	}
	return text
}

// withOnly is the sample with no other documents than those of some files.
func withOnly(t testing.TB, files ...string) fstest.MapFS {
	t.Helper()
	folder := withDocuments(t, nil)
	for name := range folder {
		isDocument := strings.HasPrefix(name, "agreements/") || strings.HasPrefix(name, "products/")
		if isDocument && !slices.Contains(files, name) {
			delete(folder, name)
		}
	}
	return folder
}

// nextService is a version of the service agreement with some texts swapped.
func nextService(t testing.TB, announced, effective string, swaps ...string) map[string]string {
	t.Helper()
	return map[string]string{"agreements/next.yaml": editedSample(t, serviceFile, append([]string{
		`version: "2020-09-24"`, `version: "2026"`,
		"announced: 2020-08-24", "announced: " + announced, "effective: 2020-09-24", "effective: " + effective,
	}, swaps...)...)}
}

// uses reports compute usage of account c.
func uses(t testing.TB, a *app.App, resource, from, to string, measures ...metering.Measure) {
	t.Helper()
	receipts, err := a.ReportUsage(context.Background(), []app.Reported{{Event: metering.Event{
		Source: "s", ID: resource, Account: "c", Product: "compute-payg", Resource: resource,
		From: instant(from), To: instant(to), Measures: measures,
	}}}, "test")
	must(t, err)
	if receipts[0].Outcome != app.Accepted {
		t.Fatalf("%+v", receipts[0])
	}
}

// usesThousand uses what costs exactly 1,000.00 in the first hour: 100 GPU at
// 8.50 and 6,250 GiB at 0.024.
func usesThousand(t testing.TB, a *app.App) {
	t.Helper()
	uses(t, a, "large", traceStart, "2026-01-01T01:00:00+08:00",
		metering.Measure{Meter: "gpu", Value: 100_000}, metering.Measure{Meter: "memory", Value: 6_250 * 1024})
}

// thousand is 1,000.00, what usesThousand costs.
const thousand money.Amount = 1_000_000_000

func januaryOf(t testing.TB, a *app.App) app.Statement {
	t.Helper()
	s, err := a.Statement(context.Background(), "c", month("2026-01"), 0)
	must(t, err)
	return s
}

// firstOf explains the first row of a kind.
func firstOf(t testing.TB, a *app.App, db *sql.DB, table string) *app.Explanation {
	t.Helper()
	names := namesIn(t, db, table, storedKinds[table])
	if len(names) == 0 {
		t.Fatalf("%s has no rows", table)
	}
	x := explained(t, a, names[0])
	return &x
}

// TestServiceInForceFromItsDate tries to accept the service agreement in the
// last second before it takes effect and in the first in which it is in force.
func TestServiceInForceFromItsDate(t *testing.T) {
	ctx := context.Background()
	a := open(t, filepath.Join(t.TempDir(), "test.db"))
	must(t, a.Init(ctx, true, instant("2020-09-23T23:59:59+08:00")))
	_, err := a.Publish(ctx, provider.Sample)
	must(t, err)
	n := app.NewAccount{ID: "c", Name: "C", Accepts: []string{service}}
	early := a.CreateAccount(ctx, n, "test")
	before, err := a.Document(ctx, service, "")
	must(t, err)
	clausetest.Refrains(t, "S 0.1", refusal.CodeOf(early) == refusal.NotFound && !before.InForce)

	advance(t, a, "2020-09-24T00:00:00+08:00")
	must(t, a.CreateAccount(ctx, n, "test"))
	after, err := a.Document(ctx, service, "")
	must(t, err)
	clausetest.Executes(t, "S 0.1", after.InForce && after.Effective == "2020-09-24T00:00:00+08:00")
}

// TestServiceHeadingsDoNotInterpret publishes, one day ahead, a version that
// changes nothing but headings, and one that changes a text as well.
func TestServiceHeadingsDoNotInterpret(t *testing.T) {
	ctx := context.Background()
	a := customer(t, withDocuments(t, nil), service)
	heading := []string{"title: Late payment", "title: Arrears", "title: Service agreement", "title: Agreement on services"}
	text := append(slices.Clone(heading), "at all hours of every day (7x24)", "on working days")

	_, err := a.Publish(ctx, withDocuments(t, nextService(t, "2026-01-01", "2026-01-02", text...)))
	clausetest.Refrains(t, "S 0.2", refusal.CodeOf(err) == refusal.NoticeTooShort)
	plan, err := a.Publish(ctx, withDocuments(t, nextService(t, "2026-01-01", "2026-01-02", heading...)))
	must(t, err)
	changes := plan.Documents[0].Changes
	inoperative := len(changes) == 2 && !changes[0].Operative && !changes[1].Operative
	clausetest.Executes(t, "S 0.2", inoperative)
}

// TestServiceIsAcceptedByAnAct: a click forms the agreement at its instant.
// Using a service accepts the agreement that says so, and not this one.
func TestServiceIsAcceptedByAnAct(t *testing.T) {
	ctx := context.Background()
	a, db := subscriber(t, withDocuments(t, nil))
	advance(t, a, "2026-01-01T12:00:00+08:00")
	must(t, clicks(ctx, a, "c", []string{service}, "the owner"))
	noon := instant("2026-01-01T12:00:00+08:00")
	_, err := a.Resolve(ctx, app.Question{Key: serviceRateKey, Account: "c", Product: "compute-payg", At: noon - 1})
	if refusal.CodeOf(err) != refusal.NotAccepted {
		t.Errorf("before the click: %v", err)
	}
	if _, err := a.Resolve(ctx, app.Question{Key: serviceRateKey, Account: "c", Product: "compute-payg", At: noon}); err != nil {
		t.Errorf("from the click: %v", err)
	}
	clausetest.Applies(t, firstOf(t, a, db, "acceptances"), "S 0.3")

	view, err := a.Account(ctx, "c")
	must(t, err)
	d, err := a.Document(ctx, service, view.Accepted[0].Version)
	must(t, err)
	party := len(view.Accepted) == 1 && view.Accepted[0].Document == service && view.Accepted[0].Actor == "the owner" &&
		view.Accepted[0].At == "2026-01-01T12:00:00+08:00" && d.Issuer == "aurora"
	clausetest.Executes(t, "S 1", party)

	used, useDB := subscriber(t, withDocuments(t, nil))
	usesThousand(t, used)
	clausetest.DoesNotApply(t, firstOf(t, used, useDB, "acceptances"), "S 0.3")
	view, err = used.Account(ctx, "c")
	must(t, err)
	stranger := !slices.ContainsFunc(view.Accepted, func(v app.AcceptanceView) bool { return v.Document == service })
	clausetest.Refrains(t, "S 1", stranger)

	folder := serviceAlone(t)
	alone := customer(t, folder)
	receipts, err := alone.ReportUsage(ctx, usageOf("r", calendar.HourLength), "test")
	must(t, err)
	if receipts[0].Code != refusal.NotAccepted {
		t.Errorf("use accepts the service agreement: %+v", receipts[0])
	}
}

func TestServiceEmphasisAndSurvivalAreShown(t *testing.T) {
	a := customer(t, withDocuments(t, nil), service)
	d, err := a.Document(context.Background(), service, "")
	must(t, err)
	clause := map[string]app.ClauseView{}
	for _, c := range d.Text {
		clause[c.Label] = c
	}
	for _, label := range []string{"10.5", "10.6", "12.1", "13.1", "13.2"} { // exemption, limit, law, disputes
		clausetest.Executes(t, "S 0.4", clause[label].Emphasis)
	}
	clausetest.Refrains(t, "S 0.4", !clause["3.1"].Emphasis && !clause["3.4"].Emphasis)
	for _, label := range []string{"7.1", "7.2", "8.1", "8.5", "13.1", "13.2"} {
		clausetest.Executes(t, "S 14.6", clause[label].Survives)
	}
	clausetest.Refrains(t, "S 14.6", !clause["3.4"].Survives && !clause["10.6"].Survives)
}

// TestServiceFollowsThePage changes price and mode of charging at noon: the hour
// before costs the old price and is settled by the hour, the hour after costs
// the new one and is settled by the day.
func TestServiceFollowsThePage(t *testing.T) {
	ctx := context.Background()
	page := map[string]string{"products/next.yaml": editedSample(t, "products/compute-payg.yaml",
		`version: "2025-06"`, `version: "2026"`, "announced: 2025-05-01", "announced: 2026-01-01",
		"effective: 2025-06-01", "effective: 2026-01-01T12:00:00+08:00",
		"price.cpu: 0.09 CNY", "price.cpu: 0.18 CNY", "billing.cycle: hour", "billing.cycle: day")}
	a, _ := subscriber(t, withDocuments(t, page), service)
	owed := func() money.Amount {
		r, err := a.ArrearsOf(ctx, "c")
		must(t, err)
		return r.Principal
	}
	advance(t, a, "2026-01-01T11:00:00+08:00")
	clausetest.Refrains(t, "S 4.3", owed() == 0) // nothing was used, nothing is to be paid
	uses(t, a, "r", "2026-01-01T11:00:00+08:00", "2026-01-01T13:00:00+08:00", metering.Measure{Meter: "cpu", Value: 1000})
	advance(t, a, "2026-01-01T23:59:59+08:00")
	clausetest.Executes(t, "S 4.3", owed() == 90_000)
	advance(t, a, "2026-01-02T00:00:00+08:00")
	if got := owed(); got != 270_000 {
		t.Errorf("both hours cost %s", got)
	}
	lines, _, err := a.StatementLines(ctx, "c", month("2026-01"), 0, "", 10)
	must(t, err)
	if len(lines) != 2 {
		t.Fatalf("%+v", lines)
	}
	clausetest.Refrains(t, "S 3.3", lines[0].Amount == 90_000)
	clausetest.Executes(t, "S 3.3", lines[1].Amount == 180_000)
}

// TestServiceLateFee leaves 1,000.00 unpaid for twenty days: 10.00. Special
// terms with another rate go before, and then the clause does not apply.
func TestServiceLateFee(t *testing.T) {
	a, db := subscriber(t, notByUse(t, withDocuments(t, nil), computeTerms), service)
	usesThousand(t, a)
	advance(t, a, "2026-01-22T00:00:00+08:00") // the nights of 2 to 21 January
	s := januaryOf(t, a)
	if s.OutstandingPrincipal != thousand || s.LateFees != 10_000_000 {
		t.Errorf("%s overdue cost %s", s.OutstandingPrincipal, s.LateFees)
	}
	clausetest.Applies(t, firstOf(t, a, db, "late_fees"), "S 3.4")
	withheld := 0
	for _, name := range namesIn(t, db, "transitions", app.TransitionRow) {
		x := explained(t, a, name)
		if x.Cites("P", "3.2") || x.Cites("P", "3.3") { // suspended, released
			withheld++
			clausetest.Applies(t, &x, "S 3.4")
		}
	}
	if withheld != 2 {
		t.Errorf("the service was withheld %d times", withheld)
	}

	rate := small("special", "X", "special", "acceptance", serviceRateKey+": 0.2%/day")
	other, otherDB := subscriber(t, withDocuments(t, map[string]string{"agreements/x.yaml": rate}), service, "special")
	usesThousand(t, other)
	advance(t, other, "2026-01-22T00:00:00+08:00")
	if got := januaryOf(t, other).LateFees; got != 40_000_000 {
		t.Errorf("twenty days at 0.2%% cost %s", got)
	}
	clausetest.DoesNotApply(t, firstOf(t, other, otherDB, "late_fees"), "S 3.4")
}

// TestServiceOpensWithoutArrears: a released service is opened anew only when
// nothing overdue stands against it.
func TestServiceOpensWithoutArrears(t *testing.T) {
	ctx := context.Background()
	again := func(a *app.App) []app.RefusedTotal {
		uses(t, a, "new", "2026-01-20T00:00:00+08:00", "2026-01-20T02:00:00+08:00", metering.Measure{Meter: "cpu", Value: 1000})
		advance(t, a, "2026-01-21T00:00:00+08:00")
		return januaryOf(t, a).Refused
	}
	a, db := subscriber(t, withDocuments(t, nil), service)
	usesThousand(t, a)
	refused := again(a)
	if len(refused) != 1 || refused[0].Code != refusal.PayablesUnsettled {
		t.Fatalf("%+v", refused)
	}
	clausetest.Applies(t, firstOf(t, a, db, "refused_usage"), "S 9.2")

	// The service agreement names no way of topping up; here its annex does.
	ways := strings.Replace(small("ways", "W", "annex", "acceptance", "topup.methods: [bank_remittance]"), "binds: { products: [compute-payg] }\n", "", 1)
	paid, _ := subscriber(t, withDocuments(t, map[string]string{"agreements/w.yaml": ways}), service, "ways")
	_, err := paid.TopUp(ctx, "c", account.TopUp{Amount: 2 * thousand, Method: "bank_remittance", Reference: "first"}, "first", "test", false)
	must(t, err)
	usesThousand(t, paid)
	clausetest.Refrains(t, "S 9.2", len(again(paid)) == 0)
}

// TestPrecedenceOfTheServiceAgreement: pages go before special terms and
// annexes, which stand on one level, and these before the general terms.
func TestPrecedenceOfTheServiceAgreement(t *testing.T) {
	special := small("special", "X", "special", "acceptance", serviceRateKey+": 0.2%/day")
	annex := small("annex", "A", "annex", "acceptance", serviceRateKey+": 0.3%/day")
	page := small("page", "Y", "page", "publication", serviceRateKey+": 0.4%/day")
	order := small("order", "O", "order", "acceptance", serviceRateKey+": 0.5%/day")
	stamped := small("contract", "Z", "stamped", "acceptance", serviceRateKey+": 0.1%/day")
	files := func(texts ...string) map[string]string {
		added := map[string]string{}
		for i, text := range texts {
			added[fmt.Sprintf("agreements/x%d.yaml", i)] = text
		}
		return added
	}
	for _, tt := range []struct {
		name    string
		added   []string
		accepts []string
		want    string // the value, or the code of a refusal
	}{
		{"special before general", []string{special}, []string{service, "special"}, "0.2%/day"},
		{"annex before general", []string{annex}, []string{service, "annex"}, "0.3%/day"},
		{"page before special", []string{special, page}, []string{service, "special"}, "0.4%/day"},
		{"page before annex", []string{annex, page}, []string{service, "annex"}, "0.4%/day"},
		{"order page before special", []string{special, order}, []string{service, "special", "order"}, "0.5%/day"},
		{"special and annex on one level", []string{special, annex}, []string{service, "special", "annex"}, string(refusal.TermConflict)},
		{"silent on stamped paper", []string{stamped}, []string{service, "contract"}, string(refusal.TermConflict)},
		{"stamped paper under the other general agreement", []string{stamped}, []string{theGeneral, "contract"}, "0.1%/day"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := customer(t, withDocuments(t, files(tt.added...)), tt.accepts...)
			r, err := a.Resolve(context.Background(), app.Question{Key: serviceRateKey, Account: "c", Product: "compute-payg"})
			got := r.Value
			if err != nil {
				got = string(refusal.CodeOf(err))
			}
			if got != tt.want {
				t.Errorf("%s, want %s (%v)", got, tt.want, err)
			}
			if err == nil && !slices.Contains(tt.accepts, theGeneral) {
				clausetest.Executes(t, "S 14.1", decides(r, "S 14.1"))
			}
		})
	}
	plain := resolve(t, customer(t, withDocuments(t, nil), service), serviceRateKey)
	clausetest.Refrains(t, "S 14.1", plain.Value == "0.05%/day" && len(plain.Considered) == 1 && !decides(plain, "S 14.1"))
}

// TestThirtyDaysBeforeAServiceChange publishes a new rate on 1 January, to take
// effect after 29 and after 30 natural days. Who goes on using accepts it.
func TestThirtyDaysBeforeAServiceChange(t *testing.T) {
	ctx := context.Background()
	a := customer(t, withDocuments(t, nil), service)
	_, err := a.Publish(ctx, withDocuments(t, nextService(t, "2026-01-01", "2026-01-30", higherRate...)))
	refused := refusal.CodeOf(err) == refusal.NoticeTooShort && strings.Contains(err.Error(), "S 14.2")
	clausetest.Executes(t, "S 14.2", refused)
	if !refused {
		t.Errorf("29 days: %v", err)
	}
	plan, err := a.Publish(ctx, withDocuments(t, nextService(t, "2026-01-01", "2026-01-31", higherRate...)))
	must(t, err)
	planned := plan.Documents[0]
	clausetest.Refrains(t, "S 14.2", planned.Refused == "" && planned.NoticesOwed == 1 && planned.NoticeBy == "2026-01-01")

	advance(t, a, "2026-01-30T23:59:59+08:00")
	if r := resolve(t, a, serviceRateKey); r.Value != "0.05%/day" {
		t.Errorf("before the change the rate is %s", r.Value)
	}
	advance(t, a, "2026-01-31T00:00:00+08:00")
	if r := resolve(t, a, serviceRateKey); r.Value != "0.06%/day" || r.Clause.Citation.Version != "2026" {
		t.Errorf("after the change the rate is %s", r.Value)
	}
}

// TestTwoGeneralAgreements accepts one general agreement in January and the other
// on 1 March, under rates that differ since February: January's bill is resolved
// under the one, April's under the other, and nothing is ever in conflict. Whoever
// goes back to the first, by accepting it again, is under the first again.
func TestTwoGeneralAgreements(t *testing.T) {
	ctx := context.Background()
	dearer := nextService(t, "2026-01-01", "2026-02-01", higherRate...) // 0.06% a day
	a, db := subscriber(t, withDocuments(t, dearer), theGeneral)
	usesThousand(t, a)
	advance(t, a, "2026-01-22T00:00:00+08:00")
	if got := januaryOf(t, a).LateFees; got != 10_000_000 {
		t.Errorf("twenty days at 0.05%% cost %s", got)
	}
	january := firstOf(t, a, db, "late_fees")
	if !january.Cites("G", "2.3") || january.Cites("S", "3.4") {
		t.Errorf("January's fee rests on %+v", january.Clauses)
	}
	advance(t, a, "2026-03-01T00:00:00+08:00")
	must(t, clicks(ctx, a, "c", []string{service}, "test"))
	advance(t, a, "2026-04-02T00:00:00+08:00")
	for at, want := range map[string]string{
		"2026-01-31T00:00:00+08:00": "0.05%/day by G 2.3 (general-agreement 2025-06)",
		"2026-02-28T23:59:59+08:00": "0.05%/day by G 2.3 (general-agreement 2025-06)",
		"2026-03-01T00:00:00+08:00": "0.06%/day by S 3.4 (service-agreement 2026)",
		"2026-04-01T00:00:00+08:00": "0.06%/day by S 3.4 (service-agreement 2026)",
	} {
		r, err := a.Resolve(ctx, app.Question{Key: serviceRateKey, Account: "c", Product: "compute-payg", At: instant(at)})
		must(t, err)
		if got := r.Value + " by " + r.Clause.Cite; got != want || len(r.Considered) != 1 {
			t.Errorf("at %s: %s of %+v, want %s", at, got, r.Considered, want)
		}
	}
	fees := namesIn(t, db, "late_fees", storedKinds["late_fees"])
	april := explained(t, a, fees[len(fees)-1])
	if !april.Cites("S", "3.4") || april.Cites("G", "2.3") {
		t.Errorf("April's fee rests on %+v", april.Clauses)
	}

	must(t, clicks(ctx, a, "c", []string{theGeneral}, "test"))
	if r := resolve(t, a, serviceRateKey); r.Value != "0.05%/day" {
		t.Errorf("accepted again, the first agreement gives way: %s by %s", r.Value, r.Clause.Cite)
	}
	v, err := a.Account(ctx, "c")
	must(t, err)
	if n := len(slices.DeleteFunc(v.Accepted, func(v app.AcceptanceView) bool { return v.Form != "click" })); n != 3 {
		t.Errorf("%d clicks are recorded, want 3", n)
	}
}

// TestTwoGeneralAgreementsAtOnce: whoever accepts both in one act has not said
// which of them is to bind.
func TestTwoGeneralAgreementsAtOnce(t *testing.T) {
	a := customer(t, withDocuments(t, nil))
	err := clicks(context.Background(), a, "c", []string{service, theGeneral}, "test")
	if refusal.CodeOf(err) != refusal.BadInput || !strings.Contains(err.Error(), service) || !strings.Contains(err.Error(), theGeneral) {
		t.Errorf("both at once: %v", err)
	}
	must(t, clicks(context.Background(), a, "c", []string{service}, "test"))
	if err := clicks(context.Background(), a, "c", []string{theGeneral}, "test"); refusal.CodeOf(err) != refusal.BadInput {
		t.Errorf("the other one at the same instant: %v", err)
	}
}

// TestTheDesignerBindsTheLatestTerms: a product with terms of its own is bound by
// the latest version of them, one without by the general terms.
func TestTheDesignerBindsTheLatestTerms(t *testing.T) {
	ctx := context.Background()
	first := small("special", "X", "special", "acceptance", serviceRateKey+": 0.2%/day")
	second := strings.NewReplacer(`version: "1"`, `version: "2"`, "announced: 2025-05-01", "announced: 2026-01-01",
		"effective: 2025-06-01", "effective: 2026-01-02", "0.2%/day", "0.3%/day").Replace(first)
	folder := withDocuments(t, map[string]string{
		"agreements/x.yaml": first, "agreements/x2.yaml": second,
	})
	a := customer(t, folder, service, "architecture-designer-terms", "special")
	bound := func(product string) string {
		r, err := a.Resolve(ctx, app.Question{Key: serviceRateKey, Account: "c", Product: product})
		must(t, err)
		var ids []string
		for _, d := range r.Documents {
			if d.Document != "billing-rules" && !strings.HasPrefix(d.Document, "page-") {
				ids = append(ids, d.Document+" "+d.Version)
			}
		}
		return r.Value + " " + strings.Join(ids, ", ")
	}
	// Without terms of its own the general terms govern; with them they do not.
	clausetest.Executes(t, "S-CADT-1b", bound("marketplace") == "0.05%/day service-agreement 2020-09-24")
	clausetest.Refrains(t, "S-CADT-1b", bound("compute-payg") == "0.2%/day service-agreement 2020-09-24, special 1")
	advance(t, a, "2026-01-02T00:00:00+08:00")
	clausetest.Executes(t, "S-CADT-1b", bound("compute-payg") == "0.3%/day service-agreement 2020-09-24, special 2")
	// The special part itself binds the designer and nothing else.
	designer := "0.05%/day architecture-designer-terms 2020-09-24, service-agreement 2020-09-24"
	clausetest.Executes(t, "PA 1", bound("architecture-designer") == designer)
	clausetest.Refrains(t, "PA 1", !strings.Contains(bound("marketplace"), "architecture-designer-terms"))
}

// serviceAlone is a folder in which the service agreement is the only agreement, and
// no firewall is sold.
func serviceAlone(t *testing.T) fstest.MapFS {
	t.Helper()
	folder := withOnly(t, serviceFile, "agreements/billing-rules.yaml", "products/compute-payg.yaml", "products/enterprise-network.yaml", "products/licence-hazelworks.yaml")
	folder[serviceFile] = &fstest.MapFile{Data: []byte(editedSample(t, serviceFile, "  except_products: [cloud-firewall]", "  products: []"))}
	return folder
}
